"""Stores/s of one worker with everything on, beside what others would build. `python -m bench.peers`

The site answers at once, each store with its own page. All cases read the same pages with the same parsers.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial

import msgspec
from scrapy.settings import default_settings

from bench import runner
from bench.runner import Figures
from bench.site import PROJECT, running_site
from bench.worker import Worker, running_services
from refillspot import settings

OURS, STOCK, BARE = "refillspot, everything on", "scrapy-redis + INSERT a row", "Scrapy, no queue, no storage"
EVERYTHING: dict[str, str | float] = {
    "POLITENESS_REQUESTS_PER_SECOND": 5000,  # the budget is asked, and never short
    "EXTENSIONS": json.dumps(settings.EXTENSIONS | {"bench.probe.Probe": 0}),
}
SCRAPYS_OWN: dict[str, str | float] = {  # none of our parts, each setting as Scrapy has it
    "DOWNLOADER_MIDDLEWARES": "{}",
    "SPIDER_MIDDLEWARES": "{}",
    "ITEM_PIPELINES": "{}",
    **{
        name: json.dumps(value) if isinstance(value := getattr(default_settings, name), dict) else str(value)
        for name in (
            "DOWNLOADER", "CONCURRENT_REQUESTS", "CONCURRENT_REQUESTS_PER_DOMAIN", "ROBOTSTXT_OBEY", "LOG_FORMATTER",
            "HTTPPROXY_ENABLED", "COOKIES_ENABLED", "METAREFRESH_ENABLED", "SCRAPER_SLOT_MAX_ACTIVE_SIZE",
            "DOWNLOADER_MIDDLEWARES_BASE", "SPIDER_MIDDLEWARES_BASE",
        )
    },
}  # fmt: skip
BARE_SETTINGS = SCRAPYS_OWN | {  # CONCURRENT_ITEMS stays ours
    "SCHEDULER": "scrapy.core.scheduler.Scheduler",
    "DUPEFILTER_CLASS": "scrapy.dupefilters.RFPDupeFilter",
}
STOCK_SETTINGS = SCRAPYS_OWN | {
    "SCHEDULER": "refillspot.performance.stock.StockScheduler",
    "SCHEDULER_SERIALIZER": "scrapy_redis.picklecompat",
    "ITEM_PIPELINES": '{"bench.insert_pipeline.InsertPipeline": 1}',
    "CONCURRENT_ITEMS": default_settings.CONCURRENT_ITEMS,
}
GOALS = {STOCK: 2.5, BARE: 0.9}


def main() -> int:
    parser = runner.parser(__doc__, rounds=3)
    parser.add_argument("--stores", type=int, default=3000, help="stores of a run (default 3000)")
    arguments = parser.parse_args()
    with running_services() as services, running_site(arguments.stores) as url:
        worker = Worker(url, services)
        cases = {
            OURS: partial(worker.crawl, EVERYTHING),
            STOCK: partial(worker.crawl, STOCK_SETTINGS),
            BARE: partial(worker.crawl, BARE_SETTINGS, table=None),
            "requests, 16 threads, no storage": partial(plain_client, "requests", url),
            "aiohttp, 16 at once, no storage": partial(plain_client, "aiohttp", url),
        }
        runs = runner.interleave(cases, arguments.rounds)
    goals = [
        runner.at_least(
            f"stores/s of one worker, {OURS} ÷ {baseline}",
            runner.ratio(runs, "stores/s", of=OURS, baseline=baseline),
            goal,
            baseline,
        )
        for baseline, goal in GOALS.items()
    ]
    conditions = {
        "stores": arguments.stores,
        "rounds": arguments.rounds,
        "CONCURRENT_ITEMS": f"{settings.CONCURRENT_ITEMS}; {STOCK}: {STOCK_SETTINGS['CONCURRENT_ITEMS']}",
        "download handler of all three": f"Scrapy's own ({default_settings.DOWNLOAD_HANDLERS_BASE['https']})",
    }
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    return runner.publish(runner.Report("peers", conditions, rows, goals, runs), arguments.json)


def plain_client(client: str, url: str) -> Figures:
    command = [sys.executable, "-m", "bench.plain_clients", client, url]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True)
    return msgspec.json.decode(done.stdout, type=Figures)


if __name__ == "__main__":
    sys.exit(main())
