"""Watches workers: starts the dead again, and those that hang, stops all gracefully at one signal and hard at two."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from refillspot.exit_status import COMPLETE, COULD_NOT_RUN, HELD, RECYCLED, WRONG_USAGE
from refillspot.interruption import INTERRUPTED
from refillspot.language import gettext as _
from refillspot.policies.retries import pause_seconds
from refillspot.readable import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from refillspot.fleet.watch import Watchdog
    from refillspot.fleet.worker import Worker

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2
LOOK_SECONDS = 0.5  # between looks for workers that hang
FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 60.0  # seconds before a worker that died at once is started again
STEADY_SECONDS = 30.0  # a worker that lived so long may be started again at once
GIVES_UP = {WRONG_USAGE, HELD, INTERRUPTED}  # how a worker ends when starting another is of no use
MAX_FALSE_STARTS = 3  # in a row, in one place; then the fleet gives up: each dies of the same cause
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]


@dataclass(slots=True)
class Place:
    """A worker's place in the fleet."""

    worker: Worker
    false_starts: int = 0
    start_in: float = 0.0
    """Seconds until it is started; counts down while it is dead."""
    asked_at: float | None = None
    """When its worker, which hangs, was asked to stop, on `time.monotonic`."""


@dataclass(slots=True)
class FleetEnd:
    exit_codes: list[int | None] = field(default_factory=list)
    restarts: int = 0
    recycled: int = 0
    was_interrupted: bool = False
    gave_up: bool = False
    is_limited: bool = False
    """A worker ended well before the crawl did: at a limit that the user set."""


class Supervisor:
    """Runs until the crawl is over, or until it is told to stop. `is_over` asks whether the crawl is complete.

    `has_limits`: the user's settings may end a worker before, well; no other is started in its place.
    """

    def __init__(
        self,
        workers: Sequence[Worker],
        is_over: Callable[[], bool],
        tick: Callable[[], None],
        watchdog: Watchdog,
        *,
        has_limits: bool = False,
    ) -> None:
        self._has_limits = has_limits
        self._places = [Place(worker) for worker in workers]
        self._watchdog = watchdog
        self._looked_at = time.monotonic()
        self._is_over = is_over
        self._tick = tick
        self._signals = 0
        self._wake = threading.Event()
        self.end = FleetEnd()

    def run(self) -> FleetEnd:
        before = {number: signal.signal(number, self._signalled) for number in SIGNALS}
        try:
            while self._turn_all():
                self._tick()
                self._look_for_hung()
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()
        finally:
            for place in self._places:
                place.worker.kill()
            for number, handler in before.items():
                signal.signal(number, handler)
        self.end.exit_codes = [place.worker.exit_code for place in self._places]
        return self.end

    def _signalled(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # signal's signature
        self._signals += 1
        self.end.was_interrupted = True
        say(  # the person at the keyboard asked
            _(
                "Stopping: each worker finishes its current work. Press again to stop immediately; nothing is "
                "lost either way."
            )
            if self._signals == 1
            else _("Stopping immediately."),
            file=sys.stderr,
        )
        for place in self._places:
            if self._signals > 2:  # it does not listen
                place.worker.kill()
            else:
                place.worker.stop()
        self._wake.set()

    def _turn_all(self) -> bool:
        is_alive = [self._turn(place) for place in self._places]  # each of them, each time
        return any(is_alive)

    def _turn(self, place: Place) -> bool:
        """Look after one place; return whether there is anything more to do for it."""
        worker = place.worker
        if worker.is_running:
            return True
        if self._signals or self.end.gave_up:
            return False
        if worker.starts and place.start_in <= 0:
            if self._is_over():
                return False
            if self._has_limits and worker.exit_code == COMPLETE:
                self.end.is_limited = True
                return False
            self._mourn(place)
        place.start_in -= POLL_SECONDS
        if place.start_in <= 0:
            worker.start()
            self.end.restarts += worker.starts > 1
        return not self.end.gave_up

    def _look_for_hung(self) -> None:
        """Ask workers that hang to stop, as one may wake up, and kill those that do not listen."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        running = {place.worker.pid: place for place in self._places if place.worker.is_running}
        for pid in self._watchdog.hung([pid for pid in running if pid is not None]):
            place, worker = running[pid], running[pid].worker
            if place.asked_at is None:
                place.asked_at = now
                worker.stop()
            elif now - place.asked_at >= self._watchdog.patience:
                logger.error(
                    "worker %d hangs, without a sign of life beyond its lease of %.0f s: it is killed, another starts "
                    "in its place, and others have what it had in hand; the end of %s says what that was",
                    worker.number, self._watchdog.lease_seconds, worker.log,
                )  # fmt: skip
                worker.kill()

    def _others_work(self, place: Place) -> bool:
        """Whether other workers get on: then what ails this place may pass, as a server that is away comes back."""
        return any(other.worker.is_running for other in self._places if other is not place)

    def _mourn(self, place: Place) -> None:
        """Decide when a worker that ended before the crawl did is started again."""
        code, worker = place.worker.exit_code, place.worker
        was_hung, place.asked_at = place.asked_at is not None, None
        if was_hung:
            place.false_starts = 0  # a page is at fault, and the queue counts whom it costs
        elif code == RECYCLED:
            self.end.recycled += 1
            place.false_starts = 0
        elif worker.seconds_alive < STEADY_SECONDS:
            place.false_starts += 1
        else:
            place.false_starts = 0
        is_futile = place.false_starts > MAX_FALSE_STARTS and not self._others_work(place)
        if (code in GIVES_UP and not was_hung) or is_futile:
            again = " again and again" if is_futile else ""
            logger.error("worker %d ends with %s%s: see %s", worker.number, code, again, worker.log)
            self.end.gave_up = True
            for other in self._places:
                other.worker.stop()
        wait = pause_seconds(place.false_starts, FIRST_BACKOFF, LONGEST_BACKOFF) if place.false_starts else 0.0
        place.start_in = max(wait, POLL_SECONDS)
        logger.warning(
            "worker %d ended with %s; started again in %.1f s (%s)",
            worker.number, code, place.start_in, worker.last_words if code == COULD_NOT_RUN else "",
        )  # fmt: skip


def fleet_exit_code(end: FleetEnd) -> int | None:
    """Return the exit code that the workers' end says, None where only the crawl itself can tell."""
    if end.was_interrupted:
        return INTERRUPTED
    if end.gave_up:
        return next((code for code in (WRONG_USAGE, HELD, INTERRUPTED) if code in end.exit_codes), COULD_NOT_RUN)
    return None
