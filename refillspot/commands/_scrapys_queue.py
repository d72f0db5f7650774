"""Scrapy's own commands that ask for a page or two, of any host.  No command here: Scrapy would list it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from scrapy.settings import Settings

IN_MEMORY: dict[str, Any] = {
    "SCHEDULER": "scrapy.core.scheduler.Scheduler",
    "DUPEFILTER_CLASS": "scrapy.dupefilters.RFPDupeFilter",
    "ITEM_PIPELINES": {},
}


class OnScrapysQueue:
    """With Scrapy's queue, no pipeline and no record of a crawl: that of this project takes requests to the site alone.

    They ask politely all the same: robots.txt, budget and page cache hold. What a spider or `-s` says goes before.
    """

    settings: Settings

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)  # type: ignore[misc]  # that of Scrapy's command
        for name, value in IN_MEMORY.items():
            self.settings.set(name, value, priority="project")
