from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand, add_scope_options, crawl_scope
from refillspot.language import gettext as _
from refillspot.readable import say, say_json

if TYPE_CHECKING:
    import argparse

    from refillspot.operations.crawls import CrawlOverview

LEAST_IDS = {"list": 0, "show": 1, "prune": 0}
MOST_IDS = {"list": 0, "show": 1, "prune": 1000}


class Command(BaseCommand):
    """`scrapy crawls list|show|prune`: which crawls there are, how far they are, and what they left behind."""

    def syntax(self) -> str:
        return "[options] list | show ID | prune [ID …]"

    def short_desc(self) -> str:
        return _("List crawls, show one, clean up what they left")

    def long_desc(self) -> str:
        return _(
            "list: all crawls, newest first. show: one of them. prune: remove what finished crawls left in "
            "Redis, unless they have dead letters; an unfinished crawl is given up only when its id is named. "
            "Stores are never touched."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_scope_options(parser)
        parser.add_argument("--with-dead-letters", action="store_true", help=_("prune: drop dead letters too"))
        parser.add_argument("--force", action="store_true", help=_("prune: even while its workers are running"))

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        actions = {"list": self._list, "show": self._show, "prune": self._prune}
        action, ids = (args[0], args[1:]) if args else ("", [])
        if action not in actions or not LEAST_IDS[action] <= len(ids) <= MOST_IDS[action]:
            raise UsageError(_("use one of: list, show ID, prune [ID …]"))
        if ids and (opts.site or opts.region):
            raise UsageError(
                _("--site and --region choose among crawls, but an id already names one"), print_help=False
            )
        actions[action](ids, opts)

    def _list(self, ids: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002  # one shape for all actions
        from refillspot.operations.crawls import read_overviews

        found = read_overviews(self.servers("postgres", "redis"), self.key_prefix, crawl_scope(opts))
        if opts.json:
            say_json([one.as_json() for one in found])
        elif found:
            _print_table(found)
        else:
            say(_("There is no crawl yet: scrapy crawl diningcode -a district=강남구"))

    def _show(self, ids: list[str], opts: argparse.Namespace) -> None:
        from refillspot.operations.crawls import read_overview

        one = read_overview(self.servers("postgres", "redis"), self.key_prefix, ids[0])
        if opts.json:
            say_json(one.as_json())
            return
        for name, value in one.as_text().items():
            say(f"{name:<12} {value}")

    def _prune(self, ids: list[str], opts: argparse.Namespace) -> None:
        from refillspot.operations.crawls import Pruning

        crawls = self.servers("postgres", "redis"), self.key_prefix, self.clock
        how = {"with_dead_letters": opts.with_dead_letters, "force": opts.force, "scope": crawl_scope(opts)}
        pruned = Pruning(*crawls, **how).prune(ids)
        if opts.json:
            rows = [{"id": one.crawl.id, "keys": one.keys, "dead_letters_kept": one.kept_letters} for one in pruned]
            say_json(rows)
            return
        for one in pruned:
            if one.kept_letters:
                say(
                    _("{id} is kept: it has {kept_letters} dead letters (--with-dead-letters drops them)").format(
                        id=one.crawl.id, kept_letters=one.kept_letters
                    )
                )
        say(
            _("{pruned} pruned, {keys} keys removed").format(
                pruned=sum(not one.kept_letters for one in pruned), keys=sum(one.keys for one in pruned)
            )
        )


def _print_table(found: list[CrawlOverview]) -> None:
    from rich.table import Table

    from refillspot.planning import write_places
    from refillspot.terminal import Terminal

    table = Table(box=None, pad_edge=False)
    table.add_column("crawl", no_wrap=True)  # to be copied
    for name in ("state", "district"):
        table.add_column(name, overflow="fold")
    for name in ("stored", "left", "dead", "started (KST)"):
        table.add_column(name, justify="right")
    for one in found:
        text = one.as_text() | {"places": write_places(one.crawl.arguments)}
        table.add_row(*(text[name] for name in ("crawl", "state", "places", "stored", "left", "dead", "begun")))
    Terminal().print(table)
