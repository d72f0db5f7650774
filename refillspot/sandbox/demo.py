"""All of it in one go: servers, a synthetic site, a crawl of two districts, the stores against the truth."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refillspot.exit_status import COMPLETE, INCOMPLETE
from refillspot.postgres.database import read_stores
from refillspot.sandbox.replica import running_site
from refillspot.sandbox.scratch import running_crawl, scratch_space
from refillspot.services import embedded, read_environment, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

REQUESTS_PER_SECOND = 200  # on loopback nobody is burdened
CRAWLED = {COMPLETE, INCOMPLETE}  # exit codes of a crawl that came to its end


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
    home = read_environment().home
    log = home / "demo.log"
    arguments = {"district": ",".join(districts), "keywords": ",".join(keywords)}
    settings = {"POLITENESS_REQUESTS_PER_SECOND": REQUESTS_PER_SECOND}
    with embedded.leave_as_found(home), scratch_space(resolve(), "demo") as scratch, running_site(seed) as site:
        started = time.monotonic()
        with running_crawl(["crawl"], arguments, settings, site_url=site.url, scratch=scratch, log=log) as crawl:
            exit_code = crawl.wait()
        seconds = time.monotonic() - started
        truth = [store for district in districts for store in site.truth(district, keywords)]
        reachable = [store for store in truth if store["refill"] and store["reached_by"]]
        stores = read_stores(scratch.servers.database_url) if exit_code in CRAWLED else []
        return DemoResult(stores, reachable, exit_code, seconds, log)
