from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand, add_place_options, usage
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.readable import say, say_json

if TYPE_CHECKING:
    import argparse

    from refillspot.listing.news import News
    from refillspot.postgres.changes import ChangeFilter


class Command(BaseCommand):
    """`scrapy changes`: what has changed of the all-you-can-eat stores, as a newspaper tells it."""

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return _("Tell what has changed: opened, gone, moved, prices, hours")

    def long_desc(self) -> str:
        return _(
            "What crawls have noticed since a date, of stores that are all-you-can-eat, or were: a sentence each, then "
            "how many by district. A day is the one on which it was noticed; of two days, it happened between them. "
            "All that has changed of one store: scrapy stores REF. --notify: the weekly summary of a schedule."
        )

    def json_help(self) -> str:
        return _("print JSON: the columns of refillspot.v_changes (docs/fields.md), and kind")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_place_options(parser)
        parser.add_argument(
            "--since",
            metavar="WHEN",
            default="7d",
            help=_("a date, 2026-07-01, or how long ago: 7d, 24h; 7d if not given"),
        )
        parser.add_argument(
            "--field", metavar="NAME", help=_("of this column: hours, menu, refill_price_krw, status …")
        )

        parser.add_argument(
            "--notify", action="store_true", help=_("tell NOTIFY_URL how much of each, also that there is nothing")
        )

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from msgspec import to_builtins

        from refillspot.extensions.notify import announce, check_webhook
        from refillspot.listing.asking import read_change_filter
        from refillspot.listing.news import gather, kind_of
        from refillspot.listing.summary import Summary
        from refillspot.postgres.outward import snapshot

        if args:
            raise UsageError(_("there is nothing to name: of one store, scrapy stores REF tells it"), print_help=False)
        with usage():
            wanted = read_change_filter(vars(opts), self.clock.now())
        if opts.notify:
            check_webhook(self.environ)
        with snapshot(self.servers("postgres").database_url) as stores:
            rows = list(stores.changes(wanted))
            news = gather(rows)
            summary = Summary.of(stores, wanted, news) if opts.notify else None
        if opts.json:
            say_json([{"kind": kind_of(row), **to_builtins(row)} for row in rows])
        else:
            self._print(news, wanted)
        if summary and not announce(self.environ, "summary", summary.facts()):
            self.exitcode = 1

    def _print(self, news: list[News], wanted: ChangeFilter) -> None:
        from refillspot.clock import write_kst
        from refillspot.listing.news import print_news
        from refillspot.listing.summary import nothing_since
        from refillspot.terminal import Terminal

        since = write_kst(wanted.since) if wanted.since else ""
        if not news:
            say(nothing_since(since))
            return
        stores = len({(one.rows[0]["site"], one.rows[0]["ref"]) for one in news})
        told = ngettext(
            "{count} change of {stores} since {since} KST", "{count} changes of {stores} since {since} KST", len(news)
        )
        of = ngettext("{count} store", "{count} stores", stores).format(count=f"{stores:,}")
        say(told.format(count=f"{len(news):,}", stores=of, since=since) + "\n")
        print_news(news, Terminal().width if sys.stdout.isatty() else None)
