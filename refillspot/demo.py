"""The whole road in one go: servers, a synthetic site, a crawl of two districts, the stores against the truth."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from urllib.request import ProxyHandler, build_opener

from refillspot.exceptions import ServiceUnavailableError
from refillspot.outcome import COMPLETE, INCOMPLETE
from refillspot.postgres.database import read_stores, scratch_database
from refillspot.services import embedded, read_environment, resolve
from refillspot.services.keys import remove_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from refillspot.services import ServiceAddresses

PROJECT = Path(__file__).parent.parent
REQUESTS_PER_SECOND = 200  # on loopback nobody is burdened
CRAWLED = {COMPLETE, INCOMPLETE}  # exit codes of a crawl that came to its end
DIRECT = build_opener(ProxyHandler({}))  # loopback is no matter of a proxy


@dataclass(slots=True, frozen=True)
class DemoResult:
    """What the crawl stored, and what the synthetic city says it should have."""

    stores: list[dict[str, Any]]
    """Rows of `refillspot.stores`, refill stores first, cheapest first."""
    reachable: list[dict[str, Any]]
    """The refill stores of the truth that the keywords reach."""
    crawl_exit_code: int
    crawl_seconds: float
    log: Path

    @property
    def refill_stores(self) -> list[dict[str, Any]]:
        return [store for store in self.stores if store["refill_verdict"] != "unlikely"]

    @property
    def missing(self) -> list[dict[str, Any]]:
        """The reachable refill stores that were not stored at all."""
        stored = {store["ref"] for store in self.stores}
        return [truth for truth in self.reachable if truth["ref"] not in stored]

    @property
    def misjudged(self) -> list[dict[str, Any]]:
        """The rows of reachable refill stores that were stored as no refill stores."""
        reachable = {truth["ref"] for truth in self.reachable}
        return [store for store in self.stores if store["refill_verdict"] == "unlikely" and store["ref"] in reachable]


def run_demo(districts: Sequence[str], keywords: Sequence[str], seed: int) -> DemoResult:
    """Crawl `districts` of a synthetic city into a scratch database. Whatever this starts is stopped again.

    Raises:
        ServiceUnavailableError: PostgreSQL, Redis or the synthetic site cannot be had.
    """
    with ExitStack() as stack:
        services = stack.enter_context(_services())
        prefix = f"refillspot-demo-{secrets.token_hex(4)}"
        for url in {services.redis_url, services.cache_redis_url}:
            stack.callback(remove_keys, url, prefix)
        database_url = stack.enter_context(scratch_database(services.database_url, prefix.replace("-", "_")))
        site = stack.enter_context(_replica(seed))
        log = read_environment().home / "demo.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        settings = {
            "DININGCODE_API_URL": site,
            "DININGCODE_WEB_URL": site,
            "POLITENESS_REQUESTS_PER_SECOND": REQUESTS_PER_SECOND,
            "REDIS_KEY_PREFIX": prefix,
        }
        addresses = asdict(replace(services, database_url=database_url))
        exit_code = _crawl(districts, keywords, settings, addresses, log)
        seconds = time.monotonic() - started
        truth = [store for district in districts for store in _truth(site, district, keywords)]
        reachable = [store for store in truth if store["refill"] and store["reached_by"]]
        stores = read_stores(database_url) if exit_code in CRAWLED else []
        return DemoResult(stores, reachable, exit_code, seconds, log)


@contextmanager
def _services() -> Iterator[ServiceAddresses]:
    """Yield servers that answer; stop the embedded ones again that were not there before."""
    home = read_environment().home
    idle = [server for server in embedded.servers(home) if not embedded.is_up(server)]
    try:
        yield resolve()
    finally:
        for server in idle:
            embedded.ensure_down(server)


@contextmanager
def _replica(seed: int) -> Iterator[str]:
    command = [sys.executable, "-m", "replica", "--port", "0", "--seed", str(seed), "--until-stdin-closes"]
    with subprocess.Popen(  # noqa: S603  # this project's own program
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin and process.stdout  # noqa: S101, PT018  # both are pipes
        try:
            line = process.stdout.readline()
            url = next((word for word in line.split() if word.startswith("http://")), None)
            if url is None:
                raise ServiceUnavailableError("the synthetic site did not start: run `python -m replica` to see why")
            yield url
        finally:
            process.stdin.close()  # it ends itself; Popen waits for that


def _crawl(
    districts: Sequence[str], keywords: Sequence[str], settings: dict[str, Any], addresses: dict[str, str], log: Path
) -> int:
    """Run `scrapy crawl` as a user would; return its exit code. Addresses by the environment: `ps` shows the rest."""
    command = [sys.executable, "-m", "scrapy", "crawl", "diningcode"]
    command += ["-a", f"district={','.join(districts)}", "-a", f"keywords={','.join(keywords)}"]
    command += [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    environ = os.environ | {name.upper(): url for name, url in addresses.items()} | {"no_proxy": "127.0.0.1"}
    with log.open("w", encoding="utf-8") as output:
        return subprocess.run(  # noqa: S603  # this project's own program
            command, cwd=PROJECT, env=environ, stdout=output, stderr=output, check=False
        ).returncode


def _truth(site: str, district: str, keywords: Sequence[str]) -> list[dict[str, Any]]:
    url = f"{site}/_truth?district={quote(district)}&keywords={quote(','.join(keywords))}"
    with DIRECT.open(url) as answer:
        stores: list[dict[str, Any]] = json.load(answer)["stores"]
    return stores
