from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand
from refillspot.language import gettext as _
from refillspot.readable import say, say_json

if TYPE_CHECKING:
    import argparse


class Command(BaseCommand):
    """`scrapy pause [ID]`: all workers of a crawl finish what is under way, and wait for `scrapy resume`."""

    paused: ClassVar[bool] = True

    def told(self, workers: int) -> str:
        if not workers:
            return _("Crawl {id} is paused; no worker is at work on it. Resume with: scrapy resume {id}")
        return _("Crawl {id} pauses within two seconds. Resume with: scrapy resume {id}")

    def syntax(self) -> str:
        return "[options] [ID]"

    def short_desc(self) -> str:
        return _("Pause all workers of a crawl")

    def long_desc(self) -> str:
        return _(
            "Without ID: the crawl that has workers, else the only one that is not complete (see scrapy crawls list). "
            "ID may be the beginning of one."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.operations.crawls import Crawls

        named = only_id(args)
        crawls = Crawls(self.servers("postgres", "redis"), self.key_prefix, self.clock)
        one = crawls.set_paused(named, paused=self.paused)
        self.follow_up()
        if opts.json:
            say_json({"crawl": one.crawl.id, "paused": self.paused})
        else:
            say(self.told(one.progress.workers).format(id=one.crawl.id))

    def follow_up(self) -> None:
        """Do what else there is to do."""


def only_id(args: list[str]) -> str | None:
    """Return the crawl that is named, None where none is; raises UsageError."""
    if len(args) > 1:
        raise UsageError(_("name at most one crawl, by its id: see scrapy crawls list"), print_help=False)
    return args[0] if args else None
