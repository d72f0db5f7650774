"""Is every refill store of a whole city found, and at what cost? A crawl of the replica, judged by its own truth.

`python -m bench.completeness --seed 815 --cap 100 --cap 20`: a crawl of all Seoul for each cap, nothing learnt before.
Without --seed the city is one that nobody has seen. Exit code 1: a goal was missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from urllib.request import urlopen

import psycopg

from bench.runner import Goal, at_least, at_most
from bench.site import PROJECT
from bench.worker import OWN_VARIABLES, empty_database, running_services
from refillspot.planning import KEYWORDS
from refillspot.regions import districts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.services import ServiceAddresses

HEAD = "| district | reachable | stored | called refill | of these right | store pages |\n|---|--:|--:|--:|--:|--:|"


@dataclass(frozen=True)
class Judged:
    """One crawl against the truth."""

    cap: int
    truth: dict[str, dict[str, Any]]
    stored: dict[str, str]
    """{ref: verdict}."""
    requests: Counter[str]
    """By kind: robots, list, store."""
    pages: list[str]
    """Stores whose page was asked for."""

    @property
    def reachable(self) -> set[str]:
        return {ref for ref, store in self.truth.items() if store["refill"] and store["reached_by"]}

    @property
    def called_refill(self) -> set[str]:
        return {ref for ref, verdict in self.stored.items() if verdict != "unlikely"}

    @property
    def right(self) -> set[str]:
        return {ref for ref in self.called_refill if self.truth[ref]["refill"]}

    def rows(self) -> Iterator[str]:
        yield HEAD
        for district in districts():
            yield self._row(district.name, {r for r, s in self.truth.items() if s["district"] == district.name})
        yield self._row("**all**", set(self.truth))

    def _row(self, name: str, refs: set[str]) -> str:
        counts = [self.reachable, self.reachable & self.stored.keys(), self.called_refill, self.right]
        pages = sum(ref in refs for ref in self.pages)
        return f"| {name} | {' | '.join(str(len(found & refs)) for found in counts)} | {pages} |"

    def summary(self) -> Iterator[str]:
        total, refill = self.requests.total(), len(self.called_refill)
        least = refill + ceil(refill / self.cap) + 1
        yield (
            f"{total} requests: {self.requests['list']} lists, {self.requests['store']} store pages, "
            f"{self.requests['robots']} for robots.txt. At 1 request/s: {total / 60:.1f} minutes."
        )
        yield (
            f"{total / refill:.3f} requests for each of {refill} stores that are confirmed or likely. "
            f"No plan can do with less than {least / refill:.3f}: a page each, and lists of {self.cap} rows."
        )

    def goals(self) -> Iterator[Goal]:
        recall = len(self.reachable & self.stored.keys()) / len(self.reachable)
        yield at_least(f"cap {self.cap}: recall of the reachable", recall, 1.0)
        yield at_least(f"cap {self.cap}: precision", len(self.right) / len(self.called_refill), 0.99)
        yield at_most(f"cap {self.cap}: minutes of all Seoul at 1 request/s", self.requests.total() / 60, 60)
        if self.cap >= 100:
            cost = self.requests.total() / len(self.called_refill)
            yield at_most(f"cap {self.cap}: requests a confirmed or likely store", cost, 1.3)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.completeness", description=__doc__)
    parser.add_argument("--seed", type=int, help="of the replica's city; without one, a number that nobody has seen")
    parser.add_argument("--cap", type=int, action="append", help="rows that one query can show (default 100)")
    parser.add_argument("--workers", type=int, default=1, help="that share the crawl (default 1)")
    arguments = parser.parse_args()
    seed = SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    goals: list[Goal] = []
    with running_services() as services:
        for cap in arguments.cap or [100]:
            judged = crawl(seed, cap, services, arguments.workers)
            print(f"\n### Seed {seed}, cap {cap}\n", *judged.rows(), "", *judged.summary(), sep="\n", flush=True)
            goals += judged.goals()
    print("", *goals, sep="\n")
    return 0 if all(goal.is_met for goal in goals) else 1


def crawl(seed: int, cap: int, services: ServiceAddresses, workers: int) -> Judged:
    with running_replica(seed, cap) as site, empty_database(services.database_url) as database_url:
        if (codes := run_workers(site, services, database_url, workers=workers)) != {0}:
            raise SystemExit(f"the crawl ended with {codes}: see its log")
        truth = json.loads(get(f"{site}/_truth?keywords={quote(','.join(KEYWORDS))}"))["stores"]
        log = [json.loads(line) for line in get(f"{site}/_log").splitlines()]
        with psycopg.connect(database_url) as connection:
            stored: dict[str, str] = dict(
                connection.execute("SELECT ref, refill_verdict FROM refillspot.stores").fetchall()
            )
    requests = Counter(entry["kind"] for entry in log)
    pages = [entry["asked"] for entry in log if entry["kind"] == "store"]
    return Judged(cap, {store["ref"]: store for store in truth}, stored, requests, pages)


@contextmanager
def running_replica(seed: int, cap: int, *options: str) -> Iterator[str]:
    command = [sys.executable, "-m", "replica", "--seed", str(seed), "--cap", str(cap), "--until-stdin-closes"]
    command += options
    with subprocess.Popen(  # this project's own program
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield next(word for word in process.stdout.readline().split() if word.startswith("http://"))
        finally:
            process.stdin.close()


def run_workers(
    site: str, services: ServiceAddresses, database_url: str, *, district: str = "all", workers: int = 1, **more: Any
) -> set[int]:
    """Crawl, with `more` settings; return the exit codes. The log is kept where one of them is not 0."""
    settings = {
        "DININGCODE_API_URL": site,
        "DININGCODE_WEB_URL": site,
        "POLITENESS_REQUESTS_PER_SECOND": 0,
        "REDIS_KEY_PREFIX": f"bench-{uuid.uuid4().hex[:12]}",
        "LOG_LEVEL": "INFO",
        **more,
    }
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
    environment = kept | {"DATABASE_URL": database_url, "REDIS_URL": services.redis_url}
    environment["CACHE_REDIS_URL"] = services.cache_redis_url
    command = [sys.executable, "-m", "scrapy", "crawl", "diningcode", "-a", f"district={district}", *options]
    with tempfile.NamedTemporaryFile("w+", suffix=".log", delete=False) as log:
        running = [subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=log) for _ in range(workers)]
        codes = {worker.wait() for worker in running}
    if codes == {0}:
        Path(log.name).unlink()
    else:
        print(f"the workers ended with {codes}, their log is {log.name}", file=sys.stderr)
    return codes


def get(url: str) -> str:
    with urlopen(url) as answer:
        return str(answer.read().decode())


if __name__ == "__main__":
    sys.exit(main())
