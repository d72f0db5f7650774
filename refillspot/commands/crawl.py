from __future__ import annotations

import logging
import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.commands.crawl import Command as CrawlCommand
from scrapy.exceptions import UsageError
from scrapy.signals import spider_opened

from refillspot.command import BaseCommand, add_crawl_help, check_spider
from refillspot.exceptions import ArgumentError, ConfigurationError
from refillspot.interruption import ENDS_WITH_PARENT, end_at_once, end_with_parent
from refillspot.language import gettext as _
from refillspot.readable import say

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from scrapy.crawler import Crawler

EXAMPLES = (
    "scrapy crawl diningcode -a district=강남구 -a limit=20",
    "scrapy crawl diningcode -a district=강남구,서초구",
    "scrapy crawl diningcode -a region=부산 -a district=all",
)


class Command(BaseCommand, CrawlCommand):
    """`scrapy crawl diningcode -a district=강남구`: Scrapy's own command, with an exit code that can be relied on.

    0 complete; 1 could not run; 2 wrong usage; 3 ended, but something is missing; 4 held, or a crawl of the same
    district is; 130 interrupted, resumable.
    """

    requires_crawler_process = True
    default_settings: ClassVar[dict[str, Any]] = {}
    has_json = False
    wrong_usage = ArgumentError
    _log: Path | None = None
    """Where all is logged, if nobody has said how to."""

    def short_desc(self) -> str:
        return _("Crawl with one worker; those with equal arguments share a queue")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_crawl_help(parser, EXAMPLES)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.crawl_log import choose_log_file
        from refillspot.services import read_environment

        super().process_options(args, opts)
        try:
            home = read_environment().home
        except ConfigurationError:  # told when the crawl is about to begin
            return
        self._log = choose_log_file(self.settings, home, datetime.now().astimezone(), os.getpid())

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.configuration import remarks
        from refillspot.crawl_log import BriefConsole
        from refillspot.engine import create_crawler
        from refillspot.exit_status import crawl_exit_status
        from refillspot.listing.asking import see_them
        from refillspot.services import read_environment

        assert self.crawler_process  # noqa: S101  # Scrapy made it
        if len(args) != 1:
            raise UsageError(_("name a spider: scrapy crawl diningcode -a district=강남구"), print_help=False)
        check_spider(args[0], self.crawler_process.spider_loader.list())
        if self._log:
            logging.root.addHandler(BriefConsole())
        if ENDS_WITH_PARENT in os.environ:
            end_with_parent()
        crawler = create_crawler(self, args[0])
        crawler.signals.connect(self._tell_log, spider_opened)
        for sentence in remarks(crawler.settings, read_environment()):
            say(sentence, file=sys.stderr)
        crawl = self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        if not crawl.done():  # type: ignore[attr-defined]  # a task: the asyncio reactor is a setting of this project
            end_at_once(_("Interrupted at once; nothing is lost. The same command continues."))
        crawl.result()  # type: ignore[attr-defined]
        status = crawl_exit_status(crawler.stats.get_stats(), self._departures(crawler))
        self.exitcode = status.exit_code
        say(status.sentence + see_them(status, args[0], opts.spargs), file=sys.stderr)

    def _departures(self, crawler: Crawler) -> list[dict[str, Any]]:
        """Return what the crawl is held for; nothing where it is not, or PostgreSQL is away."""
        from refillspot.postgres.crawls import look_at_crawl

        stats, database_url = crawler.stats, crawler.settings.get("DATABASE_URL")
        if not (stats.get_value("crawl/held") and database_url):
            return []
        crawl = look_at_crawl(database_url, stats.get_value("crawl/id"))
        return (crawl and crawl.departures) or []

    def _tell_log(self) -> None:
        """Say where the log is, of a crawl that has one: arguments and servers have been looked at."""
        if self._log:
            say(_("log: {path}").format(path=self._log), file=sys.stderr)
