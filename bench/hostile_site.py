"""What a hostile site costs: a crawl of one district through `tests/crawl/hostile_site.py`, and the same without it.

`python -m bench.hostile_site` takes five minutes at 2 requests/s. Every list of the hostile site lies about its length
and holds rows of which no store can be made; as many stores as there are tricks are answered by one.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import urlopen

from bench import runner
from bench.crawling import running_workers
from bench.synthetic_site import running_replica
from tests.crawl.hostile_site import HostileSite, Inner, serving

if TYPE_CHECKING:
    from bench.runner import Figures
    from bench.synthetic_site import SyntheticSite

DISTRICT = "강남구"
SETTINGS = {"RETRY_TIMES": 1, "EARLY_STOP_PAGES": 0, "UNLIKELY_SAMPLE_SHARE": 0.02}


def main() -> int:
    parser = runner.parser(__doc__, rounds=1)
    parser.add_argument("--rate", type=float, default=2, help="requests/s that are allowed (default: 2)")
    arguments = parser.parse_args()
    settings = SETTINGS | {"POLITENESS_REQUESTS_PER_SECOND": arguments.rate}
    with running_replica() as site:
        refs = _reachable(site)
        rows = {"honest": _crawl(site, site.url, settings)}
        with serving(Inner()) as inner, serving(HostileSite(site.url, inner, refs)) as hostile:
            rows["hostile"] = _crawl(site, hostile.url, settings)
    ratio = rows["hostile"]["seconds"] / rows["honest"]["seconds"]
    goals = [runner.at_most("a hostile site: time of the crawl", ratio, 1.5, "the same site without its hostile parts")]
    report = runner.Report("hostile site", settings, rows, goals, {name: [row] for name, row in rows.items()})
    return runner.publish(report, arguments.json)


def _reachable(site: SyntheticSite) -> list[str]:
    with urlopen(f"{site.url}/_truth?{urlencode({'district': DISTRICT, 'keywords': '무한리필'})}") as answer:
        stores = json.load(answer)["stores"]
    return sorted(store["ref"] for store in stores if store["refill"] and store["reached_by"])


def _crawl(site: SyntheticSite, url: str, settings: dict[str, float]) -> Figures:
    before, began = len(site.log()), time.monotonic()
    with running_workers(1, url, settings, f"district={DISTRICT}") as (worker,):
        code = worker.wait()
    print(f"{url}: exit code {code}", file=sys.stderr)
    return {"seconds": time.monotonic() - began, "requests": len(site.log()) - before}


if __name__ == "__main__":
    sys.exit(main())
