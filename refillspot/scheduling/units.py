"""A schedule as systemd, cron, the Task Scheduler of Windows and docker compose read it: what each takes for a sign.

No secret is in any of them: the commands read `.env` in their directory.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from refillspot.clock import KST
from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime, timedelta

    from refillspot.scheduling.jobs import Job, Schedule

    Content = str | list[tuple[str, "Content"]]

CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
PLAIN = re.compile(r"[A-Za-z0-9_@+=:,./-]+")
GRACE_MINUTES = 10  # that a crawl may take to end beyond its window
AGAIN_MINUTES, AGAIN_TIMES = 15, 3
LONGEST_COMMAND = 998  # bytes; beyond that the cron of Debian takes none of the file


def write_units(kind: str, schedule: Schedule, now: datetime) -> dict[str, str]:
    """Return the files of a schedule, by name. `now`, in the machine's time zone: whose hours cron has, and a date.

    Raises:
        ArgumentError: a path or an argument holds a sign that cannot be written there.
    """
    words = [word for job in schedule.jobs for command in job.commands for word in command]
    for word in (*schedule.program, str(schedule.directory), str(schedule.logs), *schedule.options, *words):
        _refuse(kind, word, CONTROL)
    return WRITERS[kind](schedule, now)


def _refuse(kind: str, text: str, signs: re.Pattern[str]) -> None:
    if found := signs.search(text):
        told = _("{text} cannot be written for {kind}: it holds {sign}. Rename it, or move the project.")
        raise ArgumentError(told.format(text=ascii(text), kind=kind, sign=ascii(found[0])))


def _clock(at: timedelta) -> str:
    minutes = int(at.total_seconds()) // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"


# --- systemd: % begins a specifier, $ a variable, but for the program's path; \ and quotes as in C


def _systemd(schedule: Schedule, _now: datetime) -> dict[str, str]:
    _refuse("systemd", str(schedule.directory), re.compile(r"\s$|\\$"))  # a space is lost there, a \ joins lines
    _refuse("systemd", schedule.program[0], re.compile(r"[\"'\\$]"))  # it takes no program of such a name
    files = {}
    for job in schedule.jobs:
        files[f"refillspot-{job.name}.service"] = _service(job, schedule)
        files[f"refillspot-{job.name}.timer"] = _timer(job)
    return files


def _service(job: Job, schedule: Schedule) -> str:
    wants = "network-online.target"
    unit = [f"Description=refillspot: {job.meaning}", f"Wants={wants}", f"After={wants} docker.service"]
    # Embedded servers that it has started stay; a fleet ends its workers itself.
    service = [f"Type={'oneshot' if len(job.commands) > 1 else 'exec'}", "KillMode=process", "UMask=0077"]
    if schedule.user != "root":
        service.append(f"User={schedule.user}")
    service += [f"WorkingDirectory={str(schedule.directory).replace('%', '%%')}"]
    service += [f"Environment=PYTHONUTF8=1 REFILLSPOT_LANG={schedule.language}"]
    service += [f"ExecStart={_systemd_command((*schedule.program, *command))}" for command in job.commands]
    if well := [str(code) for code in job.well if code]:
        service.append(f"SuccessExitStatus={' '.join(well)}")
    if job.again:
        service.append(f"RestartForceExitStatus={' '.join(map(str, job.again))}")
        service.append(f"RestartSec={AGAIN_MINUTES}min")
        unit += ["StartLimitIntervalSec=20h", f"StartLimitBurst={AGAIN_TIMES + 1}"]
    if job.longest:
        minutes = int(job.longest.total_seconds()) // 60
        service += [f"RuntimeMaxSec={minutes + GRACE_MINUTES}min", "TimeoutStopSec=3min"]
    return "\n".join(["[Unit]", *unit, "", "[Service]", *service, ""])


def _timer(job: Job) -> str:
    return "\n".join(
        (
            "[Unit]",
            f"Description=refillspot: {job.meaning}",
            "",
            "[Timer]",
            f"OnCalendar={'Mon ' if job.is_weekly else ''}*-*-* {_clock(job.at)}:00 Asia/Seoul",
            "Persistent=true",  # or a machine that was off then waits for the next day
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        )
    )


def _systemd_command(words: Iterable[str]) -> str:
    program, *arguments = (word.replace("%", "%%") for word in words)
    return " ".join(map(_systemd_word, (program, *(argument.replace("$", "$$") for argument in arguments))))


def _systemd_word(text: str) -> str:
    if PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


# --- cron: % is a newline, whatever quotes are around it; PATH is short, and the locale may be none


def _cron(schedule: Schedule, now: datetime) -> dict[str, str]:
    told = _("refillspot. The hours are this machine's: print it anew where its time zone changes.")
    lines = [f"# {told}"]
    for job in schedule.jobs:
        due = job.next_after(now).astimezone(now.tzinfo)
        days = due.isoweekday() if job.is_weekly else "*"
        when = _("{what}: {time} in Korea").format(what=job.meaning, time=_clock(job.at))
        lines.append(f"# {when}")
        lines.append(f"{due.minute} {due.hour} * * {days} {_line(job, schedule)}")
    return {"refillspot.crontab": "\n".join((*lines, ""))}


def _line(job: Job, schedule: Schedule) -> str:
    logs, directory = (shlex.quote(str(path)) for path in (schedule.logs, schedule.directory))
    log = shlex.quote(str(schedule.logs / f"schedule-{job.name}.log"))
    commands = " && ".join(shlex.join((*schedule.program, *command)) for command in job.commands)
    line = (
        f"umask 077; mkdir -p {logs} && cd {directory} && export PYTHONUTF8=1 REFILLSPOT_LANG={schedule.language} "
        f"&& {{ {commands}; }} >{log} 2>&1"
    )
    _refuse("cron", line, re.compile(r"\\"))  # some crons drop it, others do not
    line = line.replace("%", r"\%")
    if len(line.encode()) > LONGEST_COMMAND:
        told = _(
            "a line of {length} bytes is too long for cron, which reads {most}: move the project to a shorter path"
        )
        raise ArgumentError(told.format(length=len(line.encode()), most=LONGEST_COMMAND))
    return line


# --- the Task Scheduler: quotes as a C program of Windows reads them, and none around a directory

TASK = "http://schemas.microsoft.com/windows/2004/02/mit/task"
VARIABLE = re.compile(r"%|\$\(")  # is filled in, and nothing says how to write it as itself


def _windows(schedule: Schedule, now: datetime) -> dict[str, str]:
    return {f"refillspot-{job.name}.xml": _task(job, schedule, now) for job in schedule.jobs}


def _task(job: Job, schedule: Schedule, now: datetime) -> str:
    actions: list[tuple[str, Content]] = []
    program, *first = schedule.program
    for command in job.commands:
        arguments = subprocess.list2cmdline((*first, *command))
        for text in (program, arguments, str(schedule.directory)):
            _refuse("windows", text, VARIABLE)
        place = ("WorkingDirectory", str(schedule.directory))
        actions.append(("Exec", [("Command", program), ("Arguments", arguments), place]))
    begin = ("StartBoundary", job.next_after(now).astimezone(KST).isoformat(timespec="seconds"))
    days: tuple[str, Content] = ("ScheduleByDay", [("DaysInterval", "1")])
    if job.is_weekly:
        days = ("ScheduleByWeek", [("WeeksInterval", "1"), ("DaysOfWeek", [("Monday", "")])])
    parts: list[tuple[str, Content]] = [
        ("RegistrationInfo", [("Description", f"refillspot: {job.meaning}")]),
        ("Triggers", [("CalendarTrigger", [begin, days])]),
        ("Principals", [("Principal", [("LogonType", "InteractiveToken"), ("RunLevel", "LeastPrivilege")])]),
        ("Settings", _settings(job)),
        ("Actions", actions),
    ]
    task = _element("Task", parts)
    task.attrib.update({"version": "1.2", "xmlns": TASK})
    ET.indent(task)
    return f'<?xml version="1.0" encoding="UTF-16"?>\n{ET.tostring(task, "unicode")}\n'


def _settings(job: Job) -> list[tuple[str, Content]]:
    """Return what differs from the defaults, by which a laptop without its cable crawls never, and nobody is told."""
    hours = int((job.longest.total_seconds() if job.longest else 0) // 3600) + 2
    return [
        ("MultipleInstancesPolicy", "IgnoreNew"),
        ("DisallowStartIfOnBatteries", "false"),
        ("StopIfGoingOnBatteries", "false"),
        ("StartWhenAvailable", "true"),
        ("WakeToRun", "true" if job.longest else "false"),
        ("IdleSettings", [("StopOnIdleEnd", "false"), ("RestartOnIdle", "false")]),
        ("ExecutionTimeLimit", f"PT{hours}H"),
    ]


def _element(tag: str, content: Content) -> ET.Element:
    element = ET.Element(tag)
    if isinstance(content, str):
        element.text = content
    else:
        element.extend(_element(*part) for part in content)
    return element


# --- compose: $ begins a variable. It has no clock: a container that stays does what is due


def _compose(schedule: Schedule, _now: datetime) -> dict[str, str]:
    command = ["scrapy", "schedule", "--run", *schedule.options]
    beside = _("Beside docker-compose.yml; passwords stay in .env.")
    words = json.dumps([word.replace("$", "$$") for word in command], ensure_ascii=False)
    return {
        "compose.schedule.yml": f"""\
# {beside}
services:
  refillspot:
    command: {words}
    environment:
      REFILLSPOT_LANG: {schedule.language}
    restart: unless-stopped
"""
    }


WRITERS: Mapping[str, Callable[[Schedule, datetime], dict[str, str]]] = {
    "systemd": _systemd,
    "cron": _cron,
    "windows": _windows,
    "compose": _compose,
}
