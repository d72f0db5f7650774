from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.command import BaseCommand
from refillspot.commands.pause import only_id
from refillspot.language import gettext as _
from refillspot.readable import say_json

if TYPE_CHECKING:
    import argparse


class Command(BaseCommand):
    """`scrapy top [CRAWL]`: how a crawl goes, each second anew: pace, budget, queue, cache, database, workers."""

    def syntax(self) -> str:
        return "[options] [CRAWL]"

    def short_desc(self) -> str:
        return _("Watch a crawl")

    def long_desc(self) -> str:
        return _(
            "Without CRAWL: the newest with running workers, else the newest (see scrapy crawls list). On a "
            "terminal it refreshes every second, until Ctrl-C or the end of the crawl; into a pipe it prints "
            "once. Works for a fleet and for workers started by hand."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--once", action="store_true", help=_("print once"))

    def json_help(self) -> str:
        return _("print JSON, once")

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        import msgspec

        from refillspot.monitoring.figures import FiguresOfCrawl
        from refillspot.monitoring.snapshot import CrawlReader
        from refillspot.monitoring.top import TopView, watch
        from refillspot.operations.crawls import Crawls
        from refillspot.terminal import Terminal

        named = only_id(args)
        console, figures_of = Terminal(), FiguresOfCrawl()
        services = self.servers("postgres", "redis")
        crawl = Crawls(services, self.key_prefix, self.clock).to_watch(named)
        with CrawlReader(services, self.settings, crawl) as reader:
            if opts.json:
                say_json(msgspec.to_builtins(figures_of.take(reader.read())))
            elif opts.once or not console.is_terminal:
                console.print(TopView(figures_of.take(reader.read())))
            else:
                watch(reader, figures_of, console)
