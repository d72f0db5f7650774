from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import Spider
from scrapy.commands.parse import Command as ParseCommand
from scrapy.exceptions import UsageError

from refillspot.language import did_you_mean
from refillspot.language import gettext as _
from refillspot.scrapys_own import ANYWHERE, LooksAtPage

if TYPE_CHECKING:
    import argparse


class Command(LooksAtPage, ParseCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy parse`: Scrapy's own, with Scrapy's own queue, and with the spider that there is if none is named."""

    def set_spidercls(self, url: str, opts: argparse.Namespace) -> None:
        spiders = self.crawler_process.spider_loader.list()
        if not opts.spider and len(spiders) == 1:
            opts.spider = spiders[0]
        opts.spargs = ANYWHERE | opts.spargs
        super().set_spidercls(url, opts)
        if not self.spidercls:
            self.exitcode = 1
        elif not opts.rules:
            check_callback(self.spidercls, opts.callback or "parse")

    def start_parsing(self, url: str, opts: argparse.Namespace) -> None:
        super().start_parsing(url, opts)
        if not self.first_response:
            self.exitcode = 1


def check_callback(spider: type[Spider], name: str) -> None:
    """Make sure that the spider has a callback of this name.

    Raises:
        UsageError: it has none; Scrapy's own is one only to say so.
    """
    if getattr(spider, name, Spider.parse) is Spider.parse:
        known = sorted(member for member in dir(spider) if member.startswith("parse_"))
        told = _("{spider} has no callback {name}: name one with -c, of {known}.")
        message = told.format(spider=spider.name, name=name, known=", ".join(known))
        raise UsageError(message + did_you_mean(name, known), print_help=False)
