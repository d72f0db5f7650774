"""Scrapy's own commands, as its users know them: with Scrapy's queue, no pipeline and no record of a crawl."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from scrapy.exceptions import UsageError
from scrapy.utils.url import guess_scheme
from w3lib.url import file_uri_to_path

from refillspot.command import HouseCommand, check_spider
from refillspot.exceptions import ArgumentError
from refillspot.interruption import end_at_once
from refillspot.language import gettext as _
from refillspot.readable import say

if TYPE_CHECKING:
    import argparse
    import asyncio

    from scrapy.http import Response

IN_MEMORY: dict[str, Any] = {
    "SCHEDULER": "scrapy.core.scheduler.Scheduler",
    "DUPEFILTER_CLASS": "scrapy.dupefilters.RFPDupeFilter",
    "ITEM_PIPELINES": {},
    "HEARTBEAT_SECONDS": 0,  # nobody watches
}
FILES_TOO = "scrapy.core.downloader.handlers.file.FileDownloadHandler"
ANYWHERE = {"district": "all"}
"""A spider wants to know where; whoever looks at one page need not say it."""


class AdjustedCommand(HouseCommand):
    """A command of Scrapy in the language of the user, which says what is wrong where Scrapy's prints its help."""

    has_arguments: ClassVar[bool] = True

    def short_desc(self) -> str:
        return _(super().short_desc())  # type: ignore[misc]  # that of Scrapy's command

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        self._refuse_options(args)
        name = type(self).__module__.rpartition(".")[2]
        if args and not self.has_arguments:
            told = _("scrapy {command} takes no argument, not {args}").format(command=name, args=" ".join(args))
            raise UsageError(told, print_help=False)
        try:
            super().run(args, opts)  # type: ignore[misc]
        except UsageError as error:
            if str(error):
                raise
            told = _("use it as: scrapy {command} {syntax}")
            syntax = super().syntax()  # type: ignore[misc]
            raise UsageError(told.format(command=name, syntax=syntax), print_help=False) from error


class OnScrapysQueue(AdjustedCommand):
    """Takes requests to the site alone from this project; what a spider or `-s` says goes before.

    They ask politely all the same: robots.txt, budget and page cache hold.
    """

    wrong_usage = ArgumentError
    given: ClassVar[dict[str, Any]] = IN_MEMORY
    crawler_process: Any

    def adjust(self, opts: argparse.Namespace) -> None:  # noqa: ARG002  # as of each command
        for name, value in self.given.items():
            self.settings.set(name, value, priority="project")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        with self._errors_told():
            crawls = self._crawls()
            super().run(args, opts)
            for crawl in crawls:
                if not crawl.done():  # Ctrl-C came twice, or while it began
                    end_at_once()
                crawl.result()  # what Scrapy's commands leave to the end of the process, as a traceback

    def _crawls(self) -> list[asyncio.Task[None]]:
        """Return a list in which each crawl will be that is begun from now on."""
        begin, crawls = self.crawler_process.crawl, list[Any]()
        self.crawler_process.crawl = lambda *args, **kwargs: crawls.append(begin(*args, **kwargs))
        return crawls


class LooksAtPage(OnScrapysQueue):
    """One page that somebody names, which may be a file. Where it cannot be had, the exit code is 1."""

    def adjust(self, opts: argparse.Namespace) -> None:
        super().adjust(opts)
        handlers = {**self.settings.getdict("DOWNLOAD_HANDLERS"), "file": FILES_TOO}
        self.settings.set("DOWNLOAD_HANDLERS", handlers, priority="project")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        for address in args[:1]:
            check_address(address)
        if opts.spider:
            spiders = self.crawler_process.spider_loader
            check_spider(opts.spider, spiders.list())
            spider = spiders.load(opts.spider)
            spider.from_crawler = partial(spider.from_crawler, **ANYWHERE)
        super().run(args, opts)


def check_address(given: str) -> None:
    """Make sure that an address can be asked for, or that there is the file.

    Raises:
        UsageError: it cannot, or there is none.
    """
    try:
        parts = urlsplit(guess_scheme(given))
        is_whole = bool(parts.scheme == "file" or (parts.hostname and parts.port != 0))
    except ValueError:
        is_whole = False
    if not is_whole:
        raise UsageError(_("{url} is no address of a page").format(url=given), print_help=False)
    if parts.scheme == "file":
        check_file(given, Path(file_uri_to_path(parts.geturl())))


def check_file(given: str, path: Path) -> None:
    """Make sure that there is a file; raises UsageError."""
    if not path.is_file():
        raise UsageError(_("there is no file {path}").format(path=given), print_help=False)


class PrintsPage(LooksAtPage):
    """`fetch` and `view`."""

    has_page = False

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        super().run(args, opts)
        if not (self.has_page or self.exitcode):
            say(_("Nothing came back of {url}: the log says why.").format(url=args[0]), file=sys.stderr)
            self.exitcode = 1

    def _print_response(self, response: Response, opts: argparse.Namespace) -> None:
        self.has_page = True
        super()._print_response(response, opts)  # type: ignore[misc]
