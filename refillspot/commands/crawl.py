from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scrapy.commands.crawl import Command as CrawlCommand
from scrapy.exceptions import UsageError

from refillspot.language import gettext as _
from refillspot.readable import indented, say

if TYPE_CHECKING:
    import argparse


class Command(CrawlCommand):
    """`scrapy crawl diningcode -a district=강남구`: Scrapy's own command, with an exit code that can be relied on.

    0 complete; 1 could not run; 2 wrong usage; 3 ended, but something is missing; 130 interrupted, resumable.
    """

    def short_desc(self) -> str:
        return _("Crawl with one worker; those with equal arguments share a queue")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.engine import create_crawler
        from refillspot.exceptions import ArgumentError, RefillspotError
        from refillspot.exit_status import crawl_outcome
        from refillspot.redaction import scrub

        assert self.crawler_process  # noqa: S101  # Scrapy made it
        if options := [arg for arg in args if arg.startswith("-")]:
            raise UsageError(
                _("unknown option {options}: see scrapy crawl -h").format(options=" ".join(options)), print_help=False
            )
        if len(args) != 1 or args[0] not in self.crawler_process.spider_loader.list():
            raise UsageError(_("say which spider: scrapy crawl diningcode -a district=강남구"), print_help=False)
        try:
            crawler = create_crawler(self, args[0])
            crawl = self.crawler_process.crawl(crawler, **opts.spargs)
            self.crawler_process.start()
            crawl.result()  # type: ignore[attr-defined]  # a task: the asyncio reactor is a setting of this project
        except RefillspotError as error:
            say(_("Error: {error}").format(error=indented(scrub(str(error)))), file=sys.stderr)
            self.exitcode = 2 if isinstance(error, ArgumentError) else 1
            return
        outcome = crawl_outcome(crawler.stats.get_stats())
        say(outcome.sentence, file=sys.stderr)
        self.exitcode = outcome.exit_code
