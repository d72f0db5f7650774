"""What parts of the engine are worth: event loop, download handler, middlewares. `python -m bench.engine`

One worker with everything on, as in `bench.peers`, against the same with one part exchanged.
"""

from __future__ import annotations

import sys
from functools import partial

from bench import runner
from bench.peers import EVERYTHING
from bench.site import running_site
from bench.worker import Worker, running_services

AIOHTTP = "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler"
HANDLERS = f'{{"data": null, "file": null, "ftp": null, "s3": null, "http": "{AIOHTTP}", "https": "{AIOHTTP}"}}'
BASELINE = "as it is"
CASES: dict[str, dict[str, str | float]] = {
    BASELINE: {},
    "without uvloop": {"ASYNCIO_EVENT_LOOP": "asyncio.SelectorEventLoop"},
    "AiohttpDownloadHandler": {"DOWNLOAD_HANDLERS": HANDLERS},
    "CONCURRENT_ITEMS 100": {"CONCURRENT_ITEMS": 100},
}


def main() -> int:
    parser = runner.parser(__doc__, rounds=5)
    parser.add_argument("--stores", type=int, default=3000, help="stores of a run (default 3000)")
    arguments = parser.parse_args()
    with running_services() as services, running_site(arguments.stores) as url:
        worker = Worker(url, services)
        cases = {name: partial(worker.crawl, EVERYTHING | settings) for name, settings in CASES.items()}
        runs = runner.interleave(cases, arguments.rounds)
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    for name, row in rows.items():
        row["÷ as it is"] = runner.ratio(runs, "stores/s", of=name, baseline=BASELINE)
    conditions = {"stores": arguments.stores, "rounds": arguments.rounds}
    return runner.publish(runner.Report("engine", conditions, rows, [], runs), arguments.json)


if __name__ == "__main__":
    sys.exit(main())
