from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.commands.bench import Command as BenchCommand

if TYPE_CHECKING:
    import argparse

SCRAPYS_OWN = {
    "SCHEDULER": "scrapy.core.scheduler.Scheduler",
    "DUPEFILTER_CLASS": "scrapy.dupefilters.RFPDupeFilter",
}


class Command(BenchCommand):
    """`scrapy bench`: Scrapy's own, with Scrapy's own queue. That of this project takes requests to the site alone."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings  # noqa: S101  # Scrapy made them
        for name, value in SCRAPYS_OWN.items():
            self.settings.set(name, value, priority="cmdline")
