"""Four workers on one budget, one killed and one suspended meanwhile: what was granted, and what the site saw.

`python -m bench.politeness`
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from bench import runner
from bench.crawling import running_workers
from bench.synthetic_site import running_replica

if TYPE_CHECKING:
    from subprocess import Popen

    from bench.runner import Figures
    from bench.synthetic_site import SyntheticSite

PER_SECOND = 50.0
INTERVAL = 1 / PER_SECOND
WORKERS = 4
REQUESTS = 3000  # that are judged, a minute
SUSPENDED_SECONDS = 10
SHORTER = 0.95  # of an interval: what comes within it came together
SETTINGS = {"POLITENESS_REQUESTS_PER_SECOND": PER_SECOND, "FRONTIER_LEASE_SECONDS": 5, "LOG_LEVEL": "INFO"}


def main() -> int:
    arguments = runner.parser(__doc__, rounds=3).parse_args()
    runs = {"4 workers, 1 killed, 1 suspended": [_run() for _ in range(arguments.rounds)]}
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    worst = [run for figures in runs.values() for run in figures]
    goals = [
        runner.at_most("grants closer than the budget allows", max(run["violations"] for run in worst), 0),
        runner.at_most("requests that the site saw at once", max(run["burst"] for run in worst), 2),
        runner.at_least("share of the budget used", min(run["share"] for run in worst), 0.95),
    ]
    conditions = {"requests/s": PER_SECOND, "requests judged": REQUESTS, "rounds": arguments.rounds}
    return runner.publish(runner.Report("politeness", conditions, rows, goals, runs), arguments.json)


def _run() -> Figures:
    with tempfile.TemporaryDirectory() as directory:
        grants = Path(directory) / "grants"
        extensions = '{"bench.grants.GrantLog": 0}'
        settings = SETTINGS | {"BENCH_GRANTS_FILE": grants, "EXTENSIONS": extensions}
        with (
            running_replica("--refill-stores", "5000", "--latency-ms", "50") as site,
            running_workers(WORKERS, site.url, settings) as workers,
        ):
            began = _wait_for(site, 300)  # all are there
            _disturb(site, workers)
            _wait_for(site, began + REQUESTS)
            arrived = [entry["arrived"] for entry in site.log(began)][:REQUESTS]
            return _judge(sorted(map(float, grants.read_text().split())), sorted(arrived))


def _disturb(site: SyntheticSite, workers: list[Popen[str]]) -> None:
    _wait_for(site, 800)
    workers[0].kill()
    os.kill(workers[1].pid, signal.SIGSTOP)
    time.sleep(SUSPENDED_SECONDS)
    os.kill(workers[1].pid, signal.SIGCONT)


def _wait_for(site: SyntheticSite, count: int) -> int:
    """Return when the site has seen so many requests; how many they are."""
    while not (log := site.log(count)):
        time.sleep(0.1)
    return int(log[0]["seq"])


def _judge(granted: list[float], arrived: list[float]) -> Figures:
    microsecond = 1e-6
    return {
        "granted": len(granted),
        "violations": sum(later - earlier < INTERVAL - 2 * microsecond for earlier, later in pairwise(granted)),
        "burst": _largest_burst(arrived),
        "share": (len(arrived) - 1) / (arrived[-1] - arrived[0]) / PER_SECOND,
    }


def _largest_burst(moments: list[float]) -> int:
    first, largest = 0, 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= SHORTER * INTERVAL:
            first += 1
        largest = max(largest, last - first + 1)
    return largest


if __name__ == "__main__":
    sys.exit(main())
