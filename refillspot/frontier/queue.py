"""The queue of one crawl in Redis: streams as lanes, a consumer group for the leases, each step one Lua script."""

from __future__ import annotations

import os
import re
import secrets
import socket
from dataclasses import dataclass
from importlib.resources import files
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from refillspot.exceptions import UnreadableValueError
from refillspot.frontier.codec import check_formats, own_format, readable_formats
from refillspot.postgres.commits import Remembered
from refillspot.shared.keys import CrawlKeys
from refillspot.shared.shared_state import CLOCK, WHEN_FULL, ServerClock
from refillspot.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from redis.asyncio import Redis

    from refillspot.postgres.commits import Missing

OPEN, CLOSING, COMPLETE, WON = "open", "closing", "complete", "won"
"""States of a crawl in Redis, beside GONE. WON: this worker is the one to close it."""
FORK = "fork"
"""Instead of a state: the last batch that Redis knows is not the one before. It is older than it was, or another."""


class Key(NamedTuple):
    """What names an entry: its lane, which is the priority, and its id in that stream."""

    lane: int
    id: str


@dataclass(slots=True, frozen=True)
class Entry:
    """A leased request."""

    key: Key
    payload: bytes
    attempts: int
    """How many workers died that had started it, as far as they could tell."""
    deliveries: int = 1
    """How many workers had it leased, this one included."""


@dataclass(slots=True, frozen=True)
class Beat:
    """What Redis knows of this worker."""

    state: str
    known: bool
    """False when its leases ran out and were given to others."""
    leases: int
    batch: int
    """The last one that Redis has of this worker; 0 = none."""
    seeded: bool
    paused: bool


class CrawlQueue:
    """The queue as one worker uses it. Every method is one round trip and raises what redis-py raises."""

    def __init__(self, client: Redis, prefix: str, worker: str) -> None:
        self._client = client
        self._prefix = prefix
        self._keys = CrawlKeys(prefix)
        self._worker = worker
        self.id = secrets.token_hex(8)
        """What this queue is called by all its workers, and in PostgreSQL, once it is open."""
        self.is_new = False
        """Nobody had opened it before."""
        self.is_in_use = False
        """Others were at work in it when this worker opened it."""
        self._clock = ServerClock()
        self._formats = b""
        self._scripts = {name: client.register_script(script_source(name)) for name in SCRIPTS}
        self._scripts["free"] = client.register_script(script_source("commit", WHEN_FULL))

    async def open(self) -> str:
        """Make the crawl known to Redis, if it is not; return its state.

        Raises:
            QueueFormatError: another version of refillspot has written in it, in a format that this one cannot read.
        """
        return (await self._open(flushed=False))[0]

    async def flush(self) -> bool:
        """Open it with nothing queued and nothing seen, dead letters excepted; False if somebody is at work in it."""
        return not (await self._open(flushed=True))[1]

    async def _open(self, *, flushed: bool) -> tuple[str, bool]:
        readable = f" {' '.join(sorted(readable_formats()))} "
        state, is_used, id_, is_new, noted = await self._run("open", int(flushed), self.id, own_format(), readable)
        self.id, self.is_new, self.is_in_use = _text(id_), self.is_new or bool(is_new), bool(is_used)
        self._know_formats(noted)
        return _text(state), bool(is_used)

    def _know_formats(self, noted: bytes) -> None:
        check_formats(_text(noted), self._prefix.rpartition(":")[2])
        self._formats = noted

    async def commit(
        self, number: int, operations: Sequence[Any], *, after: int | None = None, frees: bool = False
    ) -> str:
        """Apply operations in one step, once for each `number`; return OPEN if they were applied.

        Else the state that the crawl is in, or FORK if the last batch is not `after`, which is `number` - 1 by itself.
        A full Redis takes only operations that free memory, and is told so by `frees`.
        """
        script, before = "free" if frees else "commit", number - 1 if after is None else after
        return _text(await self._run(script, number, before, *operations))

    async def take(self, room: int, *, max_attempts: int, inherit: bool, told: int = 0) -> list[Entry] | None:
        """Lease up to `room` requests; with `inherit`, first those that dead workers had.

        None if this worker is not known to live, or another batch than `told` (0 = whichever) is its last, or since its
        last beat the queue is written in another format.
        """
        taken = await self._run("take", room, max_attempts, int(inherit), told, self._formats)
        return None if taken is None else [_entry(found) for found in taken]

    async def beat(self, lease_seconds: float, *, join: bool) -> Beat:
        """Renew every lease of this worker.

        Raises:
            QueueFormatError: see `open`.
        """
        asked = monotonic()
        found = await self._run("beat", round(lease_seconds * 1000), int(join), own_format())
        state, known, leases, batch, seeded, paused, now_ms, noted = found
        self._clock.note(now_ms / 1000, asked, monotonic())
        self._know_formats(noted)
        return Beat(_text(state), bool(known), leases, batch, bool(seeded), bool(paused))

    async def audit(self, held: Iterable[Key]) -> tuple[list[Entry], list[Key]]:
        """Return the leases that this worker does not hold, and of `held` what is not leased to it."""
        unknown, lost = await self._run("audit", *(part for key in held for part in key))
        return [_entry(found) for found in unknown], [Key(int(lane), id_.decode()) for lane, id_ in lost]

    async def try_finish(self) -> tuple[str, bytes | None]:
        """Return the crawl's state, WON for the one worker that has to close it, with the result once COMPLETE."""
        state, *result = await self._run("finish")
        return _text(state), result[0] if result else None

    async def complete(self, result: bytes, keep_seconds: int) -> bool:
        """Close the crawl, if this worker is the one to do so; its keys expire then, unless there are dead letters."""
        return bool(await self._scripts["complete"](keys=[self._prefix], args=[self._worker, result, keep_seconds]))

    async def remembered(self, within_seconds: float = 0) -> Remembered | None:
        """Return what is stored, and which commits to look for in PostgreSQL.

        None if somebody has looked within so many seconds, or where there is no such crawl.
        """
        found = await self._run("remembered", round(within_seconds * 1000), self.id)
        if not found:
            return None
        id_, look, at_ms, stored, *written = found
        self.id = _text(id_)
        batches = {_text(writer): numbers for writer, *numbers in written}
        return Remembered(stored, batches, self.id, look, at_ms)

    async def look_again(self) -> None:
        """Let the next worker that would look do so, whoever has just looked."""
        await self._client.hdel(self._keys.crawl, "looked_ms")

    async def is_deserted(self) -> bool:
        """Tell whether nobody lives in this crawl any more."""
        leases: Any = await self._client.zrange(self._keys.workers, 0, -1, withscores=True)
        return all(self._clock.seconds_until(until_ms / 1000) <= 0 for _worker, until_ms in leases)

    async def settle(self, keep_seconds: float, remembered: Remembered, missing: Missing) -> tuple[int, int]:
        """Tell what PostgreSQL lacks of what was remembered; what it has is forgotten after `keep_seconds`.

        Return how many requests are queued again because their stores are missing, and how many stores are missing of
        which nothing is known any more. Nothing is done if somebody has looked again since.
        """
        told = [part for writer, them in missing.batches.items() for part in (writer, f",{','.join(map(str, them))},")]
        oldest = remembered.at_ms - round(keep_seconds * 1000)
        requeued, forgotten = await self._run("settle", remembered.look, oldest, missing.stores, *told)
        return requeued, forgotten

    async def counts(self) -> dict[str, int]:
        """Return what was counted over all workers: queued, duplicates, done, retried, redelivered, dead."""
        fields: Any = await self._client.hgetall(self._keys.crawl)
        return read_counts(fields)

    async def begin_shift(self, counts: Iterable[str]) -> None:
        """Forget what those who were at work before have agreed on, and some of what they counted."""
        fields: Any = await self._client.hkeys(self._keys.crawl)
        counted = {COUNT + name.encode() for name in counts}
        if old := [name for name in fields if name.startswith(AGREED) or name in counted]:
            await self._client.hdel(self._keys.crawl, *old)

    async def agree(self, name: str, value: str) -> str:
        """Return what the first of those who are at work together has said of something."""
        field: Any = AGREED + name.encode()
        await self._client.hsetnx(self._keys.crawl, field, value)
        agreed: Any = await self._client.hget(self._keys.crawl, field)
        return value if agreed is None else _text(agreed)

    async def length(self) -> int:
        """Return how many requests are queued, leased or waiting."""
        lanes = await self._client.zrange(self._keys.lanes, 0, -1)
        streams = [await self._client.xlen(self._keys.lane(_text(lane))) for lane in lanes]
        return sum(streams) + int(await self._client.zcard(self._keys.waiting))

    async def clear(self) -> None:
        """Forget the crawl, dead letters excepted."""
        await self._scripts["forget"](keys=[self._prefix], args=[0])

    async def close(self) -> None:
        await self._client.aclose()

    async def _run(self, script: str, *args: Any) -> Any:
        return await self._scripts[script](keys=[self._prefix], args=[self._worker, *args, *self._clock.bounds()])


