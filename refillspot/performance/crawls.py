"""Crawls of the synthetic city, watched: the whole of it, its memory, its pace, and what a naive one would ask."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import psutil

from refillspot.exceptions import MeasurementError
from refillspot.language import gettext as _
from refillspot.performance.storage import round_trip
from refillspot.planning import KEYWORDS
from refillspot.postgres.worker_stats import read
from refillspot.process import own_mib
from refillspot.regions import SEOUL, parse_districts
from refillspot.sandbox.scratch import scratch_space
from refillspot.services.inspection import measure_servers
from refillspot.sites.diningcode.answers import decode_search
from refillspot.sites.diningcode.forms import search_form
from refillspot.stats.crawl import CrawlStats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from refillspot.performance.conditions import Rig
    from refillspot.regions import District
    from refillspot.sandbox.replica import SyntheticSite
    from refillspot.sandbox.scratch import Scratch
    from refillspot.services import ServiceAddresses

PAGES = ("list", "store")  # kinds of requests that a page answers
LEAST_SAMPLES = 8
START_SECONDS = 30.0  # until the first request
POLL_SECONDS = 0.1


@dataclass(slots=True, frozen=True)
class WholeCrawl:
    """One crawl of the whole city."""

    stores: int
    requests: int
    """That the site was asked, robots.txt included."""
    seconds: float
    """From the first worker's start to the last commit."""
    hits: int
    misses: int
    pages_asked: int
    """Pages that the site was asked for, by its own log."""
    round_trip: float
    """Seconds to PostgreSQL and back, after the crawl."""

    @property
    def stores_per_hour(self) -> float:
        return 3600 * self.stores / self.seconds

    @property
    def hit_rate(self) -> float:
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else 0.0


def crawl_whole(
    rig: Rig, scratch: Scratch, site: SyntheticSite, look: Callable[[psutil.Process], None] | None = None
) -> WholeCrawl:
    """Crawl the whole city, and return what it came to; `look` at the fleet now and then meanwhile.

    Raises:
        MeasurementError: the crawl failed.
    """
    site.clear_log()
    with rig.fleet(scratch, site, requests_per_second=0) as fleet:
        process = psutil.Process(fleet.pid)
        rig.wait_for(fleet, scratch, (lambda: look(process)) if look else None)
    crawl = rig.newest_crawl(scratch)
    assert crawl.ended_at  # noqa: S101  # it is complete
    stats = CrawlStats.of(read(scratch.servers.database_url, crawl.id), crawl.ended_at, crawl)
    asked = Counter(entry["kind"] for entry in site.log())
    return WholeCrawl(
        stores=crawl.stored,
        requests=asked.total(),
        seconds=(crawl.ended_at - crawl.started_at).total_seconds(),
        hits=stats.count("cache/hits"),
        misses=stats.count("cache/misses", "cache/refreshes"),
        pages_asked=sum(asked[kind] for kind in PAGES),
        round_trip=round_trip(scratch.servers.database_url),
    )


@dataclass(slots=True, frozen=True)
class MemorySample:
    """MiB at one moment."""

    crawl: float
    """Of the fleet and its workers."""
    servers: float
    unknown: tuple[str, ...]
    """Servers whose memory cannot be told from here."""


@dataclass(slots=True, frozen=True)
class Memory:
    peak: MemorySample
    """When all together was the most."""
    growth: float
    """By which share the fleet and its workers grew from the third quarter of the crawl to the last."""
    stores: int


class MemoryWatch:
    """Looks at a fleet and at the servers."""

    def __init__(self, servers: ServiceAddresses) -> None:
        self._servers = servers
        self.samples: list[MemorySample] = []

    def look(self, fleet: psutil.Process) -> None:
        with suppress(psutil.NoSuchProcess):  # one ended meanwhile: the next look is a better one
            crawl = sum(own_mib(one) for one in (fleet, *fleet.children(recursive=True)))
            servers = measure_servers(self._servers)
            known = sum(server.mib for server in servers if server.mib is not None)
            self.samples.append(MemorySample(crawl, known, tuple(one.name for one in servers if one.mib is None)))


def watch_memory(rig: Rig) -> Memory:
    """Crawl a larger city than Seoul is, and watch.

    Raises:
        MeasurementError: the crawl failed, or was over too soon.
    """
    watch = MemoryWatch(rig.servers)
    with scratch_space(rig.servers, "perf") as scratch, rig.site(rig.conditions.large_city, is_fast=True) as site:
        whole = crawl_whole(rig, scratch, site, watch.look)
    if len(watch.samples) < LEAST_SAMPLES:
        raise MeasurementError(_("the crawl was over after {count} samples").format(count=len(watch.samples)))
    return Memory(
        peak=max(watch.samples, key=lambda sample: sample.crawl + sample.servers),
        growth=growth([sample.crawl for sample in watch.samples]),
        stores=whole.stores,
    )


def growth(figures: Sequence[float]) -> float:
    """Return by which share the last quarter is above the one before, by their medians."""
    quarter = len(figures) // 4
    before, last = figures[-2 * quarter : -quarter], figures[-quarter:]
    return median(last) / median(before) - 1


def watch_pace(rig: Rig) -> float:
    """Return the requests a second that the site saw.

    Raises:
        MeasurementError: there were none, or one.
    """
    conditions = rig.conditions
    with scratch_space(rig.servers, "perf") as scratch, rig.site(conditions.city) as site:
        with rig.fleet(scratch, site, conditions.requests_per_second) as fleet:
            deadline = time.monotonic() + START_SECONDS
            while not site.log() and fleet.poll() is None and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            with suppress(subprocess.TimeoutExpired):
                fleet.wait(conditions.pace_seconds)
            arrivals = [entry["arrived"] for entry in site.log()]
        if len(arrivals) < 2:
            raise MeasurementError(
                _("the site was asked {count} times in {seconds:.0f} s: see {log}").format(
                    count=len(arrivals), seconds=conditions.pace_seconds, log=rig.log(scratch)
                )
            )
        return rate(arrivals)


def rate(arrivals: Sequence[float]) -> float:
    """Return arrivals a second, from the first to the last of them."""
    return (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])


@dataclass(slots=True, frozen=True)
class NaiveCrawl:
    """The same keywords in the same places, and the page of every row, however often the row comes."""

    lists: int
    pages: int
    stores: int
    """Different ones among the pages."""

    @property
    def requests(self) -> int:
        return self.lists + self.pages


def ask_naively(site: SyntheticSite, district: str) -> NaiveCrawl:
    """Ask the lists of what a crawl is told as its district; the pages are counted, not fetched."""
    found = [refs for one in parse_districts(district) for keyword in KEYWORDS for refs in _ask(site, one, keyword)]
    return NaiveCrawl(len(found), sum(map(len, found)), len(set().union(*found)))


def _ask(site: SyntheticSite, district: District, keyword: str) -> Iterator[list[str]]:
    """Yield the rows of each list: of the district, and, where that has more than can be seen, of each dong."""
    page = decode_search(site.ask(search_form(f"{SEOUL.short} {district.name} {keyword}")))
    yield [row.v_rid for row in page.rows]
    if page.total is None or page.total > page.sent:
        for dong in district.dongs:
            page = decode_search(site.ask(search_form(f"{SEOUL.short} {district.name} {dong.name} {keyword}")))
            yield [row.v_rid for row in page.rows]
