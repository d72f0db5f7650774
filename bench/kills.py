"""What a SIGKILL costs: two workers share a crawl, one is killed in the middle, the other goes on to the end.

`python -m bench.kills --seeds 10` prints a table for docs/reliability.md: this project's scheduler and scrapy-redis'
own, each against what the same crawl stores undisturbed. Real servers (those configured, else the embedded ones),
scratch databases, a replica for each seed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import psycopg

from refillspot.postgres.database import migrate_database, read_stores, scratch_database
from refillspot.services import resolve
from refillspot.shared.keys import remove_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).parent.parent
DISTRICTS = "강남구,마포구,금천구,관악구"
SCHEDULERS = {
    "refillspot": ("refillspot.frontier.scheduler.Scheduler", ("-s", "FRONTIER_LEASE_SECONDS=2")),
    "scrapy-redis": ("refillspot.performance.stock.StockScheduler", ()),
}


@dataclass(slots=True)
class Losses:
    """Sums over all seeds."""

    trials: int = 0
    stores: int = 0
    missing: int = 0
    too_many: int = 0
    fetched_again: int = 0
    fetched_more_than_twice: int = 0
    redelivered: int = 0
    complete: int = 0
    exit_0: int = 0
    seeds_with_loss: list[int] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=1)
    options = parser.parse_args()
    losses = {name: Losses() for name in SCHEDULERS}
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for name, total in losses.items():
            _trial(seed, name, total)
            print(f"seed {seed}, {name}: {total}", file=sys.stderr)
    print(_table(losses))


def _trial(seed: int, name: str, total: Losses) -> None:
    with ExitStack() as stack:
        site = stack.enter_context(_replica(seed))
        undisturbed = stack.enter_context(_worker_environment())
        _wait(_start(site, name, undisturbed))
        expected = _refs(undisturbed)
        fetches = _store_fetches(site)
        _clear_log(site)
        environment = stack.enter_context(_worker_environment())
        victim, survivor = _start(site, name, environment), _start(site, name, environment)
        moment = random.Random(seed).uniform(0.2, 0.8) * len(fetches)  # noqa: S311  # a draw, not a secret
        while len(_store_fetches(site)) < moment:
            time.sleep(0.02)
        victim.kill()
        exit_code = _wait(survivor)
        _wait(victim)
        total.exit_0 += exit_code == 0
        _count(total, seed, expected, _refs(environment))
        _count_fetches(total, _store_fetches(site))
        _count_crawls(total, environment["DATABASE_URL"])


def _count(total: Losses, seed: int, expected: set[str], stored: set[str]) -> None:
    missing = expected - stored
    total.trials += 1
    total.stores += len(expected)
    total.missing += len(missing)
    total.too_many += len(stored - expected)
    if missing:
        total.seeds_with_loss.append(seed)


def _count_fetches(total: Losses, fetches: list[str]) -> None:
    times = Counter(fetches)
    total.fetched_again += len(fetches) - len(times)
    total.fetched_more_than_twice += sum(count > 2 for count in times.values())


def _count_crawls(total: Losses, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        for state, counts in connection.execute("SELECT state, counts FROM refillspot.crawls"):
            total.complete += state == "complete"
            total.redelivered += (counts or {}).get("redelivered", 0)


@contextmanager
def _replica(seed: int) -> Iterator[str]:
    command = [sys.executable, "-m", "replica", "--seed", str(seed), "--latency-ms", "20", "--until-stdin-closes"]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        yield next(word for word in process.stdout.readline().split() if word.startswith("http://"))
        process.stdin.close()


@contextmanager
def _worker_environment() -> Iterator[dict[str, str]]:
    """A database and a prefix of their own, removed at the end."""
    services = resolve()
    prefix = f"refillspot-kills-{secrets.token_hex(4)}"
    with scratch_database(services.database_url, prefix.replace("-", "_")) as database_url:
        migrate_database(database_url)
        addresses = {"DATABASE_URL": database_url, "REDIS_URL": services.redis_url, "PREFIX": prefix}
        try:
            yield os.environ | addresses | {"CACHE_REDIS_URL": services.cache_redis_url}
        finally:
            remove_keys(services.redis_url, prefix)


def _start(site: str, name: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    scheduler, more = SCHEDULERS[name]
    settings = {
        "DININGCODE_API_URL": site,
        "DININGCODE_WEB_URL": site,
        "POLITENESS_REQUESTS_PER_SECOND": 0,
        "REDIS_KEY_PREFIX": environment["PREFIX"],
        "CACHE_ENABLED": False,  # what is fetched again is what is counted
        "SCHEDULER": scheduler,
        "LOG_LEVEL": "ERROR",
    }
    options = [part for key, value in settings.items() for part in ("-s", f"{key}={value}")]
    command = [sys.executable, "-m", "scrapy", "crawl", "diningcode", "-a", f"district={DISTRICTS}", *options, *more]
    return subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=subprocess.DEVNULL)


def _wait(process: subprocess.Popen[bytes]) -> int:
    with process:
        return process.wait(timeout=300)


def _refs(environment: dict[str, str]) -> set[str]:
    return {store["ref"] for store in read_stores(environment["DATABASE_URL"])}


def _store_fetches(site: str) -> list[str]:
    with urlopen(f"{site}/_log") as answer:
        entries: list[dict[str, Any]] = [json.loads(line) for line in answer if line.strip()]
    return [entry["asked"] for entry in entries if entry["kind"] == "store"]


def _clear_log(site: str) -> None:
    with urlopen(Request(f"{site}/_log", method="DELETE")):
        pass


def _table(losses: dict[str, Losses]) -> str:
    columns: dict[str, Callable[[Losses], object]] = {
        "trials": lambda it: it.trials,
        "stores": lambda it: it.stores,
        "missing": lambda it: it.missing,
        "too many": lambda it: it.too_many,
        "trials with a loss": lambda it: len(it.seeds_with_loss),
        "fetched again": lambda it: it.fetched_again,
        "delivered again": lambda it: it.redelivered,
        "fetched more than twice": lambda it: it.fetched_more_than_twice,
        "complete crawls": lambda it: it.complete,
        "exit code 0": lambda it: it.exit_0,
    }
    head = ["| scheduler | " + " | ".join(columns) + " |", "|---|" + "--:|" * len(columns)]
    rows = [f"| {name} | " + " | ".join(str(of(it)) for of in columns.values()) + " |" for name, it in losses.items()]
    return "\n".join([*head, *rows])


if __name__ == "__main__":
    main()
