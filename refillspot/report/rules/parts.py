"""Findings about parts of answers that were not as known, and in which share of them. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from refillspot.language import gettext
from refillspot.language import lazy_gettext as _
from refillspot.language import lazy_ngettext as ngettext
from refillspot.report.findings import Rule, Severity
from refillspot.retelling import retell

if TYPE_CHECKING:
    from refillspot.report.findings import Case
    from refillspot.stats.crawl import CrawlStats

ODD, ABSENT = "oddities/", "absent/"
FEWEST = 20  # answers from which a share says anything
SECTION = "poi_section"  # of a list; it may be missing where nothing is found, and only there
MOST = 0.5  # of the answers; beyond that it is the site, and no slip


class OddPart(NamedTuple):
    path: str
    came: tuple[str, ...]
    """Types of JSON, the most frequent first."""
    due: str
    answers: int
    of: int
    """Rows, lists or store pages that were read."""

    @property
    def is_usual(self) -> bool:
        return self.of >= FEWEST and self.answers > MOST * self.of

    def __str__(self) -> str:
        words = gettext("{path}: {came} where {due} was due, {answers:,} of {of:,}")
        came, due = ", ".join(map(retell, self.came)), retell(self.due)
        return words.format(**self._asdict() | {"came": came, "due": due})


def odd_parts(crawl: CrawlStats) -> list[OddPart]:
    """Return the odd parts of a crawl, the most frequent first."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for name in crawl.stats:
        if name.startswith(ODD):
            path, came, due = name.removeprefix(ODD).split("/")
            counts.setdefault((path, due), Counter())[came] += round(crawl.number(name) or 0)
    parts = [
        OddPart(path, tuple(came for came, _count in kinds.most_common()), due, kinds.total(), _answers(crawl, path))
        for (path, due), kinds in counts.items()
    ]
    return sorted(parts, key=lambda part: (-part.answers, part.path))


def absent_parts(crawl: CrawlStats) -> list[str]:
    """Return the parts that none of many answers had."""
    return sorted(
        path
        for name in crawl.stats
        if name.startswith(ABSENT)
        for path in [name.removeprefix(ABSENT)]
        if (1 if path == SECTION else FEWEST) <= _answers(crawl, path) <= (crawl.number(name) or 0)
    )


def _answers(crawl: CrawlStats, path: str) -> int:
    if path.startswith("list[]"):
        return round(crawl.number("reading/rows") or 0)
    if path.startswith(SECTION):
        return round(crawl.number("reading/lists") or 0)
    return round(crawl.number("reading/store_pages") or 0)


def _changed(case: Case) -> int:
    return sum(part.answers for part in odd_parts(case.crawl)) if _is_changed(case) else 0


def _slipped(case: Case) -> int:
    return 0 if _is_changed(case) else sum(part.answers for part in odd_parts(case.crawl))


def _is_changed(case: Case) -> bool:
    return any(part.is_usual for part in odd_parts(case.crawl))


PART_RULES = (
    Rule(
        "changed_parts",
        Severity.WARNING,
        _changed,
        _("Most answers have unexpected parts: {odd_parts}."),
        cause=_("The site has changed these parts. Their content is left out of the stores; everything else is there."),
        remedy=_(
            "docs/site-changed.md: scrapy doctor --shapes FILE writes what the site sends; after an update "
            "scrapy db reparse --all rereads the kept pages, without asking the site."
        ),
    ),
    Rule(
        "odd_parts",
        Severity.NOTE,
        _slipped,
        ngettext(
            "{count} part of an answer was unexpected: {odd_parts}.",
            "{count} parts of answers were unexpected: {odd_parts}.",
        ),
        cause=_(
            "The site has a glitch now and then. The content of such a part is left out of its store; "
            "everything else is there."
        ),
        remedy=_("Nothing. If there are more of them each time, see docs/site-changed.md."),
    ),
    Rule(
        "absent_parts",
        Severity.WARNING,
        lambda case: len(absent_parts(case.crawl)),
        ngettext(
            "{count} part was in none of the answers: {absent_parts}.",
            "{count} parts were in none of the answers: {absent_parts}.",
        ),
        cause=_(
            "Some stores usually have it, and every list with a row has a poi_section: the site has renamed it, "
            "or removed it."
        ),
        remedy=_("scrapy doctor --shapes FILE shows what is there instead: docs/site-changed.md"),
    ),
)