COUNT, AGREED = b"count:", b"agreed:"  # what fields of a crawl begin with
NUMBER = re.compile(rb"-?\d{1,18}")
BY_TIME = ("open", "commit", "take", "beat", "audit", "finish", "remembered", "settle")  # those that workers run
SCRIPTS = (*BY_TIME, "complete", "forget")


def read_counts(fields: Mapping[bytes, bytes]) -> dict[str, int]:
    """Return the counts among a crawl's fields; what is no number is left out."""
    return {
        name.removeprefix(COUNT).decode("utf-8", "replace"): int(value)
        for name, value in fields.items()
        if name.startswith(COUNT) and NUMBER.fullmatch(value)
    }


def read_result(result: bytes | None) -> dict[str, int] | None:
    """Return what a crawl came to; None where that is not known, or cannot be read."""
    try:
        return read_json(result, dict[str, int]) if result else None
    except UnreadableValueError:
        return None


def _text(value: Any) -> str:
    """Return what Redis answered; this client decodes nothing by itself, since payloads are no text."""
    text: str = value.decode("utf-8", "replace")
    return text


def _entry(found: Sequence[Any]) -> Entry:
    lane, id_, payload, attempts, deliveries = found
    return Entry(Key(int(lane), id_.decode()), payload, int(attempts), int(deliveries))


def script_source(name: str, first_line: str | None = None) -> str:
    """Return the script `lua/<name>.lua`, what all have in common behind its first line, which is for Redis.

    With that line a full Redis refuses a script as a whole, unless it says `allow-oom`: what frees more than it takes.
    KEYS[1] is the crawl's prefix, `<REDIS_KEY_PREFIX>:<crawl>`.
    """
    folder = files("refillspot.frontier").joinpath("lua")
    common, script = (folder.joinpath(f"{part}.lua").read_text(encoding="utf-8") for part in ("keys", name))
    own_line, _, rest = script.partition("\n")
    clock = CLOCK if name in BY_TIME else ""
    return f"{first_line or own_line}\n{clock}{common}\n{rest}"


def name_worker() -> str:
    """Return a name for this process, as a worker: of this machine, and never given twice."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


def pid_here(worker: str) -> int | None:
    """Return the process that has a worker's name, None if it is one of another machine."""
    host, _, rest = worker.rpartition("-")[0].rpartition("-")
    return int(rest) if host == socket.gethostname() and rest.isascii() and rest.isdigit() else None
