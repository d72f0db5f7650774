from __future__ import annotations

import re
import sys
import time
from argparse import ArgumentTypeError
from dataclasses import asdict
from typing import TYPE_CHECKING

from scrapy.utils.conf import arglist_to_dict

from refillspot.command import BaseCommand, wrong_action
from refillspot.language import gettext as _
from refillspot.readable import say, say_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from refillspot.performance.conditions import Conditions
    from refillspot.performance.goals import Goal

NUMBER = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,6})?")
MOST_MS = 60_000


class Command(BaseCommand):
    """`scrapy perf [--only cache,database]`: the goals of this project, measured on this machine.

    0 all goals are met; 1 it could not run; 2 wrong usage; 3 a goal is not met, or could not be judged.
    """

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return _("Measure speed, memory, cache and availability against goals")

    def long_desc(self) -> str:
        return _(
            "Crawls a synthetic Seoul into temporary databases, in a few minutes; real data and the real site "
            "are not touched. Settings given with -s also apply to the measured crawls."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--only",
            metavar="ROWS",
            help=_("only some rows, separated by commas: {rows}").format(rows=", ".join(_names())),
        )
        parser.add_argument(
            "--latency-ms", type=milliseconds, default=0, help=_("of each answer from the site (default 0)")
        )
        parser.add_argument(
            "--round-trip-ms", type=milliseconds, default=1, help=_("that a proxy adds for distant servers (default 1)")
        )

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.performance.goals import measure_goals
        from refillspot.performance.measurements import Measurements
        from refillspot.services import embedded, read_environment
        from refillspot.services.ownership import claim_home

        only = [name.strip() for name in (opts.only or "").split(",") if name.strip()]
        if args or not set(only) <= set(_names()) or (opts.only is not None and not only):
            told = _("to select rows: --only {rows}").format(rows=",".join(_names()))
            raise wrong_action(told, [name for name in only if name not in _names()], _names())
        with embedded.leave_as_found(home := read_environment().home):
            claim_home(home)
            conditions, began = self._conditions(opts), time.monotonic()
            with Measurements(self.servers("postgres", "redis", "redis-cache"), conditions, _told) as found:
                rows = measure_goals(found, only)
            say(_("measured in {seconds:.0f} s").format(seconds=time.monotonic() - began), file=sys.stderr)
            say_json([asdict(row) for row in rows]) if opts.json else show(rows)
            self.exitcode = 0 if all(row.is_met for row in rows) else 3

    def _conditions(self, opts: argparse.Namespace) -> Conditions:
        from refillspot.performance.conditions import Conditions
        from refillspot.services import ADDRESSES, read_environment

        given = arglist_to_dict(opts.set)
        return Conditions(
            requests_per_second=self.settings.getfloat("POLITENESS_REQUESTS_PER_SECOND"),
            group=self.settings.getint("POSTGRES_COPY_MAX_ROWS"),
            settings={name: value for name, value in given.items() if name not in ADDRESSES},
            logs=read_environment().home / "perf",
            latency_ms=opts.latency_ms,
            round_trip_ms=opts.round_trip_ms,
        )


def milliseconds(text: str) -> float:
    """Read an option.

    Raises:
        ArgumentTypeError: it is no number, or so many that nothing would end.
    """
    number = float(text) if NUMBER.fullmatch(text) else MOST_MS + 1
    if number > MOST_MS:
        told = _("{given} is not a number of milliseconds from 0 to {most}")
        raise ArgumentTypeError(told.format(given=text, most=MOST_MS))
    return number


def _names() -> list[str]:
    from refillspot.performance.goals import GOALS

    return list(GOALS)


def _told(what: str) -> None:
    say(_("measuring: {what} …").format(what=what), file=sys.stderr, flush=True)


def show(rows: Sequence[Goal]) -> None:
    from rich.table import Table

    from refillspot.terminal import Terminal

    table = Table(_("goal for"), _("goal"), _("figure"), _("baseline"), _("met"), "")
    for number, row in enumerate(rows, 1):
        name = f"{row.name}, {row.case}" if row.case else row.name
        how = _("computed") if row.is_computed else _("measured")
        table.add_row(name, row.goal, row.figure, row.baseline, _met(row), f"{how} [{number}]")
    console = Terminal()
    console.print(table)
    for number, row in enumerate(rows, 1):
        console.print(f"[{number}] {row.note}")
    console.print(
        _(
            "without reuse: each keyword in each district (and where a list is full, in each of its dongs), and "
            "the page of each row each time it appears"
        )
    )
    console.print(_("before: the user's earlier crawler, according to its documents"))


def _met(row: Goal) -> str:
    if row.is_met is None:
        return _("unknown")
    return _("yes") if row.is_met else _("NO")
