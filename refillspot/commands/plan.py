from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from refillspot.command import (
    BaseCommand,
    add_site_option,
    add_spider_arguments,
    parse_spider_arguments,
    site_named,
)
from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.readable import say, say_json

if TYPE_CHECKING:
    import argparse

    from refillspot.planning import CrawlArguments
    from refillspot.planning.estimate import Estimate


class Command(BaseCommand):
    """`scrapy plan -a district=강남구`: what a crawl would ask of the site, without asking it anything."""

    wrong_usage = ArgumentError

    def syntax(self) -> str:
        return "[options] -a district=…"

    def short_desc(self) -> str:
        return _("Estimate how many requests and minutes a crawl would take")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_spider_arguments(parser)
        add_site_option(parser)

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.planning import KEYWORDS, CrawlArguments
        from refillspot.planning.estimate import estimate
        from refillspot.policies.politeness_settings import allowed_pace
        from refillspot.postgres.query_yields import read_yields

        if args:
            raise UsageError(
                _("scrapy plan takes no arguments except -a NAME=VALUE: see scrapy plan -h"), print_help=False
            )
        arguments = CrawlArguments.parse(**parse_spider_arguments(opts))
        codes = [district.code for district in arguments.districts]
        known = read_yields(self.servers("postgres").database_url, site_named(opts).name, codes, KEYWORDS)
        planned = estimate(arguments, known, self.clock.now())
        per_second = allowed_pace(self.settings)
        if opts.json:
            say_json(_as_json(arguments, planned, per_second))
        else:
            say(_as_text(arguments, planned, per_second))


def _as_json(arguments: CrawlArguments, planned: Estimate, per_second: float) -> dict[str, Any]:
    return {
        "districts": [district.name for district in arguments.districts],
        "keywords": len(arguments.keywords),
        "lists": planned.lists,
        "store_pages": planned.store_pages,
        "requests": planned.requests,
        "requests_per_second": per_second,
        "minutes": planned.minutes(per_second),
        "basis": planned.basis,
        "resting": planned.resting,
    }


def _as_text(arguments: CrawlArguments, planned: Estimate, per_second: float) -> str:
    requests = ngettext("{count:,} request", "{count:,} requests", planned.requests).format(count=planned.requests)
    how_long = _("{requests}, without a pace limit.").format(requests=requests)
    if (minutes := planned.minutes(per_second)) is not None:
        time = ngettext("{count:,} minute", "{count:,} minutes", round(minutes)).format(count=round(minutes))
        how_long = _("{requests} at {pace:g} per second: {time}.").format(requests=requests, pace=per_second, time=time)
    basis = {
        "tables": _("A rough guess: this has not been crawled yet."),
        "learnt": _("As many as the last crawls of these districts sent."),
        "both": _("Partly a rough guess: some of these districts have not been crawled yet."),
    }[planned.basis]
    lines = [_what(arguments, planned), how_long, basis]
    if planned.resting:
        told = ngettext(
            "{count} time a keyword is skipped in a district where it found nothing new before.",
            "{count} times a keyword is skipped in a district where it found nothing new before.",
            planned.resting,
        )
        lines.append(told.format(count=planned.resting))
    return "\n".join(lines)


def _what(arguments: CrawlArguments, planned: Estimate) -> str:
    districts, keywords = len(arguments.districts), len(arguments.keywords)
    return _("{districts}, {keywords}: {lists} and {pages}.").format(
        districts=ngettext("{count} district", "{count} districts", districts).format(count=districts),
        keywords=ngettext("{count} keyword", "{count} keywords", keywords).format(count=keywords),
        lists=ngettext("{count:,} list", "{count:,} lists", planned.lists).format(count=planned.lists),
        pages=ngettext("{count:,} store page", "{count:,} store pages", planned.store_pages).format(
            count=planned.store_pages
        ),
    )
