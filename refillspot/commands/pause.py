from __future__ import annotations

import json
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
    """`scrapy pause [ID]`: all workers of a crawl finish what is under way, and wait for `scrapy resume`."""

    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}
    paused: ClassVar[bool] = True

    def told(self) -> str:
        return _("Crawl {id} pauses within two seconds. Go on with: scrapy resume {id}")

    def syntax(self) -> str:
        return "[options] [ID]"

    def short_desc(self) -> str:
        return _("Let all workers of a crawl pause")

    def long_desc(self) -> str:
        return _("Without ID: of the only crawl that goes on (see scrapy crawls list).")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help=_("print JSON"))

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.operations.crawls import set_paused

        assert self.settings  # noqa: S101  # Scrapy made them
        if len(args) > 1 or any(arg.startswith("-") for arg in args):
            raise UsageError(_("say at most one crawl, by its id: see scrapy crawls list"), print_help=False)
        with told_on_stderr(self):
            key_prefix = str(self.settings["REDIS_KEY_PREFIX"])
            services = servers(self.settings, "postgres", "redis")
            crawl = set_paused(services, key_prefix, args[0] if args else None, paused=self.paused)
            self.follow_up()
            told = self.told().format(id=crawl.id)
            say(json.dumps({"crawl": crawl.id, "paused": self.paused}) if opts.json else told)

    def follow_up(self) -> None:
        """Do what else there is to do."""
