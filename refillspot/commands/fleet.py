from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand, add_crawl_help, add_spider_arguments, check_spider, parse_spider_arguments
from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _
from refillspot.readable import say

if TYPE_CHECKING:
    import argparse

EXAMPLES = (
    "scrapy fleet diningcode -a district=all",
    "scrapy fleet diningcode -n 2 -a district=강남구,서초구",
    "scrapy fleet diningcode -n auto -a region=부산 -a district=all",
)


class Command(BaseCommand):
    """`scrapy fleet diningcode -n auto -a district=all`: several workers on one crawl, supervised.

    Exit codes as `scrapy crawl`: 0 complete; 1 could not run; 2 wrong usage; 3 complete, but something is missing;
    130 interrupted, resumable.
    """

    default_settings: ClassVar[dict[str, Any]] = {"LOG_LEVEL": "WARNING"}
    has_json = False
    wrong_usage = ArgumentError

    def syntax(self) -> str:
        return "[options] <spider>"

    def short_desc(self) -> str:
        return _("Crawl with several workers on one queue")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_spider_arguments(parser)
        parser.add_argument("-n", dest="workers", default=None, metavar="N",
                            help=_("how many workers, or auto (default: FLEET_WORKERS)"))  # fmt: skip
        parser.add_argument("-o", "-O", dest="feeds", metavar="FILE", action="append", default=[],
                            help=_("refused, for want of one file for all workers: use scrapy export"))  # fmt: skip

        add_crawl_help(parser, EXAMPLES)

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from scrapy.spiderloader import SpiderLoader

        from refillspot.configuration import remarks
        from refillspot.fleet.crawl import FleetCrawl
        from refillspot.redaction import NAMES, hide
        from refillspot.services import read_environment, resolve

        if len(args) != 1:
            raise UsageError(_("name a spider: scrapy fleet diningcode -a district=강남구"), print_help=False)
        check_spider(args[0], SpiderLoader.from_settings(self.settings).list())
        self._refuse_feeds(opts)
        arguments = parse_spider_arguments(opts)
        os.environ.update({name: self.settings[name] for name in NAMES if self.settings.get(name)})
        passed = [option for option in opts.set if option.partition("=")[0] not in NAMES]  # `ps` shows these
        environment = read_environment()
        hide(environment.values)
        for sentence in remarks(self.settings, environment):
            say(sentence, file=sys.stderr)
        services = resolve()
        crawl = FleetCrawl.join(args[0], arguments, self.settings, services)
        self.exitcode = crawl.run(opts.workers or str(self.settings["FLEET_WORKERS"]), passed)

    def _refuse_feeds(self, opts: argparse.Namespace) -> None:
        """Its workers would write over each other, unless the name of a feed says the time or the batch."""
        shared = [str(uri) for uri in self.settings.getdict("FEEDS") if "%(" not in str(uri)]
        if opts.feeds or shared:
            told = _("a fleet's workers cannot write one feed ({feeds}): when they are done, scrapy export -o FILE")
            named = ", ".join([f"-O {file}" for file in opts.feeds] + [f"FEEDS: {uri}" for uri in shared])
            raise UsageError(told.format(feeds=named), print_help=False)
