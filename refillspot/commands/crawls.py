from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand, add_scope_options, crawl_scope, wrong_action
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.readable import say, say_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from refillspot.operations.crawls import CrawlOverview, Crawls
    from refillspot.terminal import Listing

LEAST_IDS = {"list": 0, "show": 1, "prune": 0}
LABEL_COLUMNS = 12
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
            raise wrong_action(_("use one of: list, show ID, prune [ID …]"), args, actions)
        check_scope(ids, opts)
        actions[action](ids, opts)

    @property
    def _crawls(self) -> Crawls:
        from refillspot.operations.crawls import Crawls

        return Crawls(self.servers("postgres", "redis"), self.key_prefix, self.clock)

    def _list(self, ids: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002  # one shape for all actions
        found = self._crawls.read(crawl_scope(opts))
        if opts.json:
            say_json([one.as_json() for one in found])
        elif found:
            from refillspot.terminal import Terminal

            Terminal().print(crawl_list(found))
        else:
            from refillspot.operations.crawls import no_crawl

            say(no_crawl())

    def _show(self, ids: list[str], opts: argparse.Namespace) -> None:
        from rich.cells import set_cell_size

        one = self._crawls.find(ids[0])
        if opts.json:
            say_json(one.as_json())
            return
        labels = _labels()
        for name, value in one.as_text().items():
            is_command = name == "go on"  # to be copied
            say(f"{set_cell_size(labels.get(name, name), LABEL_COLUMNS)} {value}", whole=is_command)

    def _prune(self, ids: list[str], opts: argparse.Namespace) -> None:
        from refillspot.frontier.session import gate_thresholds
        from refillspot.operations.crawls import Pruning

        crawls = self.servers("postgres", "redis"), self.key_prefix, self.clock
        how = {"with_dead_letters": opts.with_dead_letters, "force": opts.force, "scope": crawl_scope(opts)}
        how["thresholds"] = gate_thresholds(self.settings)
        pruned = Pruning(*crawls, **how).prune(ids)
        if opts.json:
            rows = [{"id": one.crawl.id, "keys": one.keys, "dead_letters_kept": one.kept_letters} for one in pruned]
            say_json(rows)
            return
        for one in pruned:
            if one.kept_letters:
                told = ngettext(
                    "{id} is kept: it has {count} dead letter (--with-dead-letters drops it)",
                    "{id} is kept: it has {count} dead letters (--with-dead-letters drops them)",
                    one.kept_letters,
                )
                say(told.format(id=one.crawl.id, count=one.kept_letters))
        keys = sum(one.keys for one in pruned)
        told = ngettext("{pruned} pruned, {keys} key removed", "{pruned} pruned, {keys} keys removed", keys)
        say(told.format(pruned=sum(not one.kept_letters for one in pruned), keys=keys))


def _labels() -> dict[str, str]:
    """Return what the parts of an overview are called; an argument of the crawl has the name that is typed."""
    return {
        "crawl": _("crawl"),
        "state": _("state"),
        "begun": _("begun"),
        "ended": _("ended"),
        "site": _("site"),
        "stored": _("stored"),
        "rejected": _("rejected"),
        "left": _("left"),
        "dead": _("dead"),
        "counts": _("counts"),
        "go on": _("go on"),
    }


def crawl_list(found: Iterable[CrawlOverview]) -> Listing:
    from refillspot.planning import brief_places, write_places
    from refillspot.terminal import Listing

    headings = [_("crawl"), _("state"), _("district"), _("stored"), _("left"), _("dead"), _("started (KST)")]
    texts = [one.as_text() | {"places": brief_places(write_places(one.crawl.arguments))} for one in found]
    names = ("crawl", "state", "places", "stored", "left", "dead", "begun")
    return Listing(headings, [[text[name] for name in names] for text in texts], words=2)


def check_scope(ids: list[str], opts: argparse.Namespace) -> None:
    """Make sure that crawls are named or chosen; raises UsageError."""
    if ids and (opts.site or opts.region):
        told = _("--site and --region choose among crawls, but an id already names one")
        raise UsageError(told, print_help=False)
