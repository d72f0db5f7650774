"""What is measured, each part once and only when a row asks for it."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Self

from refillspot.language import gettext as _
from refillspot.performance.conditions import Rig
from refillspot.performance.crawls import ask_naively, crawl_whole, watch_memory, watch_pace
from refillspot.performance.faults import crawl_under_faults
from refillspot.performance.storage import measure_storage, read_stores_of
from refillspot.sandbox.replica import are_near, far_away
from refillspot.sandbox.scratch import scratch_space

if TYPE_CHECKING:
    from collections.abc import Callable

    from refillspot.items import Store
    from refillspot.performance.conditions import Conditions
    from refillspot.performance.crawls import Memory, NaiveCrawl, WholeCrawl
    from refillspot.performance.faults import Availability
    from refillspot.performance.storage import Storage
    from refillspot.sandbox.replica import SyntheticSite
    from refillspot.sandbox.scratch import Scratch
    from refillspot.services import ServiceAddresses


class Measurements:
    """Enter it, and ask. `told` hears what is being measured.

    Raises:
        MeasurementError: a crawl failed; the message names its log.
        ServiceUnavailableError: a server or the synthetic site cannot be had.
    """

    def __init__(self, servers: ServiceAddresses, conditions: Conditions, told: Callable[[str], None]) -> None:
        self.conditions = conditions
        self._rig = Rig(servers, conditions)
        self._told = told
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def are_servers_near(self) -> bool:
        """Whether they can be put farther away."""
        return are_near(self._rig.servers)

    @cached_property
    def whole(self) -> WholeCrawl:
        """All of Seoul for the first time, without a limit."""
        self._told(_("all of a synthetic Seoul, without a limit"))
        return crawl_whole(self._rig, self._scratch, self._site)

    @cached_property
    def repeat(self) -> WholeCrawl:
        """The same crawl once more, while its pages are fresh."""
        assert self.whole  # noqa: S101  # goes before
        self._told(_("the same again"))
        return crawl_whole(self._rig, self._scratch, self._site)

    @cached_property
    def far(self) -> WholeCrawl:
        """All of Seoul for the first time, with the servers far away."""
        self._told(_("the same, servers {ms:g} ms away").format(ms=self.conditions.round_trip_ms))
        with far_away(self._rig.servers, self.conditions.round_trip_ms / 1000) as distance:
            rig = Rig(distance.servers, self.conditions)
            with scratch_space(rig.servers, "perf") as scratch, rig.site(self.conditions.city, is_fast=True) as site:
                return crawl_whole(rig, scratch, site)

    @cached_property
    def pace(self) -> float:
        """Requests a second that the site sees under the budget."""
        self._told(_("a fleet under its budget, for {seconds:.0f} s").format(seconds=self.conditions.pace_seconds))
        return watch_pace(self._rig)

    @cached_property
    def naive(self) -> NaiveCrawl:
        self._told(_("what a crawler that reuses nothing would request"))
        return ask_naively(self._quick_site, self.conditions.district)

    @cached_property
    def memory(self) -> Memory:
        self._told(_("memory, for a city larger than Seoul"))
        return watch_memory(self._rig)

    @cached_property
    def storage(self) -> Storage:
        self._told(_("rows into PostgreSQL"))
        return measure_storage(self._rig.servers, self._stores, self.conditions.group)

    @cached_property
    def far_storage(self) -> Storage:
        self._told(_("rows into PostgreSQL, {ms:g} ms away").format(ms=self.conditions.round_trip_ms))
        with far_away(self._rig.servers, self.conditions.round_trip_ms / 1000) as distance:
            return measure_storage(distance.servers, self._stores, self.conditions.group)

    @cached_property
    def availability(self) -> Availability:
        self._told(_("a crawl with faults injected, for {seconds:.0f} s").format(seconds=self.conditions.fault_seconds))
        return crawl_under_faults(self._rig)

    @cached_property
    def _site(self) -> SyntheticSite:
        return self._stack.enter_context(self._rig.site(self.conditions.city, is_fast=True))

    @cached_property
    def _quick_site(self) -> SyntheticSite:
        """The same city without latency, where answers are only counted or read."""
        return self._stack.enter_context(self._rig.site(self.conditions.city, latency_ms=0))

    @cached_property
    def _scratch(self) -> Scratch:
        return self._stack.enter_context(scratch_space(self._rig.servers, "perf"))

    @cached_property
    def _stores(self) -> list[Store]:
        return read_stores_of(self._quick_site)
