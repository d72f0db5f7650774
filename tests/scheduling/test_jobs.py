from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from scrapy.settings import Settings

from refillspot.policies.politeness_settings import CrawlWindow
from refillspot.scheduling.jobs import daily_jobs
from refillspot.scheduling.runner import run_daily

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from refillspot.scheduling.jobs import Job


def jobs(window: str = "01:00-06:00") -> dict[str, Job]:
    parsed = CrawlWindow.parse(window)
    assert parsed
    return {job.name: job for job in daily_jobs(parsed, ("-a", "district=all"), 14, every_hours="24", has_webhook=True)}


@pytest.mark.parametrize(
    ("window", "begin", "seconds", "care"),
    [
        ("01:00-06:00", "01:00", 5 * 3600, "06:30"),
        ("22:00-04:00", "22:00", 6 * 3600, "04:30"),
        ("00:00-24:00", "00:00", 24 * 3600, "00:30"),
        ("18:00-24:00", "18:00", 6 * 3600, "00:30"),
    ],
)
def test_a_crawl_ends_with_its_window_and_what_follows_has_its_own_hour(
    window: str, begin: str, seconds: int, care: str
) -> None:
    made, moment = jobs(window), datetime(2026, 11, 29, tzinfo=UTC)

    assert f"{made['crawl'].next_after(moment):%H:%M}" == begin
    assert f"{made['care'].next_after(moment):%H:%M}" == care
    assert f"CLOSESPIDER_TIMEOUT={seconds}" in made["crawl"].commands[0]
    assert f"CRAWL_WINDOW={window}" in made["crawl"].commands[0]


def test_each_command_knows_its_options() -> None:
    """One that does not would be told so in the night, to nobody."""
    for job in jobs().values():
        for name, *line in job.commands:
            command, parser = import_module(f"refillspot.commands.{name}").Command(), argparse.ArgumentParser()
            command.settings = Settings()
            command.settings.setmodule("refillspot.settings", "project")
            command.add_options(parser)

            opts, rest = parser.parse_known_args(line)

            assert [word for word in rest if word.startswith("-")] == []
            command.process_options(rest, opts)  # the settings are known, and can be used


class Clock:
    """Passes as it is slept by, and stops the one who sleeps after a while."""

    def __init__(self, begin: datetime, days: float) -> None:
        self.now, self._end = begin, begin + timedelta(days=days)

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        if self.now > self._end:
            raise EOFError


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def saying(path: Path) -> list[str]:
    """Return a program that writes down how it was called; a backup fails."""
    writes = f"open({str(path)!r}, 'a').write(' '.join(sys.argv[1:3]) + '\\n')"
    return [sys.executable, "-c", f"import sys; {writes}; sys.exit(sys.argv[2] == 'backup')"]


def test_each_job_is_done_once_a_day_and_what_fails_ends_only_itself(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clock, path = Clock(datetime(2026, 11, 29, 3, 0, tzinfo=UTC), 2), tmp_path / "called"  # noon in Korea

    with pytest.raises(EOFError):
        run_daily(list(jobs().values()), saying(path), lambda: clock.now, clock.sleep)

    day = ["doctor --offline", "fleet diningcode", "db backup"]  # and nothing pruned, as there is no backup
    assert path.read_text().splitlines() == [*day, "changes --since", *day]  # Monday is in between
    assert "scrapy db ended with 1" in capfd.readouterr().out


def test_days_that_the_machine_was_asleep_are_made_up_for_once(tmp_path: Path) -> None:
    clock, path = Clock(datetime(2026, 11, 29, 3, 0, tzinfo=UTC), 4.5), tmp_path / "called"

    def sleep(seconds: float) -> None:
        clock.sleep(seconds if path.exists() else 3.5 * 24 * 3600)

    with pytest.raises(EOFError):
        run_daily(list(jobs().values()), saying(path), lambda: clock.now, sleep)

    assert sorted(path.read_text().splitlines()[:3]) == ["db backup", "doctor --offline", "fleet diningcode"]
    assert path.read_text().splitlines().count("fleet diningcode") == 2


def test_who_is_told_to_end_ends_what_is_under_way(tmp_path: Path) -> None:
    clock, started, ended = Clock(datetime(2026, 11, 29, 3, 0, tzinfo=UTC), 2), tmp_path / "started", tmp_path / "ended"
    os.mkfifo(started)
    waits = (
        "import signal, sys\n"
        f"signal.signal(signal.SIGTERM, lambda *_: (open({str(ended)!r}, 'w').close(), sys.exit(130)))\n"
        f"open({str(started)!r}, 'w').close()\n"
        "signal.pause()"
    )
    main = threading.main_thread().ident
    assert main

    def stop() -> None:
        started.open().close()  # which is when it has begun
        signal.pthread_kill(main, signal.SIGTERM)

    threading.Thread(target=stop, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run_daily([jobs()["crawl"]], [sys.executable, "-c", waits], lambda: clock.now, clock.sleep)

    assert ended.exists()
