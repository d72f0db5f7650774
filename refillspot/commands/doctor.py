from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand
from refillspot.language import gettext as _
from refillspot.readable import fold, readable, say_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from rich.console import Console

    from refillspot.doctor import Check
    from refillspot.doctor.checkup import Questions

TOLD = ("backup", "schedule")
"""Areas in which something goes wrong by itself with time: the webhook is told of warnings, too."""
STATE_COLUMNS = 8
COLOURS = {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "red"}


class Command(BaseCommand):
    """`scrapy doctor [--offline] [--shapes FILE] [--notify]`: whether a crawl can start here, and what to do if not.

    0 it can, warnings may be told; 1 there is a problem; 2 wrong usage.
    """

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return _("Check servers, machine, settings and site, and say what to do")

    def long_desc(self) -> str:
        return _(
            "Checks the environment and .env, memory, disk, packages, PostgreSQL, both Redis, their clocks and "
            "the tables, then sends the site four requests at the pace of a crawl: robots.txt of both hosts, one "
            "list, one store."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--notify",
            action="store_true",
            help=_("tell NOTIFY_URL of problems, and of days without a crawl or a backup; in a schedule"),
        )
        parser.add_argument("--offline", action="store_true", help=_("skip the site"))
        parser.add_argument(
            "--shapes",
            metavar="FILE",
            help=_("write what the site sends to a file, as shapes: names and types, no text"),
        )

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.doctor.checkup import examine
        from refillspot.extensions.notify import announce, check_webhook

        if args:
            raise UsageError(
                _("scrapy doctor takes no argument, not {given}").format(given=" ".join(args)), print_help=False
            )
        if opts.notify:
            check_webhook(self.environ)
        found = list(shown(examine(self._questions(opts)), as_json=opts.json))
        if opts.json:
            say_json([asdict(check) for check in found])
        self.exitcode = 1 if any(check.state == "problem" for check in found) else 0
        if opts.notify and (facts := _facts(found)) and not announce(self.environ, "doctor", facts):
            self.exitcode = 1

    def _questions(self, opts: argparse.Namespace) -> Questions:
        import psutil

        from refillspot.clock import Clock
        from refillspot.doctor.checkup import Questions
        from refillspot.doctor.site import Hosts
        from refillspot.policies.politeness_settings import allowed_pace, most_believed
        from refillspot.shared.keys import politeness_key
        from refillspot.site_hosts import SiteHosts

        settings = self.settings
        robots_name = settings["ROBOTSTXT_USER_AGENT"] or settings["USER_AGENT"]
        workers, every = str(settings["FLEET_WORKERS"]), str(settings["SCHEDULE_EVERY_HOURS"])
        return Questions(
            environ=self.environ,
            fleet_mib=settings.getint("FLEET_MAX_MEMORY_MB"),
            fleet_workers=int(workers) if workers.isdecimal() else psutil.cpu_count() or 1,
            backup_seconds=settings.getfloat("BACKUP_MAX_AGE_SECONDS"),
            every_hours=None if every == "auto" else float(every),
            hosts=Hosts(settings["DININGCODE_API_URL"], settings["DININGCODE_WEB_URL"], robots_name),
            headers={**settings.getdict("DEFAULT_REQUEST_HEADERS"), "User-Agent": self._user_agent()},
            requests_per_second=allowed_pace(settings),
            most_believed=most_believed(settings),
            block_seconds=settings.getfloat("POLITENESS_BLOCK_SECONDS"),
            politeness_key=politeness_key(self.key_prefix, SiteHosts.of(settings)),
            window=settings.get("CRAWL_WINDOW") or "",
            clock=Clock.of(settings),
            is_offline=opts.offline,
            shapes=Path(opts.shapes) if opts.shapes else None,
        )

    def _user_agent(self) -> str:
        from refillspot.downloadermiddlewares.user_agent import browsers, with_contact
        from refillspot.services import read_environment

        if not self.settings.getbool("USER_AGENT_ROTATION_ENABLED"):
            contact = self.settings.get("CONTACT") or read_environment().values.get("CONTACT")
            return with_contact(self.settings["USER_AGENT"], contact)
        return str(browsers().random)


def _facts(found: list[Check]) -> dict[str, Any]:
    """Return what somebody has to hear of who has not asked; nothing, if there is nothing."""
    told = [one for one in found if one.state == "problem" or (one.state == "warning" and one.area in TOLD)]
    if not told:
        return {}
    lines = [f"{one.what}. {one.remedy}" if one.remedy else one.what for one in told]
    return {"findings": [asdict(one) for one in told], "sentence": "\n".join(["scrapy doctor:", *lines])}


def shown(checks: Iterator[Check], *, as_json: bool) -> Iterator[Check]:
    """Print each as soon as it is there, unless all are to be JSON."""
    from refillspot.terminal import Terminal

    console = Terminal(soft_wrap=True)
    for check in checks:
        if not as_json:
            _print(console, check)
        yield check


def _print(console: Console, check: Check) -> None:
    from rich.cells import set_cell_size
    from rich.text import Text

    states = {"ok": _("ok"), "note": _("note"), "warning": _("warning"), "problem": _("PROBLEM")}
    width = console.width if console.is_terminal else sys.maxsize
    told = [*check.what.splitlines(), *f"→ {check.remedy}".splitlines()] if check.remedy else check.what.splitlines()
    first, *rest = [part for line in told for part in fold(" " * STATE_COLUMNS + readable(line), width)]
    state = set_cell_size(states[check.state], STATE_COLUMNS)
    console.print(Text.assemble((state, COLOURS[check.state]), first.lstrip()))
    for line in rest:
        console.print(Text(line))
