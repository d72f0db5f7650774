"""`python -m tests.three_weeks`: three weeks of a city on servers of its own, begun by the version before this one."""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.own_webhook import OwnWebhook, serve
from tests.programs import PROJECT, completed, spawn
from tests.ten_days.__main__ import begin
from tests.ten_days.city import City
from tests.three_weeks.weeks import DAYS, Weeks

BEFORE = "68b27b8"  # its tables have version 22


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.three_weeks", description=__doc__)
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--refill", type=int, default=80, help="stores of this sort")
    parser.add_argument("--ordinary", type=int, default=20, help="stores of this sort")
    parser.add_argument("--daily", type=float, default=0.03, help="share of the stores that change on a day")
    parser.add_argument("--before", default=BEFORE, help="commit of the version that begins")
    given = parser.parse_args()
    city = City(given.seed, given.refill, given.ordinary, given.daily, festival=2, poorer=0.03)
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="rs-weeks-", dir="/tmp"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        (home / "a file").touch()
        webhook = stack.enter_context(serve(OwnWebhook()))
        weeks = _begin(city, stack, webhook, home, unpack(given.before, home / "before"))
        for day in range(DAYS):
            weeks.live()
            told = [one["event"] for one in webhook.told]
            print(
                f"day {day + 1}: {len(weeks.days.looks)} crawls, {len(told)} messages, the last: {told[-1]}", flush=True
            )
        wrong = [*weeks.faults()]
        print(f"the history: {dict(weeks.days.counts())}\nwrong: {len(wrong)}", *wrong, sep="\n")
    return 1 if wrong else 0


def _begin(city: City, stack: ExitStack, webhook: OwnWebhook, home: Path, before: Path) -> Weeks:
    days = begin(city, stack, NOTIFY_URL=webhook.url, REFILLSPOT_HOME=str(home))
    start_new = days.start
    environment = start_new.keywords["environment"]  # type: ignore[attr-defined]  # a partial
    days.start = partial(spawn, "scrapy", environment=environment, directory=before)

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        with start_new(*command, "-s", f"REDIS_KEY_PREFIX={days.key_prefix}") as program:
            return completed(program)

    return Weeks(days, webhook, home, run, start_new)


def unpack(commit: str, directory: Path) -> Path:
    """Return the directory of the project as it was at a commit."""
    archive = subprocess.run(["git", "archive", commit], cwd=PROJECT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(directory, filter="data")
    return directory


if __name__ == "__main__":
    sys.exit(main())
