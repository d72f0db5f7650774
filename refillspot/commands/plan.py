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
    minutes = planned.minutes(per_second)
    what = _("{districts} districts, {keywords} keywords: {lists} lists and {pages} store pages.").format(
        districts=len(arguments.districts), keywords=len(arguments.keywords), lists=planned.lists,
        pages=planned.store_pages,
    )  # fmt: skip
    how_long = _("{requests} requests, without a pace limit.").format(requests=planned.requests)
    if minutes is not None:
        how_long = _("{requests} requests at {pace:g} per second take {minutes:.0f} minutes.").format(
            requests=planned.requests, pace=per_second, minutes=minutes
        )
    basis = {
        "tables": _("A rough guess: this has not been crawled yet."),
        "learnt": _("As many as the last crawls of these districts sent."),
        "both": _("Partly a rough guess: some of these districts have not been crawled yet."),
    }[planned.basis]
    lines = [what, how_long, basis]
    if planned.resting:
        lines.append(
            _("{count} times a keyword is skipped in a district where it found nothing new before.").format(
                count=planned.resting
            )
        )
    return "\n".join(lines)
