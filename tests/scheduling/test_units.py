"""Units, read by what reads them: systemd and Debian's cron where they are installed, and by schemas."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from lxml import etree

from refillspot.exceptions import ArgumentError
from refillspot.policies.politeness_settings import CrawlWindow
from refillspot.scheduling.jobs import Schedule, daily_jobs
from refillspot.scheduling.units import TASK, WRITERS, write_units
from tests.english import english_in

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)  # 21:00 in Korea
SYSTEMD = Path("/lib/systemd/systemd")
NOBODY = 65534
KEYWORDS = 'keywords=+50%u $HOME ${PATH} "무한" 리필'
HARMLESS = "keywords=+무한 리필 & <b>"  # to all of them
SAY = "import json, os, sys; print(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]))"


def scheduled(directory: Path, *, keywords: str = HARMLESS, window: str = "01:00-06:00") -> Schedule:
    parsed = CrawlWindow.parse(window)
    assert parsed
    crawl = ("-a", "district=강남구", "-a", keywords)
    return Schedule(
        jobs=daily_jobs(parsed, crawl, 14, every_hours="24", has_webhook=True),
        program=(sys.executable, str(directory / "say.py")),
        directory=directory,
        logs=directory / ".refillspot" / "logs",
        user="root",
        language="ko",
        options=("--window", window, "--keep", "14", *crawl),
    )


@pytest.fixture
def odd(short_directory: Path) -> Iterator[Path]:
    directory = short_directory / "무한 리필 50%h $HOME it's"
    directory.mkdir()
    (directory / "say.py").write_text(SAY)
    yield directory
    shutil.rmtree(directory)


@pytest.mark.parametrize("kind", WRITERS)
def test_what_people_read_in_a_unit_is_in_their_language(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", "ko")
    text = "\n".join(write_units(kind, scheduled(Path("/x_1")), NOW).values())
    told = re.findall(r"^#.*|(?:Description=|<Description>)[^<\n]*", text, re.MULTILINE)

    assert told
    assert english_in(re.sub("<?Description[=>]", "", " ".join(told))) == []


def commands(schedule: Schedule, name: str) -> list[list[str]]:
    (job,) = (one for one in schedule.jobs if one.name == name)
    return [[*schedule.program, *command] for command in job.commands]


def written(files: dict[str, str], directory: Path) -> list[str]:
    directory.mkdir(parents=True)
    for name, text in files.items():
        (directory / name).write_text(text, "utf-8")
    return [str(directory / name) for name in files]


def test_systemd_takes_the_units(odd: Path, tmp_path: Path) -> None:
    if not (program := shutil.which("systemd-analyze")):
        pytest.skip("systemd-analyze is not installed")
    paths = written(write_units("systemd", scheduled(odd, keywords=KEYWORDS), NOW), tmp_path / "units")

    done = subprocess.run([program, "verify", "--man=no", *paths], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def home_of_nobody() -> Iterator[Path]:
    """For systemd, which tests nothing as root: where another user may enter."""
    directory = Path(tempfile.mkdtemp(prefix="refillspot-"))
    yield directory
    shutil.rmtree(directory)


def test_systemd_reads_of_them_what_is_meant(odd: Path, home_of_nobody: Path) -> None:
    """By its own account of what it would start."""
    if not SYSTEMD.is_file():
        pytest.skip("systemd is not installed")
    schedule, home = scheduled(odd, keywords=KEYWORDS), home_of_nobody
    units = home / ".config/systemd/user"
    written(write_units("systemd", schedule, NOW), units)
    wanted = units / "default.target.wants"
    wanted.mkdir()
    for job in schedule.jobs:
        (wanted / f"refillspot-{job.name}.service").symlink_to(units / f"refillspot-{job.name}.service")
    environment = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "SYSTEMD_LOG_LEVEL": "info", "LC_ALL": "C.UTF-8"}
    user = NOBODY if os.geteuid() == 0 else None
    if user:
        for path in (home, *home.rglob("*")):
            os.chown(path, user, -1, follow_symlinks=False)

    done = subprocess.run(
        [SYSTEMD, "--user", "--test", "--log-target=console"],
        env=environment, user=user, cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"systemd tests nothing here: {done.stderr}")

    assert f"WorkingDirectory: {odd}\n" in done.stdout
    lines = [line for line in re.findall(r"Command Line: (.*)", done.stdout) if str(odd.parent) in line]
    meant = [command for job in schedule.jobs for command in commands(schedule, job.name)]
    started = [shlex.split(line.replace(r"\$", "$")) for line in lines]
    doubled = [[word.replace("$", "$$") for word in command] for command in meant]  # which it halves as it starts it
    assert sorted(started) == sorted(doubled)


@pytest.mark.parametrize("name", ["crawl", "care"])
def test_a_line_of_cron_runs_what_is_meant(odd: Path, name: str) -> None:
    """As cron gives it to sh, with nearly no environment."""
    schedule = scheduled(odd, keywords=KEYWORDS)
    (text,) = write_units("cron", schedule, NOW).values()
    (line,) = [line for line in text.splitlines() if f"schedule-{name}.log" in line]
    command = line.split(" ", 5)[5]
    assert re.search(r"(?<!\\)%", command) is None
    command = command.replace(r"\%", "%")

    done = subprocess.run(
        ["/bin/sh", "-c", command],
        env={"HOME": "/", "PATH": "/usr/bin:/bin"},
        cwd="/",
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    log = schedule.logs / f"schedule-{name}.log"
    said = [json.loads(line) for line in log.read_text().splitlines()]
    assert [[*schedule.program, *arguments] for arguments, _place, _environ in said] == commands(schedule, name)
    assert {place for _arguments, place, _environ in said} == {str(odd)}
    assert said[0][2]["REFILLSPOT_LANG"] == "ko"
    assert {path.stat().st_mode & 0o077 for path in (log, schedule.logs, schedule.logs.parent)} == {0}


def test_cron_takes_the_lines(odd: Path, tmp_path: Path) -> None:
    if not (program := shutil.which("crontab")):
        pytest.skip("cron is not installed")
    (path,) = written(write_units("cron", scheduled(odd, keywords=KEYWORDS), NOW), tmp_path / "units")

    done = subprocess.run([program, "-n", path], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("Asia/Seoul", ["0 1 * * *", "30 6 * * *", "0 19 * * *", "30 9 * * 1"]),
        ("America/Los_Angeles", ["0 8 * * *", "30 13 * * *", "0 2 * * *", "30 16 * * 7"]),
        ("Asia/Kolkata", ["30 21 * * *", "0 3 * * *", "30 15 * * *", "0 6 * * 1"]),
    ],
)
def test_the_hours_of_cron_are_the_machines(tmp_path: Path, zone: str, hours: list[str]) -> None:
    (text,) = write_units("cron", scheduled(tmp_path), NOW.astimezone(ZoneInfo(zone))).values()

    assert re.findall(r"^(\d+ \d+ \* \* [\d*]) ", text, re.MULTILINE) == hours


def test_a_task_of_windows_is_as_published_and_without_the_defaults_that_skip_days(odd: Path) -> None:
    schema = etree.XMLSchema(etree.parse(Path(__file__).with_name("task.xsd")))
    directory = odd.parent / "무한 리필 & 50 <it's>"
    schedule = replace(
        scheduled(directory),
        program=("C:\\무한 리필\\.venv\\Scripts\\python.exe", "-m", "refillspot"),
        directory=directory,
    )
    files = write_units("windows", schedule, NOW)
    tasks = {name: etree.fromstring(text.encode("utf-16")) for name, text in files.items()}
    for task in tasks.values():
        schema.assertValid(task)

    crawl = tasks["refillspot-crawl.xml"]
    found = {etree.QName(one).localname: one.text for one in crawl.iter()}
    assert found["StartBoundary"] == "2026-11-30T01:00:00+09:00"
    assert found["DisallowStartIfOnBatteries"] == found["StopIfGoingOnBatteries"] == "false"
    assert found["StartWhenAvailable"] == "true"
    assert found["ExecutionTimeLimit"] == "PT7H"
    assert found["WorkingDirectory"] == str(directory)
    assert found["Command"] == schedule.program[0]
    assert found["Arguments"] == (
        f'-m refillspot fleet diningcode -a district=강남구 -a "{HARMLESS}" -s CRAWL_WINDOW=01:00-06:00 '
        "-s CLOSESPIDER_TIMEOUT=18000"
    )
    arguments = tasks["refillspot-care.xml"].findall(f".//{{{TASK}}}Arguments")
    assert [one.text for one in arguments] == ["-m refillspot db backup --keep 14", "-m refillspot db prune"]


def test_compose_is_as_published_and_repeats_the_options(odd: Path, tmp_path: Path) -> None:
    schedule = scheduled(odd, keywords=KEYWORDS)
    (path,) = written(write_units("compose", schedule, NOW), tmp_path / "units")

    done = CliRunner().invoke(check_jsonschema, ["--builtin-schema", "vendor.compose-spec", path])

    assert done.exit_code == 0, done.output
    command = yaml.safe_load(Path(path).read_text("utf-8"))["services"]["refillspot"]["command"]
    assert all(re.search(r"(?<!\$)\$(?:\$\$)*(?!\$)", word) is None for word in command)
    assert [word.replace("$$", "$") for word in command] == ["scrapy", "schedule", "--run", *schedule.options]


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        *((kind, "line\nbreak") for kind in WRITERS),
        ("systemd", 'quo"te'),
        ("systemd", "$HOME"),
        ("cron", "back\\slash"),
        ("cron", "x" * 300),
        ("windows", "50%"),
        ("windows", "$(Arg0)"),
    ],
)
def test_what_cannot_be_written_there_is_refused(tmp_path: Path, kind: str, part: str) -> None:
    directory = tmp_path / part
    schedule = replace(scheduled(directory), program=(str(directory / "python"), "-m", "refillspot"))

    with pytest.raises(ArgumentError, match=r"cannot be written for|too long"):
        write_units(kind, schedule, NOW)
