"""The replica's clock: it stands still until it is moved, and moves forward only."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone

import msgspec

from replica.hours import FIRST_DAY

KST = timezone(timedelta(hours=9), "KST")
START = datetime.combine(FIRST_DAY, time(), KST)
MAX_DAYS = 3650  # from the start on; a year with a digit too many would run for hours
USAGE = 'send {"days": 10} or {"to": "2026-08-01T00:00:00+09:00"}'


class ClockError(ValueError):
    """A time that is not one, or not one that the clock can be asked for; the message says which."""


class Move(msgspec.Struct, forbid_unknown_fields=True):
    days: float | None = None
    to: str | None = None


class Clock:
    def __init__(self) -> None:
        self.now = START

    def read_move(self, body: bytes) -> datetime:
        """Return the time that a request moves on to.

        Raises:
            ClockError: the body says nothing clear, or goes back, or farther than MAX_DAYS from the start.
        """
        try:
            move = msgspec.json.decode(body, type=Move)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ClockError(f"{error}; {USAGE}") from error
        if (move.days is None) == (move.to is None):
            raise ClockError(f"one of days and to is needed; {USAGE}")
        return self._check(self._add(move.days) if move.to is None else read_time(move.to))

    def read_past(self, text: str | None, default: datetime) -> datetime:
        """Return a moment between the start and now.

        Raises:
            ClockError: it is no time, or out of these bounds.
        """
        moment = read_time(text) if text else default
        if not START <= moment <= self.now:
            raise ClockError(f"{moment.isoformat()} is not between {START.isoformat()} and {self.now.isoformat()}")
        return moment

    def _add(self, days: float | None) -> datetime:
        return self.now + timedelta(days=min(max(days or 0, -MAX_DAYS), MAX_DAYS + 1))  # beyond: refused, no overflow

    def _check(self, moment: datetime) -> datetime:
        if moment < self.now:
            raise ClockError(f"the clock only moves forward: {moment.isoformat()} is before {self.now.isoformat()}")
        if moment > START + timedelta(days=MAX_DAYS):
            raise ClockError(f"{moment.isoformat()} is more than {MAX_DAYS} days after {START.isoformat()}")
        return moment


def read_time(text: str) -> datetime:
    """Return an ISO date or time, in KST unless it says otherwise; a blank is a "+" that a URL lost.

    Raises:
        ClockError: it is none.
    """
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=KST)).astimezone(KST)
    except (ValueError, OverflowError) as error:
        raise ClockError(f"{text!r} is no ISO time such as 2026-08-01 or {START.isoformat()}") from error
