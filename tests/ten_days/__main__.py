"""`python -m tests.ten_days`: days of a city on servers of its own, one of them under kills; prints what is wrong."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import uuid
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.conftest import PROJECT_PREFIXES
from tests.crawl.conftest import start_site
from tests.own_postgres import OwnPostgres
from tests.own_redis import OwnRedis
from tests.programs import Launcher
from tests.ten_days.city import City
from tests.ten_days.days import Days


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.ten_days", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--region", default="울산")
    parser.add_argument("--refill", type=int, default=600, help="stores of this sort")
    parser.add_argument("--ordinary", type=int, default=200, help="stores of this sort")
    parser.add_argument("--daily", type=float, default=0.02, help="share of the stores that change on a day")
    parser.add_argument("--poorer", type=float, default=0.03, help="share of the pages that say less")
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--kills", type=int, default=5, help="the day under kills; -1 = none")
    given = parser.parse_args()
    city = City(given.seed, given.refill, given.ordinary, given.daily, 2, given.poorer, given.region)
    with ExitStack() as stack:
        days = begin(city, stack)
        for day in range(given.days):
            days.live(under_kills=day == given.kills)
            print(f"day {day + 1}: {len(days.shown[-1])} pages", flush=True)
        wrong = [*days.faults()]
        kinds = Counter(change["kind"] for change in days.changes_of_looked_at())
        print(f"the truth: {dict(kinds)}\nthe history: {dict(days.counts())}\nwrong: {len(wrong)}", *wrong, sep="\n")
    return 1 if wrong else 0


def begin(city: City, stack: ExitStack, **variables: str) -> Days:
    """Start servers and the site, until the stack ends; programs have these variables of the environment, too."""
    home = Path(tempfile.mkdtemp(prefix="rs-days-", dir="/tmp"))  # a socket's path must be short
    home.chmod(0o711)
    stack.callback(shutil.rmtree, home, ignore_errors=True)
    for name in ("postgres", "redis"):
        (home / name).mkdir()
    postgres, redis = OwnPostgres(home / "postgres"), OwnRedis(home / "redis")
    for server in (postgres, redis):
        server.start()
        stack.callback(server.kill)
    launcher = Launcher()
    stack.callback(launcher.close)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PROJECT_PREFIXES)}
    environment |= {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url, "CACHE_REDIS_URL": redis.url, **variables}
    site = stack.enter_context(start_site(launcher, *city.options()))
    start = partial(launcher.start, "scrapy", environment=environment)
    return Days(city, site, postgres, start, f"ten-days-{uuid.uuid4().hex[:8]}")


if __name__ == "__main__":
    sys.exit(main())
