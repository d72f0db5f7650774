"""Figures as people read them. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Unit(StrEnum):
    COUNT = "count"
    SECONDS = "seconds"
    SHARE = "share"
    """0 to 1, written as per cent."""
    PER_HOUR = "per hour"
    PER_SECOND = "per second"
    RATIO = "ratio"
    MB = "MiB"


def write(value: float, unit: Unit) -> str:
    """Return "1,234", "1:02:05", "61.2 %", "9,058/h", "3.25/s", "1.80", "105 MiB"."""
    return WRITERS[unit](value)


def write_change(now: float, before: float, unit: Unit) -> str:
    """Return the difference with its sign, "=" where none is to be seen."""
    written = write(abs(now - before), unit)
    if written == write(0, unit):
        return "="
    return ("+" if now > before else "-") + written


def write_seconds(seconds: float) -> str:
    """Return "0:05", "12:05", "1:02:05"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _write_share(share: float) -> str:
    """Return it with one digit; what is not quite all of it is never written as 100."""
    percent = 100 * share
    return "100 %" if percent == 100 else f"{min(percent, 99.9) if percent < 100 else percent:.1f} %"


def _write_per_second(value: float) -> str:
    return f"{value:,.0f}/s" if value >= 100 else f"{value:.3g}/s"


WRITERS: dict[Unit, Callable[[float], str]] = {
    Unit.COUNT: "{:,.0f}".format,
    Unit.SECONDS: write_seconds,
    Unit.SHARE: _write_share,
    Unit.PER_HOUR: "{:,.0f}/h".format,
    Unit.PER_SECOND: _write_per_second,
    Unit.RATIO: "{:.2f}".format,
    Unit.MB: "{:,.0f} MiB".format,
}
