"""Hand-labelled opening hours, and how parsed ones are written in the words of a label."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from refillspot.items import WEEKDAYS, Day, OpeningHours
from refillspot.parsing.hours import parse_hours

if TYPE_CHECKING:
    from collections.abc import Iterator

LABELS = Path(__file__).parent / "labelled" / "hours.yaml"


def labelled_hours() -> Iterator[tuple[str | dict[str, str], str | None]]:
    """Yield the text and what it says, `None` if it says nothing."""
    for case in yaml.safe_load(LABELS.read_text()):
        yield case["text"], case["says"]


def say(value: str | dict[str, str]) -> str | None:
    hours = parse_hours(value)
    return write_label(hours) if hours else None


def write_label(hours: OpeningHours) -> str:
    days = {number: _write_day(day) for number, day in hours.days.items()}
    parts = ["; ".join(_write_groups(days))]
    parts += [f"{WEEKDAYS[day]}[{','.join(map(str, weeks))}]" for day, weeks in hours.closed_weeks.items()]
    parts += [f"~{WEEKDAYS[day]}" for day in hours.closed_every_other_week]
    parts += [f"PH {_write_day(hours.holidays)}"] if hours.holidays else []
    parts += [f"festivals {hours.festivals}"] if hours.festivals else []
    return " | ".join(parts)


def _write_groups(days: dict[int, str]) -> Iterator[str]:
    start = None
    for number in sorted(days):
        start = number if start is None else start
        if days.get(number + 1) != days[number]:
            name = WEEKDAYS[start] if start == number else f"{WEEKDAYS[start]}-{WEEKDAYS[number]}"
            yield f"{name} {days[number]}"
            start = None


def _write_day(day: Day) -> str:
    if day.closed:
        return "off"
    spans = ",".join(f"{start}-{end}" for start, end in day.intervals)
    return f"{spans} LO {day.last_order}" if day.last_order else spans
