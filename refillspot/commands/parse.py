from __future__ import annotations

import json
import sys
from inspect import Parameter, signature
from typing import TYPE_CHECKING

from scrapy import Spider
from scrapy.commands.parse import Command as ParseCommand
from scrapy.exceptions import UsageError

from refillspot.language import did_you_mean
from refillspot.language import gettext as _
from refillspot.readable import say
from refillspot.scrapys_own import ANYWHERE, LooksAtPage

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection


class Command(LooksAtPage, ParseCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy parse`: Scrapy's own, with Scrapy's own queue, and with the spider that there is if none is named.

    Without -c the address tells which callback reads its page, and of what.
    """

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        for option, given in (("--meta", opts.meta), ("--cbkwargs", opts.cbkwargs)):
            if given and not _is_object(given):
                told = _("{option} takes a JSON object, as {example}")
                raise UsageError(told.format(option=option, example='{"foo": "bar"}'), print_help=False)
        super().process_options(args, opts)

    def set_spidercls(self, url: str, opts: argparse.Namespace) -> None:
        spiders = self.crawler_process.spider_loader.list()
        if not opts.spider and len(spiders) == 1:
            opts.spider = spiders[0]
        opts.spargs = ANYWHERE | opts.spargs
        if opts.pipelines and not self.settings.getdict("ITEM_PIPELINES"):
            told = _("--pipelines: there is none that runs here, since nothing is kept; -s ITEM_PIPELINES names some")
            raise UsageError(told, print_help=False)
        super().set_spidercls(url, opts)
        if not self.spidercls:
            self.exitcode = 1
        elif not (opts.rules and getattr(self.spidercls, "rules", ())):
            self._choose_callback(self.spidercls, url, opts)

    def _choose_callback(self, spider: type[Spider], url: str, opts: argparse.Namespace) -> None:
        reading_of = getattr(spider, "reading_of", None)
        found = reading_of(url) if reading_of else None
        if found and opts.callback in {None, found[0]}:
            opts.callback, opts.cbkwargs = found[0], found[1] | (opts.cbkwargs or {})
        check_callback(spider, opts.callback or "parse", opts.cbkwargs or {})

    def start_parsing(self, url: str, opts: argparse.Namespace) -> None:
        super().start_parsing(url, opts)
        answer: object = self.first_response
        has_failed = bool(self.pcrawler.stats.get_value("spider_exceptions/count"))
        if answer and has_failed:
            say(_("The callback failed: the log says why."), file=sys.stderr)
        if has_failed or not answer:
            self.exitcode = 1


def check_callback(spider: type[Spider], name: str, given: Collection[str]) -> None:
    """Make sure that the spider has a callback of this name, which needs nothing but what it is `given`.

    Raises:
        UsageError: it has none, Scrapy's own is one only to say so; or something is missing.
    """
    callback = getattr(spider, name, Spider.parse)
    if callback is Spider.parse:
        known = sorted(member for member in dir(spider) if member.startswith("parse_"))
        told = _("{spider} has no callback {name}: name one with -c, of {known}.")
        message = told.format(spider=spider.name, name=name, known=", ".join(known))
        raise UsageError(message + did_you_mean(name, known), print_help=False)
    _self, _response, *others = signature(callback).parameters.values()
    variable = {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}
    needed = [one.name for one in others if one.default is Parameter.empty and one.kind not in variable]
    if missing := [one for one in needed if one not in given]:
        told = _("{name} also needs {missing}: --cbkwargs '{example}'")
        example = f"{{{', '.join(f'{json.dumps(one)}: …' for one in missing)}}}"
        raise UsageError(told.format(name=name, missing=", ".join(missing), example=example), print_help=False)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
