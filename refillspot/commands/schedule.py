from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from scrapy.exceptions import UsageError

from refillspot.command import BaseCommand, add_spider_arguments, parse_spider_arguments
from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _
from refillspot.readable import say
from refillspot.retelling import system_words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from refillspot.policies.politeness_settings import CrawlWindow
    from refillspot.scheduling.jobs import Schedule
    from refillspot.services import Environment

KINDS = ("systemd", "cron", "windows", "compose")
MOST_BACKUPS = 10_000


class Command(BaseCommand):
    """`scrapy schedule --print systemd|cron|windows|compose`: a crawl, a backup and a look at both, every day.

    It prints what the system is to be given, and changes nothing. `--run` does what is due by itself.
    """

    has_json: ClassVar[bool] = False
    wrong_usage = ArgumentError

    def syntax(self) -> str:
        return "--print systemd|cron|windows|compose [--into DIR] | --run"

    def short_desc(self) -> str:
        return _("Write what systemd, cron … need for a crawl every day")

    def long_desc(self) -> str:
        return _(
            "Prints the units of a daily crawl, a backup after it, and a look in the evening whether a day was missed. "
            "The crawl ends when its window closes and goes on the next day; started twice, both take from one queue. "
            "No secret is in them: the commands read .env. --run waits and does the same by itself, for containers."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_spider_arguments(parser)
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--print", dest="kind", metavar="KIND", help=_("for systemd, cron, windows or compose"))
        how.add_argument("--run", action="store_true", help=_("wait, and do what is due"))
        parser.add_argument("--into", metavar="DIR", help=_("write them as files into this directory"))
        parser.add_argument(
            "--window", metavar="HH:MM-HH:MM", help=_("when to crawl, in Korean time (CRAWL_WINDOW, else 01:00-06:00)")
        )
        parser.add_argument("--keep", type=int, metavar="N", help=_("how many backups are kept (14)"))

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        if args or (opts.kind is None) is not opts.run or (opts.into and opts.run):
            told = _("use scrapy schedule --print systemd|cron|windows|compose [--into DIR], or scrapy schedule --run")
            raise UsageError(told, print_help=False)
        if opts.kind and opts.kind not in KINDS:
            from refillspot.language import did_you_mean

            told = _("--print is for one of: {kinds}.").format(kinds=", ".join(KINDS)) + did_you_mean(opts.kind, KINDS)
            raise UsageError(told, print_help=False)
        schedule = self._schedule(opts)
        if opts.run:
            from refillspot.scheduling.runner import run_daily

            run_daily(schedule.jobs, schedule.program, self.clock.now)
        self._print(schedule, opts)

    def _schedule(self, opts: argparse.Namespace) -> Schedule:
        from getpass import getuser

        from refillspot.language import language
        from refillspot.scheduling.jobs import EVERY_HOURS, KEPT_BACKUPS, Schedule, daily_jobs
        from refillspot.services import read_environment

        environment, keep = read_environment(self.environ), KEPT_BACKUPS if opts.keep is None else opts.keep
        if not 1 <= keep <= MOST_BACKUPS:
            raise UsageError(_("--keep is how many are kept: 1 or more"), print_help=False)
        window = self._window(opts.window)
        crawl = _crawl_options(opts, self._checked_arguments(opts))
        every = str(self.settings["SCHEDULE_EVERY_HOURS"])
        every = EVERY_HOURS if every == "auto" else every
        told = "NOTIFY_URL" in environment.values
        return Schedule(
            jobs=daily_jobs(window, crawl, keep, every_hours=every, has_webhook=told),
            program=(sys.executable, "-m", "refillspot"),
            directory=environment.directory,
            logs=environment.home / "logs",
            user=getuser() if opts.kind == "systemd" else "",  # elsewhere it may have no name
            language=language(),
            options=("--window", str(window), "--keep", str(keep), *crawl),
        )

    def _window(self, asked: str | None) -> CrawlWindow:
        from refillspot.policies.politeness_settings import CrawlWindow
        from refillspot.scheduling.jobs import WINDOW

        text = (asked or self.settings.get("CRAWL_WINDOW") or WINDOW).strip()
        if (window := CrawlWindow.parse(text)) is None:
            raise UsageError(_("--window is when to crawl: 01:00-06:00"), print_help=False)
        return window

    def _checked_arguments(self, opts: argparse.Namespace) -> dict[str, str]:
        """Return the spider's arguments; raises ArgumentError where it would refuse them in the night."""
        from scrapy.spiderloader import SpiderLoader

        from refillspot.sites import DEFAULT

        arguments = parse_spider_arguments(opts) or {"district": "all"}
        SpiderLoader.from_settings(self.settings).load(DEFAULT)(**arguments)
        return arguments

    def _print(self, schedule: Schedule, opts: argparse.Namespace) -> None:
        from refillspot.scheduling.units import write_units
        from refillspot.services import read_environment

        files = write_units(opts.kind, schedule, self.clock.now().astimezone())
        for name, text in files.items():
            if opts.into:
                say(str(_write(Path(opts.into) / name, text)))
            else:
                say(f"{_remark(name)}\n{text}", whole=True)
        remarks = [] if opts.kind == "compose" else _remarks(read_environment())  # a container has its own environment
        for sentence in (*remarks, _next_step(opts.kind, opts.into or "DIR", files)):
            say(sentence, file=sys.stderr)


def _crawl_options(opts: argparse.Namespace, arguments: dict[str, str]) -> tuple[str, ...]:
    from refillspot.redaction import NAMES

    for option in opts.set:
        if (name := option.partition("=")[0]) in NAMES:
            told = _("{name} may hold a secret, and a schedule can be read by others: put it into .env.")
            raise UsageError(told.format(name=name), print_help=False)
    given = [part for name, value in arguments.items() for part in ("-a", f"{name}={value}")]
    return (*given, *(part for option in opts.set for part in ("-s", option)))


def _write(path: Path, text: str) -> Path:
    encoding = "utf-16" if path.suffix == ".xml" else "utf-8"  # as the Task Scheduler writes and reads its own
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding, newline="\n")
    except OSError as error:
        told = _("{path} cannot be written: {why}")
        raise ArgumentError(told.format(path=path, why=system_words(error))) from error
    return path


