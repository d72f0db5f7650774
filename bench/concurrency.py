"""Where adaptive concurrency settles, beside fixed levels. `python -m bench.concurrency`

One worker against two sites: one that answers at once, so that this machine is the limit, and one that takes 200 ms.
Measured is the second half of each crawl: the first is for finding out.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from bench import runner
from bench.site import running_site
from bench.worker import Worker, running_services

if TYPE_CHECKING:
    from bench.runner import Figures

SITES = {"bound by the processor": (0.0, (8, 16, 32, 64)), "bound by latency (200 ms)": (0.2, (16, 32, 64))}
"""Seconds that an answer takes, and the fixed levels: 8 at 200 ms are 40 requests/s."""
ADAPTIVE = "adaptive"
EXTENSIONS = (
    '{"bench.probe.Probe": 0, "refillspot.extensions.adaptive_concurrency.AdaptiveConcurrency": 0,'
    ' "refillspot.extensions.memory_guard.MemoryGuard": 0}'
)
FIGURE = "answers/s, second half"
WITHIN = 0.9  # of the best fixed level


def main() -> int:
    parser = runner.parser(__doc__, rounds=3)
    parser.add_argument("--stores", type=int, default=4000, help="stores of a run (default 4000)")
    arguments = parser.parse_args()
    rows: dict[str, Figures] = {}
    every: dict[str, list[Figures]] = {}
    goals = []
    with running_services() as services:
        for site, (latency, levels) in SITES.items():
            with running_site(arguments.stores, latency) as url:
                worker = Worker(url, services)
                cases = {
                    str(level): partial(
                        worker.crawl, {"CONCURRENT_REQUESTS": level, "CONCURRENT_REQUESTS_PER_DOMAIN": level}
                    )
                    for level in levels
                }
                cases[ADAPTIVE] = partial(worker.crawl, {"EXTENSIONS": EXTENSIONS})
                runs = runner.interleave(cases, arguments.rounds)
            medians = {name: runner.medians(figures) for name, figures in runs.items()}
            best = max(levels, key=lambda level: medians[str(level)][FIGURE])
            ratio = runner.ratio(runs, FIGURE, of=ADAPTIVE, baseline=str(best))
            goals.append(runner.at_least(f"{site}: adaptive ÷ best fixed level ({best})", ratio, WITHIN))
            rows |= {f"{site}, {name}": figures for name, figures in medians.items()}
            every |= {f"{site}, {name}": figures for name, figures in runs.items()}
    conditions = {"stores": arguments.stores, "rounds": arguments.rounds}
    return runner.publish(runner.Report("concurrency", conditions, rows, goals, every), arguments.json)


if __name__ == "__main__":
    sys.exit(main())
