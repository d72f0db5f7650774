from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from refillspot.commands._errors import told_on_stderr
from refillspot.commands._servers import servers
from refillspot.language import gettext as _
from refillspot.readable import say

if TYPE_CHECKING:
    import argparse

    from refillspot.planning import CrawlArguments
    from refillspot.planning.estimate import Estimate


class Command(ScrapyCommand):
    """`scrapy plan -a district=강남구`: what a crawl would ask of the site, without asking it anything."""

    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "[options] -a district=…"

    def short_desc(self) -> str:
        return _("Say how many requests and minutes a crawl would take")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("-a", dest="spargs", action="append", default=[], metavar="NAME=VALUE",
                            help=_("set a spider argument, as for scrapy crawl (may be repeated)"))  # fmt: skip
        parser.add_argument("--json", action="store_true", help=_("print JSON"))

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.clock import Clock
        from refillspot.exceptions import ArgumentError
        from refillspot.planning import KEYWORDS, CrawlArguments
        from refillspot.planning.estimate import estimate
        from refillspot.policies.pace_setting import allowed_pace
        from refillspot.postgres.query_yields import read_yields

        assert self.settings  # noqa: S101  # Scrapy made them
        if args:
            raise UsageError(_("scrapy plan takes no argument but -a NAME=VALUE: see scrapy plan -h"), print_help=False)
        try:
            arguments = CrawlArguments.parse(**arglist_to_dict(opts.spargs))
        except ValueError as error:
            raise UsageError(_("use -a NAME=VALUE, for example -a district=강남구"), print_help=False) from error
        except ArgumentError as error:
            raise UsageError(str(error), print_help=False) from error
        with told_on_stderr(self):
            codes = [district.code for district in arguments.districts]
            known = read_yields(servers(self.settings, "postgres").database_url, codes, KEYWORDS)
            planned = estimate(arguments, known, Clock.of(self.settings).now())
            per_second = allowed_pace(self.settings)
            if opts.json:
                say(json.dumps(_as_json(arguments, planned, per_second), ensure_ascii=False))
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
    how_long = _("{requests} requests, without a limit to their pace.").format(requests=planned.requests)
    if minutes is not None:
        how_long = _("{requests} requests at {pace:g} a second take {minutes:.0f} minutes.").format(
            requests=planned.requests, pace=per_second, minutes=minutes
        )
    basis = {
        "tables": _("A rough guess: no crawl has been there yet."),
        "learnt": _("As many as the last crawls of these districts asked."),
        "both": _("Partly a rough guess: no crawl has been to some of these districts yet."),
    }[planned.basis]
    lines = [what, how_long, basis]
    if planned.resting:
        lines.append(
            _("{count} times a keyword rests in a district where it brought nothing of its own before.").format(
                count=planned.resting
            )
        )
    return "\n".join(lines)
