"""When a server counts as down, and when it is tried again. Pure: the time is passed in.

Of the page cache, which each process judges for itself; and of the site's API, which all workers judge together: while
it is down the pages for people serve instead. Of its lists and its stores apart: an API may still answer one of them.
Times of the API are seconds on one clock, that of Redis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from refillspot.policies.retries import pause_seconds

API_FAILURE = "api_failure"
"""Key of a request's meta: why the API could not answer it, so that its page is asked. The queue keeps it."""
API_PROBE = "api_probe"
"""Key of a request's meta: it is asked of the API though that is down."""

FAILURES = 4  # requests in a row that failed for good, each after all its attempts, or in a layout that is not known
SPREAD_SECONDS = 2.0  # from the first of them to the last: by then every worker has told its good answers
BLOCKS = 2  # in a row: a page where JSON was due, the whole cool-down without a request, and such a page again
BLOCKED_PROBE_SECONDS = 3600.0  # a block that comes again within an hour stops all workers for twice as long
LONGEST_PROBE_SECONDS = 3600.0
LONGEST_WAIT_SECONDS = 24 * 3600.0  # for a probe, whatever a setting says; what Redis says beyond that is not believed
MOST_COUNTED = 1_000_000
MEMORY_SECONDS = 300.0  # nobody met or tried anything for so long: what was wrong then says nothing about now
BLOCK_MEMORY_SECONDS = 3600.0 + MEMORY_SECONDS  # after a block nothing may leave for an hour


@dataclass(slots=True)
class CircuitBreaker:
    """After a failure, one attempt each `rest_seconds`, until one succeeds. Times in seconds of any steady clock.

    Without a rest it allows everything, and only knows which failure is the first, and which success: what is away is
    told once, and so is that it is back.
    """

    rest_seconds: float = 0.0
    is_open: bool = False
    """Whether the last attempt failed."""
    _next_attempt: float = 0.0

    def allows(self, now: float) -> bool:
        """Whether to try now. Whoever is allowed to try a failed server is the only one for a while."""
        if not self.is_open:
            return True
        if now < self._next_attempt:
            return False
        self._next_attempt = now + self.rest_seconds
        return True

    def failed(self, now: float = 0.0) -> bool:
        """Note a failure; True if it is the first one."""
        is_first, self.is_open = not self.is_open, True
        self._next_attempt = now + self.rest_seconds
        return is_first

    def succeeded(self) -> bool:
        """Note a success; True if it is the first one after failures."""
        is_first, self.is_open = self.is_open, False
        return is_first


@dataclass(slots=True, frozen=True, kw_only=True)
class ApiRecord:
    """What the API has failed to do, of one kind, since its last good answer."""

    failures: int = 0
    blocks: int = 0
    first_at: float = 0.0
    """When the first of these was met."""
    is_down: bool = False
    last_at: float = 0.0
    """When the last one was."""
    probe_at: float = 0.0
    """While it is down: when the next request may try it."""
    probes: int = 0


@dataclass(slots=True, frozen=True)
class ApiDecision:
    record: ApiRecord
    kind: str = ""
    """switched, returned or probe; empty where nothing was decided."""
    reason: str = ""


ApiChange = Callable[[ApiRecord, float], ApiDecision]
"""From what is known and the time to a decision."""


def remembered(record: ApiRecord, now: float) -> ApiRecord:
    """Return what still counts of it: a crawl does not pay for what an earlier one met, or for what cannot be."""
    if not _is_possible(record, now):
        return ApiRecord()
    if record.is_down:
        is_past = now > record.probe_at + MEMORY_SECONDS
    else:
        is_past = now > record.last_at + (BLOCK_MEMORY_SECONDS if record.blocks else MEMORY_SECONDS)
    return ApiRecord() if is_past else record


def _is_possible(record: ApiRecord, now: float) -> bool:
    counts, moments = (record.failures, record.blocks, record.probes), (record.first_at, record.last_at)
    return (
        all(0 <= count <= MOST_COUNTED for count in counts)
        and all(0 <= moment <= now for moment in moments)
        and 0 <= record.probe_at <= now + LONGEST_WAIT_SECONDS
    )


def note_failure(record: ApiRecord, now: float, *, reason: str, probe_seconds: float) -> ApiDecision:
    """Count a request that failed for good."""
    failed = replace(record, failures=record.failures + 1, first_at=record.first_at or now, last_at=now)
    if failed.failures >= FAILURES and now - failed.first_at >= SPREAD_SECONDS:
        return _switch(failed, now, f"{failed.failures} in a row failed, the last one: {reason}", probe_seconds)
    return ApiDecision(failed)


def note_block(record: ApiRecord, now: float, *, reason: str, probe_seconds: float) -> ApiDecision:
    """Count a page that came where JSON was due. All workers stop for it, whatever is decided here."""
    blocked = replace(record, blocks=record.blocks + 1, first_at=record.first_at or now, last_at=now)
    if blocked.blocks >= BLOCKS:
        seconds = max(probe_seconds, BLOCKED_PROBE_SECONDS)
        return _switch(blocked, now, f"{blocked.blocks} pages came in a row where JSON was due: {reason}", seconds)
    return ApiDecision(blocked)


def note_success(record: ApiRecord, now: float) -> ApiDecision:  # noqa: ARG001  # a ApiChange
    """Forget what was wrong: the API has answered well."""
    return ApiDecision(ApiRecord(), "returned", "it answers again") if record.is_down else ApiDecision(ApiRecord())


def probe(record: ApiRecord, now: float, *, probe_seconds: float) -> ApiDecision:
    """Let one request of all workers try an API that is down; the next one waits twice as long."""
    if not record.is_down or now < record.probe_at:
        return ApiDecision(record)
    least = BLOCKED_PROBE_SECONDS if record.blocks >= BLOCKS else 0.0
    seconds = pause_seconds(record.probes + 2, probe_seconds, LONGEST_PROBE_SECONDS)
    tried = replace(record, probe_at=now + max(seconds, least), probes=record.probes + 1)
    return ApiDecision(tried, "probe", "one request tries whether it answers again")


def _switch(record: ApiRecord, now: float, reason: str, probe_seconds: float) -> ApiDecision:
    if record.is_down:
        return ApiDecision(record)
    probe_at = now + min(probe_seconds, LONGEST_WAIT_SECONDS)
    return ApiDecision(replace(record, is_down=True, probe_at=probe_at), "switched", reason)
