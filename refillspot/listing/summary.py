"""What some time has brought, in counts and a few sentences: for whoever is told of it without having asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from refillspot.clock import write_kst
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.listing.news import NOT_KNOWN, TOTALS
from refillspot.postgres.outward import StoreFilter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from refillspot.listing.news import News
    from refillspot.postgres.changes import ChangeFilter
    from refillspot.postgres.outward import StoreSnapshot

START = datetime.min.replace(tzinfo=UTC)
NAMED = ("new", "gone")
"""Of these the stores are named."""
MOST_NAMED = 10  # of each: a message is no list


@dataclass(slots=True, frozen=True)
class Summary:
    since: datetime
    news: list[News]
    crawls: int
    """Complete and accepted ones that have ended since then: without one, no change says nothing."""
    to_judge: int
    """Stores that are only likely, by now."""

    @classmethod
    def of(cls, stores: StoreSnapshot, wanted: ChangeFilter, news: list[News]) -> Self:
        """Sum up the news that were found of what is meant."""
        since = wanted.since or START
        meant = StoreFilter(site=wanted.site, region=wanted.region, districts=wanted.districts)
        return cls(since, news, stores.ended_crawls(since, wanted.site), stores.counts(meant).get("likely", 0))

    def facts(self) -> dict[str, Any]:
        """Return it for programs: how many changes of each sort, and `sentence`, which is all of it for a person."""
        kinds = Counter(one.kind for one in self.news)
        counts = {name: sum(kinds[kind] for kind in total.kinds) for name, total in TOTALS.items()}
        ends = {"crawls": self.crawls, "to_judge": self.to_judge, "sentence": "\n".join(self._lines(counts))}
        return {"since": self.since.isoformat(), "changes": len(self.news), **counts, **ends}

    def _lines(self, counts: dict[str, int]) -> Iterator[str]:
        since = write_kst(self.since)
        if self.news:
            told = ngettext("{count} change since {since} KST", "{count} changes since {since} KST", len(self.news))
            some = ", ".join(f"{TOTALS[name].heading()} {count:,}" for name, count in counts.items() if count)
            yield f"{told.format(count=f'{len(self.news):,}', since=since)}: {some}"
        else:
            yield nothing_since(since)
        for name in NAMED:
            yield from self._names(name)
        if not self.crawls:
            yield _("No crawl has ended since then: `scrapy crawls list` and `scrapy doctor` say why.")
        if self.to_judge:
            told = ngettext(
                "{count} store is only likely to be all-you-can-eat: `scrapy correct --judge` shows it.",
                "{count} stores are only likely to be all-you-can-eat: `scrapy correct --judge` shows them.",
                self.to_judge,
            )
            yield told.format(count=f"{self.to_judge:,}")

    def _names(self, total: str) -> Iterator[str]:
        some = [one for one in self.news if one.kind in TOTALS[total].kinds]
        for one in some[:MOST_NAMED]:
            yield f"• {one.tell()}" if one.district == NOT_KNOWN else f"• {one.tell()} ({one.district})"
        if (more := len(some) - MOST_NAMED) > 0:
            yield _("• and {count} more").format(count=f"{more:,}")


def nothing_since(since: str) -> str:
    return _("Nothing is known to have changed since {since} KST.").format(since=since)
