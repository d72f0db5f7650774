"""Under which conditions is measured, and how a fleet is started under them."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from refillspot.exceptions import MeasurementError
from refillspot.language import gettext as _
from refillspot.postgres.crawls import list_crawls
from refillspot.sandbox.replica import running_site
from refillspot.sandbox.scratch import running_crawl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from refillspot.sandbox.replica import SyntheticSite
    from refillspot.sandbox.scratch import Scratch
    from refillspot.services import ServiceAddresses
    from refillspot.stats.crawl import Crawl

LONGEST_SECONDS = 150.0  # of one crawl: all of Seoul takes a tenth of it
LOOK_SECONDS = 0.5


class City(NamedTuple):
    """How large a synthetic city is."""

    refill_stores: int
    ordinary_stores: int


SEOUL = City(1500, 6000)  # estimates say that there are 1,000 to 2,000 refill stores
LARGE = City(4000, 16000)  # enough stores to tell whether the memory of a worker goes on growing


@dataclass(slots=True, frozen=True, kw_only=True)
class Conditions:
    """What may be changed about a measurement. Whatever is, the rows follow: none of them is a constant."""

    requests_per_second: float
    """POLITENESS_REQUESTS_PER_SECOND, the budget that is computed with; 0 = no limit."""
    group: int
    """POSTGRES_COPY_MAX_ROWS."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What the user gave with `-s`: it holds for every crawl that is measured."""
    logs: Path
    """Where the crawls write what they have to say."""
    latency_ms: float = 0.0
    """Of each answer of the site."""
    round_trip_ms: float = 1.0
    """That a proxy adds to the way to servers that are far away; what it comes to is measured."""
    city: City = SEOUL
    district: str = "all"
    """What of it is crawled, as a crawl is told it."""
    large_city: City = LARGE
    seed: int = 7
    workers: int = 2
    pace_seconds: float = 20.0
    """For so long the budget is watched."""
    fault_seconds: float = 40.0
    """For so long workers are killed and connections cut."""
    slot_seconds: float = 5.0
    """One commit is due in each; POSTGRES_COPY_MAX_SECONDS and a pause to recover."""


@dataclass(slots=True, frozen=True)
class Rig:
    """`servers` are those of the user; nothing is measured on the user's data."""

    servers: ServiceAddresses
    conditions: Conditions

    @contextmanager
    def site(self, city: City, *, is_fast: bool = False, latency_ms: float | None = None) -> Iterator[SyntheticSite]:
        """Start a synthetic site; where it is fast, its pages are written beforehand."""
        latency_ms = self.conditions.latency_ms if latency_ms is None else latency_ms
        options = ["--refill-stores", f"{city.refill_stores}", "--ordinary-stores", f"{city.ordinary_stores}"]
        options += ["--latency-ms", f"{latency_ms:g}", *(["--prerender"] if is_fast else [])]
        with running_site(self.conditions.seed, *options) as site:
            yield site

    @contextmanager
    def fleet(
        self, scratch: Scratch, site: SyntheticSite, requests_per_second: float
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Start a fleet on the whole city; at the end it is killed, if it still runs."""
        settings: dict[str, Any] = {**self.conditions.settings, "POLITENESS_REQUESTS_PER_SECOND": requests_per_second}
        command = ["fleet", "-n", str(self.conditions.workers)]
        with running_crawl(
            command,
            {"district": self.conditions.district},
            settings,
            site_url=site.url,
            scratch=scratch,
            log=self.log(scratch),
        ) as fleet:
            yield fleet

    def log(self, scratch: Scratch) -> Path:
        return self.conditions.logs / f"{scratch.key_prefix}.log"

    def newest_crawl(self, scratch: Scratch) -> Crawl:
        """Return the crawl that began last.

        Raises:
            MeasurementError: none did.
        """
        if crawls := list_crawls(scratch.servers.database_url):
            return crawls[0]
        raise MeasurementError(_("no crawl started: see {log}").format(log=self.log(scratch)))

    def wait_for(self, fleet: subprocess.Popen[bytes], scratch: Scratch, look: Callable[[], None] | None) -> None:
        """Return when the crawl is complete; `look` now and then meanwhile.

        Raises:
            MeasurementError: it takes too long, or fails.
        """
        for _number in range(int(LONGEST_SECONDS / LOOK_SECONDS)):
            try:
                code = fleet.wait(LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                if look:
                    look()
            else:
                if code == 0:
                    return
                raise MeasurementError(
                    _("the crawl ended with {code}: see {log}").format(code=code, log=self.log(scratch))
                )
        raise MeasurementError(
            _("the crawl was not complete after {seconds:.0f} s: see {log}").format(
                seconds=LONGEST_SECONDS, log=self.log(scratch)
            )
        )
