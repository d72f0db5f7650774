"""What the pages for people bring while the API answers nothing but HTTP 500, and what they lack.

`python -m bench.fallback --seed 7 --district 강남구`: the same crawl twice, by the API and by the pages, each judged by
the replica's truth and its log. Exit code 1: fewer than 95 % of the reachable refill stores came by the pages.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from psycopg.rows import dict_row

from bench.completeness import get, run_workers, running_replica
from bench.worker import empty_database, running_services
from refillspot.planning import KEYWORDS
from refillspot.postgres.columns import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.services import ServiceAddresses

BROKEN = ("--fault", "kind=status,status=500,path=/API/")
LEAST_RECALL = 0.95
DIFFERENCE = 0.005  # of a share: what is less is not shown


@dataclass(frozen=True)
class Crawled:
    """One crawl: what it stored, what could have been, and what the site was asked."""

    rows: dict[str, dict[str, Any]]
    reachable: set[str]
    paths: list[str]
    codes: set[int]

    @property
    def recall(self) -> float:
        return len(self.reachable & self.rows.keys()) / len(self.reachable)

    def row(self, name: str) -> str:
        refill = sum(row["refill_verdict"] != "unlikely" for row in self.rows.values())
        lists, stores = (self.paths.count(path) for path in PATHS[name])
        failed = sum(path.startswith("/API/") for path in self.paths) if name == "pages" else 0
        found = len(self.reachable & self.rows.keys())
        cells = [f"{found} of {len(self.reachable)}", refill, lists, stores, failed, max(self.codes)]
        return f"| {name} | {' | '.join(map(str, cells))} |"

    def known(self, column: str) -> float:
        """Return the share of the stores of which a column is known and not empty."""
        return sum(row[column] not in (None, [], {}) for row in self.rows.values()) / len(self.rows)


PATHS = {"api": ("/API/isearch/", "/API/profile/"), "pages": ("/list.dc", "/profile.php")}
HEAD = "| road | reachable stored | called refill | lists | store pages | API requests that failed | exit code |"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.fallback", description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="of the replica's city (default 7)")
    parser.add_argument("--district", default="강남구", help="as of scrapy crawl (default 강남구)")
    arguments = parser.parse_args()
    with running_services() as services:
        api = crawl(arguments.seed, arguments.district, services)
        pages = crawl(arguments.seed, arguments.district, services, *BROKEN)
    print(HEAD, "|---|--:|--:|--:|--:|--:|--:|", api.row("api"), pages.row("pages"), sep="\n")
    print("\n| column | known, by the API | by the pages |\n|---|--:|--:|", *differences(api, pages), sep="\n")
    return 0 if pages.recall >= LEAST_RECALL else 1


def crawl(seed: int, district: str, services: ServiceAddresses, *options: str) -> Crawled:
    with running_replica(seed, 100, *options) as site, empty_database(services.database_url) as database_url:
        codes = run_workers(site, services, database_url, district=district, RETRY_BACKOFF_SECONDS=0.2)
        query = f"keywords={quote(','.join(KEYWORDS))}"
        truth = json.loads(get(f"{site}/_truth?{query}"))["stores"]
        log = [json.loads(line) for line in get(f"{site}/_log").splitlines()]
        with psycopg.connect(database_url, row_factory=dict_row) as connection:
            rows = {row["ref"]: row for row in connection.execute("SELECT * FROM refillspot.stores")}
    asked = {district.strip() for district in district.split(",")}
    reachable = {
        store["ref"]
        for store in truth
        if store["refill"] and store["reached_by"] and (asked == {"all"} or store["district"] in asked)
    }
    return Crawled(rows, reachable, [entry["path"] for entry in log if entry["kind"] != "robots"], codes)


def differences(api: Crawled, pages: Crawled) -> Iterator[str]:
    for column in COLUMNS:
        by_api, by_pages = api.known(column.name), pages.known(column.name)
        if abs(by_api - by_pages) > DIFFERENCE:
            yield f"| `{column.name}` | {by_api:.1%} | {by_pages:.1%} |"


if __name__ == "__main__":
    sys.exit(main())
