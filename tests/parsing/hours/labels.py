"""Hand-labelled opening hours, and how parsed ones are written in the words of a label."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import yaml

from refillspot.items import WEEKDAYS, Day, OpeningHours
from refillspot.parsing.hours import parse_hours

if TYPE_CHECKING:
    from collections.abc import Iterator

LABELS = Path(__file__).parents[1] / "labelled" / "hours.yaml"


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


CAPTURED_LABELS = LABELS.parent / "captured_hours.yaml"
CAPTURED_TEXTS = Path(__file__).parents[4] / "shared" / "captures" / "hours_2026_one_line.json"


def captured_hours() -> Iterator[tuple[str, str | None]]:
    """Yield the captured texts that were labelled by eye, and their labels; nothing where there are no captures."""
    if CAPTURED_TEXTS.exists():
        texts = json.loads(CAPTURED_TEXTS.read_text("utf-8"))
        for number, label in yaml.safe_load(CAPTURED_LABELS.read_text("utf-8")).items():
            yield texts[number], label


def judge_hours(found: str | None, label: str | None) -> Literal["right", "wrong", "as text"]:
    """Compare labels: wrong is any value that the label does not have; what is only missing was left as text."""
    said, true = _values_of(found), _values_of(label)
    if said.items() <= true.items():
        return "right" if said == true else "as text"
    return "wrong"


def _values_of(label: str | None) -> dict[str, str]:
    """Return what a label says of each weekday, of weeks, of holidays: {"Mo": "11:00-22:00", "Su[1,3]": "", …}."""
    days, *others = (label or "").split(" | ")
    values = {name: value for name, _, value in (other.partition(" ") for other in others)}
    for group in filter(None, days.split("; ")):
        names, _, value = group.partition(" ")
        first, _, last = names.partition("-")
        values |= dict.fromkeys(WEEKDAYS[WEEKDAYS.index(first) : WEEKDAYS.index(last or first) + 1], value)
    return values
