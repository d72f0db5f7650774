"""How much memory a crawl takes, servers included, and whether its workers go on growing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import psutil

from refillspot.exceptions import MeasurementError
from refillspot.language import gettext as _
from refillspot.performance.whole import crawl_whole
from refillspot.sandbox.scratch import clean_ground
from refillspot.services.server_memory import measure_servers, process_mib

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.performance.stage import Stage
    from refillspot.services import ServiceAddresses

LEAST_SAMPLES = 8


@dataclass(slots=True, frozen=True)
class Sample:
    """MiB at one moment."""

    crawl: float
    """Of the fleet and its workers."""
    servers: float
    unknown: tuple[str, ...]
    """Servers whose memory cannot be told from here."""


@dataclass(slots=True, frozen=True)
class Memory:
    peak: Sample
    """When all together was the most."""
    growth: float
    """By which share the fleet and its workers grew from the third quarter of the crawl to the last."""
    stores: int


class MemoryWatch:
    """Looks at a fleet and at the servers."""

    def __init__(self, servers: ServiceAddresses) -> None:
        self._servers = servers
        self.samples: list[Sample] = []

    def look(self, fleet: psutil.Process) -> None:
        with suppress(psutil.NoSuchProcess):  # one ended meanwhile: the next look is a better one
            crawl = sum(process_mib(one) for one in (fleet, *fleet.children(recursive=True)))
            servers = measure_servers(self._servers)
            known = sum(server.mib for server in servers if server.mib is not None)
            self.samples.append(Sample(crawl, known, tuple(one.name for one in servers if one.mib is None)))


def watch_memory(stage: Stage) -> Memory:
    """Crawl a larger city than Seoul is, and watch.

    Raises:
        MeasurementError: the crawl failed, or was over too soon.
    """
    watch = MemoryWatch(stage.servers)
    with clean_ground(stage.servers, "perf") as ground, stage.site(stage.conditions.large_city) as site:
        whole = crawl_whole(stage, ground, site, watch.look)
    if len(watch.samples) < LEAST_SAMPLES:
        raise MeasurementError(_("the crawl was over after {count} looks").format(count=len(watch.samples)))
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
