from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from refillspot.commands._errors import told_on_stderr
from refillspot.commands._servers import servers
from refillspot.language import gettext as _
from refillspot.readable import say

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCommand):
    """`scrapy top [CRAWL]`: how a crawl goes, each second anew: pace, budget, queue, cache, database, workers."""

    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "[options] [CRAWL]"

    def short_desc(self) -> str:
        return _("Watch a crawl")

    def long_desc(self) -> str:
        return _(
            "Without CRAWL: the newest that workers are at work on, else the newest (see scrapy crawls list). On a "
            "terminal it is looked at each second, until Ctrl-C or the end of the crawl; into a pipe goes one look. "
            "Works for a fleet and for workers started by hand."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--once", action="store_true", help=_("look once"))
        parser.add_argument("--json", action="store_true", help=_("print JSON, once"))

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        import msgspec

        from refillspot.monitoring.figures import FiguresOfCrawl
        from refillspot.monitoring.snapshot import CrawlReader, choose_crawl
        from refillspot.monitoring.top import watch
        from refillspot.monitoring.top_view import TopView
        from refillspot.terminal import Terminal

        assert self.settings  # noqa: S101  # Scrapy made them
        if len(args) > 1 or any(arg.startswith("-") for arg in args):
            raise UsageError(_("say at most one crawl, by its id: see scrapy crawls list"), print_help=False)
        console, figures_of = Terminal(), FiguresOfCrawl()
        with told_on_stderr(self):
            services = servers(self.settings, "postgres", "redis")
            crawl = choose_crawl(services, str(self.settings["REDIS_KEY_PREFIX"]), args[0] if args else None)
            with CrawlReader(services, self.settings, crawl) as reader:
                if opts.json:
                    say(msgspec.json.encode(figures_of.take(reader.read())).decode())
                elif opts.once or not console.is_terminal:
                    console.print(TopView(figures_of.take(reader.read())))
                else:
                    watch(reader, figures_of, console)
