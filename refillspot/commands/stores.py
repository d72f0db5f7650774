from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand, add_filter_options, store_filter
from refillspot.language import gettext as _
from refillspot.readable import say, say_json

if TYPE_CHECKING:
    import argparse

    from refillspot.postgres.outward import StoreFilter, StoreSnapshot


HISTORY = ("field", "old", "new", "last_seen_old", "first_seen_new", "crawl")


class Command(BaseCommand):
    """`scrapy stores [REF]`: the all-you-can-eat stores that are known, or one of them with all that is."""

    def syntax(self) -> str:
        return "[options] [REF]"

    def short_desc(self) -> str:
        return _("List the all-you-can-eat stores, or show one")

    def long_desc(self) -> str:
        return _(
            "Without REF: the stores that are confirmed or likely to be all-you-can-eat, the cheapest first; with "
            "--near the nearest. Into a file or a pipe no line is cut. REF: all that is known of one, though the list "
            "does not show it."
        )

    def json_help(self) -> str:
        return _("print JSON: the columns of refillspot.v_stores (docs/fields.md), and open_now")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_filter_options(parser)
        parser.add_argument("--open-now", action="store_true", help=_("that are open now for certain"))
        parser.add_argument("--sort", metavar="BY", help=_("price, distance, name, seen (newest first) or key"))
        parser.add_argument("--limit", metavar="N", help=_("at most this many"))

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.listing.asking import CHOOSING
        from refillspot.postgres.outward import snapshot

        if len(args) > 1:
            raise UsageError(_("give one REF at most, as scrapy stores prints it"), print_help=False)
        wanted = store_filter(opts)
        narrowing = [name for name in (*CHOOSING, "open_now", "sort", "limit") if name != "site" and vars(opts)[name]]
        if args and narrowing:
            raise UsageError(_("REF names one store already: leave out the options that choose"), print_help=False)
        with snapshot(self.servers("postgres").database_url) as stores:
            self._show(stores, args[0], wanted.site, opts) if args else self._list(stores, wanted, opts)

    def _list(self, stores: StoreSnapshot, wanted: StoreFilter, opts: argparse.Namespace) -> None:
        from refillspot.listing.entries import list_entries, why_none
        from refillspot.listing.table import print_table, write_total
        from refillspot.terminal import Terminal

        now = self.clock.now()
        entries = list_entries(stores, wanted, now, only_open=opts.open_now)
        if opts.json:
            found = [entry.as_json() for entry in entries]
            say_json(found)
            if not found:
                say(why_none(stores, wanted, only_open=opts.open_now), file=sys.stderr)
            return
        width = Terminal().width if sys.stdout.isatty() else None  # grep and cut are to find the whole of it
        printed = print_table(entries, now, width, with_distance=wanted.near is not None)
        if not printed:
            say(why_none(stores, wanted, only_open=opts.open_now))
            return
        is_cut = printed.total() == wanted.limit and not opts.open_now
        say("\n" + write_total(printed, stores.counts(replace(wanted, limit=None)) if is_cut else printed))

    def _show(self, stores: StoreSnapshot, ref: str, site: str | None, opts: argparse.Namespace) -> None:
        from msgspec import to_builtins

        from refillspot.listing.entries import find_entry
        from refillspot.listing.news import history_lines
        from refillspot.listing.page import map_links, print_page
        from refillspot.postgres.changes import ChangeFilter

        entry = find_entry(stores, ref, site, self.clock.now())
        history = list(stores.changes(ChangeFilter(store=(entry.row["site"], entry.row["ref"]))))
        if opts.json:
            told = [{name: row[name] for name in HISTORY} for row in history]
            say_json(entry.as_json() | {"links": map_links(entry.row), "history": to_builtins(told)})
        else:
            print_page(entry, self.clock.now(), history_lines(history))
