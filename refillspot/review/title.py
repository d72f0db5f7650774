"""What a review says of a crawl before anything else. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from refillspot.clock import write_kst
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.review.units import write_seconds

if TYPE_CHECKING:
    from refillspot.stats.crawl_stats import CrawlStats

LONGEST = 30  # cells of a terminal for the arguments; whole ones: scrapy crawls show


def write_title(facts: CrawlStats) -> str:
    """Return "Crawl 20261125-224113-69e2: 금천구, limit=5"."""
    arguments = dict(facts.arguments)
    district = arguments.pop("district", "")
    told = ", ".join([district, *(f"{name}={value}" for name, value in arguments.items())])
    short = told if cell_len(told) <= LONGEST else set_cell_size(told, LONGEST - 1).rstrip() + "…"
    name = _("Crawl {crawl}").format(crawl=facts.id) if facts.id else _("A crawl of log files")
    return f"{name}: {short}" if short else name


def write_state(facts: CrawlStats) -> str:
    """Return "complete, 2026-11-26 07:41 KST, 0:05 at work, 1 worker"."""
    count = len(facts.workers)
    parts = [
        STATES[facts.state](),
        f"{write_kst(facts.started_at)} KST" if facts.started_at else "",
        _("{time} at work").format(time=write_seconds(facts.seconds)) if facts.seconds else "",
        ngettext("{count} worker", "{count} workers", count).format(count=count) if count else "",
    ]
    return ", ".join(part for part in parts if part)


STATES = {
    "complete": lambda: _("complete"),
    "running": lambda: _("not complete yet"),
    "interrupted": lambda: _("interrupted"),
    "abandoned": lambda: _("given up"),
    "stopped": lambda: _("stopped before the end"),
    "unknown": lambda: _("it is not known how it ended"),
}
