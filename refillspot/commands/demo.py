from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand
from refillspot.language import gettext as _
from refillspot.language import ngettext

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

    from refillspot.sandbox.demo import DemoResult

DISTRICTS = ("강남구", "마포구")
ROWS_SHOWN = 15


class Command(BaseCommand):
    """`scrapy demo`: two districts of a synthetic city into PostgreSQL, counted against the truth.

    0 every reachable refill store is there; 1 it could not run, or stores are missing.
    """

    has_json = False

    def short_desc(self) -> str:
        return _("Crawl two districts of a synthetic city and check the outcome")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--seed", type=int, default=7, help=_("of the synthetic city (default 7)"))

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.planning import KEYWORDS
        from refillspot.sandbox.demo import run_demo
        from refillspot.terminal import Terminal

        if args:
            raise UsageError(_("scrapy demo takes no argument, not {args}").format(args=" ".join(args)))
        console = Terminal()
        console.print(
            _("Crawling {districts} of a synthetic Diningcode into a temporary database …").format(
                districts=", ".join(DISTRICTS)
            )
        )
        started = time.monotonic()
        result = run_demo(DISTRICTS, KEYWORDS, opts.seed)
        _show(console, result, time.monotonic() - started)
        self.exitcode = 1 if result.missing or result.crawl_exit_code else 0


def _show(console: Console, result: DemoResult, seconds: float) -> None:
    refill = result.refill_stores
    if refill:
        console.print(_table(result))
    if len(refill) > ROWS_SHOWN:
        console.print(_("… and {more} more refill stores.").format(more=len(refill) - ROWS_SHOWN))
    found = len(result.reachable) - len(result.missing)
    console.print(
        _("\nStored: {stores} stores, {refill} of them all-you-can-eat, in {crawl_seconds:.1f} s.").format(
            stores=len(result.stores), refill=len(refill), crawl_seconds=result.crawl_seconds
        )
    )
    console.print(
        _("Truth:  {count} refill stores can be reached by the keywords; {found} are stored.").format(
            count=len(result.reachable), found=found
        )
    )
    _tell_misses(console, result)
    if result.missing or result.crawl_exit_code:
        console.print(
            _("Failed. The crawl ended with {crawl_exit_code}; its log: {log}").format(
                crawl_exit_code=result.crawl_exit_code, log=result.log
            ),
            style="red",
        )
    else:
        console.print(
            _("Done in {seconds:.1f} s. All of this is invented data; the temporary database has been removed.").format(
                seconds=seconds
            )
        )


def _tell_misses(console: Console, result: DemoResult) -> None:
    if result.misjudged:
        blind = sum(not store["menu"] for store in result.misjudged)
        told = ngettext(
            "        {count} of these is not recognised; {blind} had no menu on the page.",
            "        {count} of these are not recognised; {blind} had no menu on the page.",
            len(result.misjudged),
        )
        console.print(told.format(count=len(result.misjudged), blind=blind))
    for truth in result.missing[:ROWS_SHOWN]:
        console.print(
            _("        missing: {ref} {name} ({district} {dong})").format(
                ref=truth["ref"], name=truth["name"], district=truth["district"], dong=truth["dong"]
            ),
            style="red",
        )


def _table(result: DemoResult) -> Any:
    from rich.table import Table

    table = Table(
        _("store"), _("kind"), _("refill price"), _("address"), title=_("All-you-can-eat, cheapest first (synthetic)")
    )
    table.columns[2].justify = "right"
    for store in result.refill_stores[:ROWS_SHOWN]:
        price = store["refill_price_krw"]
        name = " ".join(part for part in (store["name"], store["branch"]) if part)
        kind = ", ".join((store["categories"] or ())[:2])
        table.add_row(name, kind, f"{price:,}원" if price else "?", store["road_addr"] or store["addr"])
    return table
