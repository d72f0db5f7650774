"""Between a worker's memory and Redis: the one task of a process that speaks to the queue."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING, Any

from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from refillspot.exceptions import UnsuitableServerError, VersionError
from refillspot.frontier.leases import Leases, Prefetch
from refillspot.frontier.outbox import Outbox
from refillspot.frontier.queue import COMPLETE, FORK, OPEN, WON
from refillspot.policies.circuit_breaker import CircuitBreaker
from refillspot.policies.retries import pauses
from refillspot.redis_clients import is_passing
from refillspot.stats.crawl import GONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from refillspot.frontier.leases import Limits
    from refillspot.frontier.queue import Beat, CrawlQueue, Entry, Key
logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2  # between looks at an empty queue; up to BEAT_SECONDS for who has nothing to do
COLLECT_SECONDS = 0.05  # for which what is to be told is collected while there are requests to give out
BEAT_SECONDS = 2.0  # between signs of life, at most: a pause is noticed by then
FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0  # seconds between attempts while Redis is away
MOST_UNTOLD = 20_000  # operations, of a few hundred bytes; then nothing more is leased from a Redis that is full
LEAVE_SECONDS = 10.0  # for handing back at the end; without it the leases run out by themselves


class Consumer:
    """Gives out leased requests and takes what became of them, without ever waiting; a task tells Redis.

    While Redis is away nothing is lost: what is to be told is kept, and no request is given out once the leases have
    run out. A Redis that comes back older than it was is told again what cannot be found out from it: the seeds.
    What it refuses for another reason than being away, or full, ends the task.
    """

    def __init__(
        self,
        queue: CrawlQueue,
        limits: Limits,
        changed: Callable[[], None],
        rolled_back: Callable[[], object],
        close: Callable[[], None] | None = None,
    ) -> None:
        """`close` is called as long as nothing is left to do but to close the crawl."""
        self._queue, self._limits, self._close = queue, limits, close
        self._changed, self._rolled_back = changed, rolled_back
        self._leases = Leases(limits)
        self._prefetch = Prefetch(limits.ahead_seconds)
        self._given = 0  # since the prefetch was last reckoned
        self._outbox = Outbox()
        self._lease_until = self._beat_due = self._unbroken_since = 0.0
        self._polls = pauses(POLL_SECONDS, BEAT_SECONDS)
        self._least_ahead = limits.prefetch
        self._is_seeding, self._has_seeded = True, False
        self._is_paused = self._is_full = False
        self._wake, self._leaving = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.outages = 0
        """How often Redis had to be waited for."""
        self.ended: str | None = None
        """COMPLETE, WON or GONE once there is nothing more to do."""
        self.result: bytes | None = None
        self.failure: Exception | None = None
        """What ended the task against its will."""

    # --- called by the scheduler: never waits, never raises

    def push(self, *operation: Any) -> None:
        """Tell Redis; soon, and in the order of the calls."""
        self._outbox.add(operation)
        self._wake.set()

    def seed(self, *operation: Any) -> None:
        """Tell Redis, and tell it again should it forget: no other request in the queue would bring a seed back."""
        self._outbox.add_seed(operation)
        self._wake.set()

    def acknowledge(self, key: Key, *operation: Any) -> None:
        """Tell Redis what became of a request that was given out."""
        self._leases.in_hand -= 1
        self._outbox.add(operation, key)
        self._wake.set()

    def next(self) -> Entry | None:
        """Give out a request, None if there is none now."""
        if self._is_paused or monotonic() > self._lease_until or not (entry := self._leases.give()):
            return None
        self._given += 1
        if not self._leases.is_alone(entry.key):  # then it was told before
            self.push("start", *entry.key)
        return entry

    def end_of_seeds(self) -> None:
        """Every seed was pushed."""
        if not self._has_seeded:
            self._has_seeded, self._is_seeding = True, False
            self.seed("seeded")

    def lease_ahead(self, requests: int) -> None:
        """Lease at least so many requests ahead of their turn from now on."""
        self._least_ahead = requests

    @property
    def is_idle(self) -> bool:
        return not (self._leases.held or self._leases.in_hand or self._outbox)

    # --- the task

    async def start(self) -> None:
        """Join the crawl."""
        await self._renew(join=True)
        self._task = asyncio.create_task(self._run(), name="frontier")

    async def leave(self) -> bool:
        """Hand back what was not given out, and stop; return whether nobody is left in the crawl, if that is known."""
        is_deserted = self.ended == GONE
        self._leaving.set()
        self._wake.set()
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                if self._task:
                    await self._task
                if isinstance(self.failure, RedisError):  # it would be told in part: those requests are done again
                    self._outbox.clear()
                for entry in self._leases.waiting:
                    self._outbox.add(("return", *entry.key, entry.payload), entry.key)
                self.push("leave")
                await self._commit()
                is_deserted = is_deserted or await self._queue.is_deserted()
        except (RedisError, OSError) as error:
            logger.warning("Redis is away (%r): what this worker held comes back when its lease has run out", error)
        await self._queue.close()
        return is_deserted

    async def _run(self) -> None:
        redis, waits, said = CircuitBreaker(), pauses(FIRST_WAIT, LONGEST_WAIT), ""
        while not self._leaving.is_set():
            try:
                await self._turn()
            except Exception as error:  # noqa: BLE001  # what it says is judged
                if not is_passing(error):
                    self._fail(error)
                    return
                self.outages += 1
                redis.failed()
                if str(error) != said:
                    said = str(error)
                    logger.warning("Redis: %s; this worker waits and loses nothing", said)
                await self._pause(self._leaving, next(waits))
            else:
                if redis.succeeded():
                    logger.info("Redis answers again")
                    waits, said = pauses(FIRST_WAIT, LONGEST_WAIT), ""
                self._changed()
                if not self.is_idle:
                    self._polls = pauses(POLL_SECONDS, BEAT_SECONDS)
                await self._pause(self._wake, next(self._polls))
                if self._leases.has_ready:  # nobody waits for an answer
                    await self._pause(self._leaving, COLLECT_SECONDS)
                self._wake.clear()

    def _fail(self, error: Exception) -> None:
        if isinstance(error, (UnsuitableServerError, VersionError)):
            logger.error("%s", error)  # no fault of this program
        elif isinstance(error, ResponseError):
            logger.error("Redis refuses what the queue needs; this worker hands back what it holds and ends: %s", error)
        else:
            logger.error("the frontier stopped: a fault in refillspot", exc_info=error)
        self.failure = error
        self._changed()

    async def _turn(self) -> None:
        await self._commit()
        if monotonic() >= self._beat_due:
            await self._renew()
        if self.ended is None:
            if not self._is_paused:
                await self._refill()
            await self._look_for_end()

    async def _commit(self) -> None:
        while self._outbox:
            try:
                state = await self._send()
            except OutOfMemoryError as error:
                if not self._leaving.is_set():
                    await self._renew()  # it may have been applied before, and the answer lost
                if self._outbox.free_first():
                    continue
                self._note_full(error)
                return
            if state == OPEN:
                self._leases.held -= self._outbox.confirm()
            elif state == FORK:
                await self._renew()
                await self._pause(self._leaving, FIRST_WAIT)
            else:
                self._forget(state)  # closed by others, who had inherited what this worker held
                return
        self._leases.all_told()

    async def _send(self) -> str:
        box, operations = self._outbox, self._outbox.batch()
        state = await self._queue.commit(box.under_way, operations, after=box.confirmed, frees=box.frees)
        if self._is_full and not box.frees:
            self._is_full = False
            logger.info("Redis has room again")
        return state

    def _note_full(self, error: OutOfMemoryError) -> None:
        if not self._is_full:
            self.outages += 1
            self._is_full = True
            logger.warning("Redis is full: %s; it is told what frees memory, the rest waits and is not lost", error)

    def _forget(self, state: str) -> None:
        self._outbox.clear()
        self._leases.clear()
        if state == GONE:
            self.ended = state

    async def _renew(self, *, join: bool = False) -> None:
        asked, lease = monotonic(), self._limits.lease_seconds
        beat = await self._queue.beat(lease, join=join)
        is_broken = join or not beat.known or asked > self._lease_until
        if not beat.known and not self._leaving.is_set():
            beat = await self._queue.beat(lease, join=True)
        if beat.state == GONE:
            self._forget(GONE)
            return
        if self._outbox and beat.batch == self._outbox.under_way:  # only its answer was lost
            self._leases.held -= self._outbox.confirm()
        elif beat.batch != self._outbox.confirmed:
            self._roll_back(beat)
            is_broken = True
        if is_broken:
            self._unbroken_since = asked
        if is_broken or beat.leases != len(self._leases.held):
            await self._audit()
        if beat.seeded:
            self._is_seeding = False
        self._lease_until, self._beat_due = asked + lease, asked + min(lease / 4, BEAT_SECONDS)
        if beat.paused != self._is_paused:
            logger.info("the crawl is paused: scrapy resume lets it go on" if beat.paused else "the crawl goes on")
        self._is_paused = beat.paused

    def _roll_back(self, beat: Beat) -> None:
        logger.warning(
            "Redis is not what it was: the last batch of this worker that it knows is %d, not %d. It is told again",
            beat.batch,
            self._outbox.confirmed,
        )
        self._outbox.roll_back(beat.batch, with_seeds=not beat.seeded)
        self._is_seeding = not (beat.seeded or self._has_seeded)
        self._rolled_back()

    async def _audit(self) -> None:
        """Make what is held and what is leased the same: answers may have been lost, leases given to others."""
        unknown, lost = await self._queue.audit(self._leases.held)
        self._leases.drop(set(lost))
        self._leases.receive(unknown)

    async def _refill(self) -> None:
        prefetch, self._given = self._prefetch.note(self._given, monotonic()), 0
        self._leases.prefetch = max(self._least_ahead, prefetch)
        if suspect := self._leases.choose_suspect():
            self.push("start", *suspect.key)
        elif (room := self._leases.room) and not (self._is_full and len(self._outbox) > MOST_UNTOLD):
            # After an outage every living worker must have had the time to say so before anything is inherited.
            inherit = monotonic() - self._unbroken_since >= self._limits.lease_seconds
            attempts = self._limits.max_attempts
            taken = await self._queue.take(room, max_attempts=attempts, inherit=inherit, told=self._outbox.confirmed)
            if taken is None:
                await self._renew()
            else:
                self._leases.receive(taken)

    async def _look_for_end(self) -> None:
        if self.is_idle and not self._is_seeding:
            state, self.result = await self._queue.try_finish()
            if state == WON and self._close:
                self._close()
            elif state in {WON, COMPLETE, GONE}:
                self.ended = state

    @staticmethod
    async def _pause(until: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await until.wait()
        except TimeoutError:
            pass