def _remark(name: str) -> str:
    return f"<!-- {name} -->" if name.endswith(".xml") else f"# --- {name}"


def _remarks(environment: Environment) -> list[str]:
    """Say what of this terminal's environment a scheduler will not have."""
    from refillspot.services import VARIABLES

    told = []
    if "NOTIFY_URL" not in environment.values:
        told.append(
            _("NOTIFY_URL is not set: nobody will be told of a missed day. Set it in .env and print this again.")
        )
    own = [name for name in VARIABLES if os.environ.get(name, "").strip() and name not in environment.dotenv_names]
    if own:
        only = _(
            "Mind: {names} is set in this terminal only. Put it into .env, for you alone to read (chmod 600 .env)."
        )
        told.append(only.format(names=", ".join(own)))
    return told


def _next_step(kind: str, into: str, files: Iterable[str]) -> str:
    timers = " ".join(name for name in files if name.endswith(".timer"))
    return {
        "systemd": _(
            "As root: cp {into}/refillspot-* /etc/systemd/system/ && systemctl daemon-reload && systemctl enable --now "
            "{timers}. Logs: journalctl -u refillspot-crawl"
        ),
        "cron": _("Add it to your crontab: (crontab -l; cat {into}/refillspot.crontab) | crontab -"),
        "windows": _(
            "In PowerShell: dir {into}\\refillspot-*.xml | % {{ schtasks /Create /TN $_.BaseName /XML $_.FullName }}. "
            "They run while you are logged on, with the screen locked too."
        ),
        "compose": _("docker compose -f docker-compose.yml -f {into}/compose.schedule.yml up -d refillspot"),
    }[kind].format(into=into, timers=timers)  # DIR: what --into was not given for
