"""What parts of the engine are worth: event loop, download handler, middlewares. `python -m bench.engine`

One worker with everything on, as in `bench.peers`, against the same with one part exchanged.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import TYPE_CHECKING

from scrapy.settings import default_settings

from bench import runner
from bench.peers import EVERYTHING
from bench.site import running_site
from bench.worker import Worker, running_services

if TYPE_CHECKING:
    from collections.abc import Mapping

AIOHTTP = "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler"
HANDLERS = f'{{"data": null, "file": null, "ftp": null, "s3": null, "http": "{AIOHTTP}", "https": "{AIOHTTP}"}}'
REPLACED = ("robotstxt", "useragent", "retry", "start")  # modules of those that have one of ours in their place
BASELINE = "as it is"


def every(kind: str) -> str:
    """Return all of Scrapy's middlewares but those that are replaced, each in its place."""
    base: Mapping[str, int] = getattr(default_settings, f"{kind}_MIDDLEWARES_BASE")
    return json.dumps({name: place for name, place in base.items() if name.split(".")[2] not in REPLACED})


CASES: dict[str, dict[str, str | float]] = {
    BASELINE: {},
    "uvloop": {"ASYNCIO_EVENT_LOOP": "uvloop.Loop"},
    "AiohttpDownloadHandler": {"DOWNLOAD_HANDLERS": HANDLERS},
    "the middlewares that are off": {
        "DOWNLOADER_MIDDLEWARES_BASE": every("DOWNLOADER"),
        "SPIDER_MIDDLEWARES_BASE": every("SPIDER"),
        "COOKIES_ENABLED": "True",
        "METAREFRESH_ENABLED": "True",
        "HTTPPROXY_ENABLED": "True",
    },
    "CONCURRENT_ITEMS 100": {"CONCURRENT_ITEMS": 100},
}


def main() -> int:
    parser = runner.parser(__doc__, rounds=5)
    parser.add_argument("--stores", type=int, default=3000, help="stores of a run (default 3000)")
    arguments = parser.parse_args()
    with running_services() as services, running_site(arguments.stores) as url:
        worker = Worker(url, services)
        cases = {name: partial(worker.crawl, EVERYTHING | changed) for name, changed in CASES.items()}
        runs = runner.interleave(cases, arguments.rounds)
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    for name, row in rows.items():
        row["÷ as it is"] = runner.ratio(runs, "stores/s", of=name, baseline=BASELINE)
    conditions = {"stores": arguments.stores, "rounds": arguments.rounds}
    return runner.publish(runner.Report("engine", conditions, rows, [], runs), arguments.json)


if __name__ == "__main__":
    sys.exit(main())
