from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.commands.crawl import Command as CrawlCommand
from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand, check_spider
from refillspot.exceptions import ArgumentError
from refillspot.interruption import end_at_once
from refillspot.language import gettext as _
from refillspot.readable import say

if TYPE_CHECKING:
    import argparse


class Command(BaseCommand, CrawlCommand):
    """`scrapy crawl diningcode -a district=강남구`: Scrapy's own command, with an exit code that can be relied on.

    0 complete; 1 could not run; 2 wrong usage; 3 ended, but something is missing; 130 interrupted, resumable.
    """

    requires_crawler_process = True
    default_settings: ClassVar[dict[str, Any]] = {}
    has_json = False
    wrong_usage = ArgumentError

    def short_desc(self) -> str:
        return _("Crawl with one worker; those with equal arguments share a queue")

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.engine import create_crawler
        from refillspot.exit_status import crawl_exit_status

        assert self.crawler_process  # noqa: S101  # Scrapy made it
        if len(args) != 1:
            raise UsageError(_("name a spider: scrapy crawl diningcode -a district=강남구"), print_help=False)
        check_spider(args[0], self.crawler_process.spider_loader.list())
        crawler = create_crawler(self, args[0])
        crawl = self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        if not crawl.done():  # type: ignore[attr-defined]  # a task: the asyncio reactor is a setting of this project
            end_at_once(_("Interrupted at once; nothing is lost. The same command continues."))
        crawl.result()  # type: ignore[attr-defined]
        status = crawl_exit_status(crawler.stats.get_stats())
        self.exitcode = status.exit_code
        say(status.sentence, file=sys.stderr)
