"""1, 2 and 4 workers on one queue against a site that takes 200 ms. `python -m bench.scaling`

Each worker has 4 requests at once, so that two cores are enough for all of them: what is measured is the sharing.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench import runner
from bench.crawling import running_workers
from bench.site import KEYWORDS, running_site

if TYPE_CHECKING:
    from bench.runner import Figures

LATENCY = 0.2
AT_ONCE = 4
WORKERS = (1, 2, 4)
STORES_A_WORKER = 250


def main() -> int:
    arguments = runner.parser(__doc__, rounds=3).parse_args()
    with running_site(STORES_A_WORKER * max(WORKERS), LATENCY) as large:
        cases = {f"{count} workers": partial(crawl, count, large) for count in WORKERS}
        runs = runner.interleave(cases, arguments.rounds, warm_up=False)  # it is the site that takes its time
    goals = [
        runner.at_least(
            f"{count} workers, share of {count} times one",
            runner.ratio(runs, "stores/s", of=f"{count} workers", baseline="1 workers") / count,
            0.95,
            "1 workers",
        )
        for count in WORKERS[1:]
    ]
    conditions = {"seconds an answer takes": LATENCY, "at once, each worker": AT_ONCE, "rounds": arguments.rounds}
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    return runner.publish(runner.Report("scaling", conditions, rows, goals, runs), arguments.json)


def crawl(count: int, url: str) -> Figures:
    with tempfile.TemporaryDirectory() as directory:
        settings = {
            "POLITENESS_REQUESTS_PER_SECOND": 0,
            "CONCURRENT_REQUESTS": AT_ONCE,
            "CONCURRENT_REQUESTS_PER_DOMAIN": AT_ONCE,
            "EXTENSIONS": '{"bench.probe.Probe": 0}',
            "BENCH_PROBE_FILE": f"{directory}/PID.json",
            "LOG_LEVEL": "WARNING",
        }
        with running_workers(count, url, settings, f"keywords={KEYWORDS}") as workers:
            for worker in workers:
                worker.wait()
        files = sorted(Path(directory).glob("*.json"))
        probes = [msgspec.json.decode(file.read_bytes(), type=dict[str, float]) for file in files]
    if len(probes) != count:
        raise subprocess.SubprocessError(f"{count - len(probes)} of {count} workers failed: see their logs")
    stores = sum(probe["stores"] for probe in probes)
    return {
        "stores/s": sum(probe["stores/s"] for probe in probes),  # each from its own start: they do not start together
        "stores": stores,
        "smallest share": min(probe["stores"] for probe in probes) / stores,
        "cpu ms/store": sum(probe["cpu ms/store"] * probe["stores"] for probe in probes) / stores,
    }


if __name__ == "__main__":
    sys.exit(main())
