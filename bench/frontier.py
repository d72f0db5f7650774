"""Stores/s of one worker: the queue that loses nothing against Scrapy's in-memory one, both storing in PostgreSQL.

`python -m bench.frontier`
"""

from __future__ import annotations

import sys
from functools import partial

from bench import runner
from bench.site import running_site
from bench.worker import Worker, running_services

COMMON: dict[str, str | float] = {
    "CONCURRENT_REQUESTS": 32,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 32,
    "CONCURRENT_ITEMS": 8,
}
IN_MEMORY: dict[str, str | float] = {
    "SCHEDULER": "scrapy.core.scheduler.Scheduler",
    "DUPEFILTER_CLASS": "scrapy.dupefilters.RFPDupeFilter",
}
FRONTIER, BASELINE = "refillspot.frontier", "scrapy in memory"
SPIDERS = {"": "diningcode", ", parsers off": "thin"}  # the second shows what the queue costs where nothing else does
GOAL = 0.95  # of the first


def main() -> int:
    parser = runner.parser(__doc__, rounds=5)
    parser.add_argument("--stores", type=int, default=4000, help="stores of a run (default 4000)")
    arguments = parser.parse_args()
    cases = {}
    with running_services() as services, running_site(arguments.stores) as site_url:
        worker = Worker(site_url, services)
        for suffix, spider in SPIDERS.items():
            cases[FRONTIER + suffix] = partial(worker.crawl, COMMON, spider)
            cases[BASELINE + suffix] = partial(worker.crawl, COMMON | IN_MEMORY, spider)
        runs = runner.interleave(cases, arguments.rounds)
    goals = [
        runner.at_least(
            f"stores/s, {FRONTIER} ÷ {BASELINE}{suffix}",
            runner.ratio(runs, "stores/s", of=FRONTIER + suffix, baseline=BASELINE + suffix),
            goal,
        )
        for suffix, goal in zip(SPIDERS, (GOAL, 0.0), strict=True)
    ]
    handler = {
        "DOWNLOAD_HANDLERS": "Scrapy's HTTP/1.1 (Twisted)",
        "stores": arguments.stores,
        "rounds": arguments.rounds,
    }
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    return runner.publish(runner.Report("frontier", COMMON | handler, rows, goals, runs), arguments.json)


if __name__ == "__main__":
    sys.exit(main())
