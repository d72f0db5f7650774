"""`/_log`: every request with the server's own time, so that politeness is judged by the one who was asked."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import deque
from contextlib import contextmanager
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING

import msgspec

from replica.streaming import write_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ENTRIES = 200_000
MAX_TEXT = 300  # characters of a text that a client sent: the log is bounded, whatever is asked


class Entry(msgspec.Struct, gc=False):
    """One request. Times in seconds since the epoch; `ended` None = still under way."""

    seq: int
    arrived: float
    ended: float | None
    method: str
    path: str
    kind: str
    """list, store, robots, geocode or unknown."""
    asked: str
    """The search's words, the store's v_rid, or what Kakao was asked; never a key."""
    status: int | None
    """As sent; None = none was, or not yet."""
    active: int
    """Requests under way when this one arrived, itself included."""
    user_agent: str
    fault: str | None = None
    """Kind and id of the fault that spoilt the answer, "status#1"."""

    def ask(self, text: str) -> None:
        self.asked = text[:MAX_TEXT]


class RequestLog:
    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self._entries: deque[Entry] = deque(maxlen=max_entries)
        self._seq = 0
        self._active = 0
        self.dropped = 0

    @contextmanager
    def record(self, method: str, path: str, kind: str, user_agent: str) -> Iterator[Entry]:
        """Log a request while it is under way; the caller fills in what it asked for."""
        self._seq += 1
        self._active += 1
        path, agent = _share(path[:MAX_TEXT]), _share(user_agent[:MAX_TEXT])
        entry = Entry(self._seq, time.time(), None, method, path, kind, "", None, self._active, agent)
        self.dropped += len(self._entries) == self._entries.maxlen
        self._entries.append(entry)
        try:
            yield entry
        finally:
            entry.ended = time.time()
            self._active -= 1

    def clear(self) -> None:
        """Forget the entries; sequence numbers go on, so that `since` keeps its meaning."""
        self._entries.clear()
        self.dropped = 0

    def write(self, since: int = 0, begin: float = -inf, end: float = inf) -> Iterator[bytes]:
        """Yield, in pieces, the entries after number `since` that arrived in [begin, end), as JSON lines."""
        entries = tuple(self._entries)  # as it is now, whatever comes while we write
        later = entries[bisect_right(entries, since, key=lambda entry: entry.seq) :]
        return write_lines(later, lambda entry: begin <= entry.arrived < end)


@lru_cache(maxsize=1024)
def _share(text: str) -> str:
    """Return the same text, once for all: there are a few, in each of so many entries."""
    return text
