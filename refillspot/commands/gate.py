from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refillspot.command import BaseCommand, add_scope_options, crawl_scope, wrong_action
from refillspot.commands.crawls import check_scope
from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.readable import say, say_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from refillspot.stats.crawl import Crawl

MOST_IDS = {"show": 0, "accept": 1, "reject": 1}
NAMED = 3  # ids that may be meant, in a message


class Command(BaseCommand):
    """`scrapy gate show|accept|reject`: crawls that are held, and what somebody says of one.

    `show`: 0 nothing is held; 4 something is.
    """

    def syntax(self) -> str:
        return "[options] show | accept [ID] | reject [ID]"

    def short_desc(self) -> str:
        return _("Show which crawls are held, and why; accept or reject one")

    def long_desc(self) -> str:
        return _(
            "A crawl that is not as crawls of its districts usually are is held: others see what they saw before it, "
            "and none of its districts is crawled again before somebody has decided. show: what is held and why, with "
            "exit code 4; 0 where nothing is. accept: it is right, the city has changed; its stores are shown, and "
            "later crawls are compared with it. reject: it is wrong; stores, their history and what was learnt are put "
            "back as they were before it. Without an ID it is the only one that is held."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_scope_options(parser)

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        actions = {"show": self._show, "accept": self._accept, "reject": self._reject}
        action, ids = (args[0], args[1:]) if args else ("", [])
        if action not in actions or len(ids) > MOST_IDS[action]:
            raise wrong_action(_("use one of: show, accept [ID], reject [ID]"), args, actions)
        check_scope(ids, opts)
        actions[action](ids, opts)

    def _held(self, opts: argparse.Namespace) -> list[Crawl]:
        from refillspot.postgres.crawls import list_crawls

        return [crawl for crawl in list_crawls(self._database_url, crawl_scope(opts)) if crawl.is_held]

    @property
    def _database_url(self) -> str:
        return self.servers("postgres").database_url

    def _meant(self, ids: Sequence[str], opts: argparse.Namespace) -> Crawl:
        from refillspot.postgres.crawls import find_crawl

        if ids:
            return find_crawl(self._database_url, ids[0])
        held = self._held(opts)
        if not held:
            raise ArgumentError(_("no crawl is held"))
        if len(held) > 1:
            named = ", ".join(crawl.id for crawl in held[:NAMED]) + (", …" if len(held) > NAMED else "")
            raise ArgumentError(_("{count} crawls are held, name one: {ids}").format(count=len(held), ids=named))
        return held[0]

    def _show(self, ids: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002  # one shape for all actions
        from refillspot.exit_status import HELD

        held = self._held(opts)
        self.exitcode = HELD if held else 0
        if opts.json:
            say_json([_as_json(crawl) for crawl in held])
            return
        if not held:
            say(_("No crawl is held."))
        for crawl in held:
            self._write(crawl)

    def _write(self, crawl: Crawl) -> None:
        from refillspot.postgres.worker_stats import read
        from refillspot.stats.departures import departures_told, write_departure

        say(_write_heading(crawl))
        for departure in crawl.departures or ():
            say(f"  {write_departure(departure)}")
        workers = read(self._database_url, crawl.id)
        silent = [one for worker in workers for one in departures_told([worker.stats.get("gate/silent")])]
        if silent:
            told = _(
                "  On the way it stopped, as pages no longer said what they usually do: {silent}. What was read until "
                "then counts. If the parsers were at fault, scrapy db reparse --all reads these pages again, and it "
                "can be accepted; if the site was, reject it, and crawl again."
            )
            say(told.format(silent=write_departure(silent[-1])))
        told = _("  scrapy gate accept {id}: it is right. scrapy gate reject {id}: it is wrong, and put back.")
        say(told.format(id=crawl.id))

    def _accept(self, ids: list[str], opts: argparse.Namespace) -> None:
        from refillspot.postgres.connection import run
        from refillspot.postgres.gate import accept

        crawl = self._meant(ids, opts)
        run(accept(self._database_url, crawl.id, self.clock.now()))
        if opts.json:
            say_json({"crawl": crawl.id, "decision": "accepted"})
            return
        say(_("Crawl {id} is accepted: its stores are shown, and later ones are compared with it.").format(id=crawl.id))

    def _reject(self, ids: list[str], opts: argparse.Namespace) -> None:
        from refillspot.postgres.connection import run
        from refillspot.postgres.gate import reject

        crawl = self._meant(ids, opts)
        count = run(reject(self._database_url, crawl.id))
        if opts.json:
            say_json({"crawl": crawl.id, "decision": "rejected", "stores": count})
            return
        told = ngettext(
            "Crawl {id} is rejected: {count} store is as it was before.",
            "Crawl {id} is rejected: {count} stores are as they were before.",
            count,
        )
        say(told.format(id=crawl.id, count=count))
        say(_("If the site was at fault, the page cache still has its pages: crawl again with -s CACHE_ENABLED=False."))


def _write_heading(crawl: Crawl) -> str:
    from refillspot.clock import write_kst
    from refillspot.exit_status import write_stores
    from refillspot.planning import write_places

    ended = write_kst(crawl.ended_at) if crawl.ended_at else "?"
    told = _("Crawl {id} of {places}, ended {ended} KST, {stores} stored:")
    places = write_places(crawl.arguments) if "districts" in crawl.arguments else crawl.spider
    return told.format(id=crawl.id, places=places, ended=ended, stores=write_stores(crawl.stored))


def _as_json(crawl: Crawl) -> dict[str, Any]:
    from dataclasses import asdict

    times = {"started_at": crawl.started_at.isoformat(), "ended_at": crawl.ended_at and crawl.ended_at.isoformat()}
    return asdict(crawl) | times
