"""The clock of another machine, as seen from here."""

from __future__ import annotations

import time


class ServerClock:
    """Each answer narrows down how far the server's clock is ahead of this process' steady one.

    An answer that was read late, because this process was suspended, does not mislead: the server's time lies between
    question and answer, and what was known before is kept as far as that allows. A clock that was set is followed.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None

    def note(self, server: float, asked: float, answered: float) -> None:
        """Take the server's time in an answer, with when it was asked for and arrived on `time.monotonic`."""
        earliest, latest = server - answered, server - asked
        known = (earliest + latest) / 2 if self._ahead is None else self._ahead
        self._ahead = min(max(known, earliest), latest)

    def local(self, server: float) -> float:
        """Return a time of the server on `time.monotonic`."""
        assert self._ahead is not None  # noqa: S101  # whoever has a time of the server has noted one
        return server - self._ahead

    def seconds_until(self, server: float) -> float:
        return self.local(server) - time.monotonic()
