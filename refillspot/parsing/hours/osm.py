"""Opening hours as OpenStreetMap writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.items import MIDNIGHT, WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.items import Day, OpeningHours


def write_osm(hours: OpeningHours) -> str:
    """Return OSM `opening_hours` text, e.g. "Mo-Fr 11:30-15:00,17:00-22:00; Su off; Mo[1,3] off; PH off".

    OSM has no words for 격주, nor for 설 and 추석: days closed every other week are "unknown", festivals left out.
    What begins after midnight is said of the day after. If a day runs past midnight, commas join rules, and weeks
    are the open ones, Mo[2,4,5]: behind a semicolon, a rule takes its day's first hours from the night before.
    A public holiday, and a last week that is off, still do.
    """
    rules: list[list[str]] = []  # [first weekday, last weekday, selector]
    previous = None
    for number, day in sorted(hours.days.items()):
        if not (selector := _selector(day)):
            continue
        selector += _doubt(hours, number)
        name = WEEKDAYS[number] + _open_weeks(hours, number)
        if rules and previous == number - 1 and rules[-1][2] == selector and "[" not in rules[-1][1] + name:
            rules[-1][1] = name
        else:
            rules.append([name, name, selector])
        previous = number
    texts = [f"{a if a == b else f'{a}-{b}'} {selector}" for a, b, selector in rules]
    if _runs_past_midnight(hours):
        opened = ", ".join(text for text in texts if not text.endswith(" off"))
        texts = [*(text for text in texts if text.endswith(" off")), *filter(None, [opened])]
    off_weeks = {day: weeks for day, weeks in hours.closed_weeks.items() if not _open_weeks(hours, day)}
    texts += [f"{WEEKDAYS[day]}[{','.join(map(str, weeks))}] off" for day, weeks in off_weeks.items()]
    texts += [f"PH {selector}"] if (selector := _selector(hours.holidays)) else []
    return ", ".join(filter(None, ["; ".join(texts), *_after_midnight(hours)]))


def _runs_past_midnight(hours: OpeningHours) -> bool:
    return any(end > MIDNIGHT for day in hours.days.values() for _, end in day.intervals)


def _open_weeks(hours: OpeningHours, number: int) -> str:
    """Return "[2,4,5]", the weeks in which a weekday is open, where a closing would take hours of another day."""
    weeks = hours.closed_weeks.get(number, [])
    left = ",".join(str(week) for week in range(1, 6) if week not in weeks)
    return f"[{left}]" if weeks and min(weeks) > 0 and left and _runs_past_midnight(hours) else ""


def _after_midnight(hours: OpeningHours) -> Iterator[str]:
    for number, day in sorted(hours.days.items()):
        for start, end in day.intervals:
            if start >= MIDNIGHT:
                after = f"{_of_next_day(start)}-{_of_next_day(end)}{_doubt(hours, number)}"
                yield f"{WEEKDAYS[(number + 1) % 7]} {after}"


def _doubt(hours: OpeningHours, number: int) -> str:
    is_in_doubt = number in hours.closed_every_other_week and not hours.days[number].closed
    return ' unknown "격주 휴무"' * is_in_doubt


def _selector(day: Day | None) -> str:
    spans = day.intervals if day else []
    return "off" if day and day.closed else ",".join(f"{start}-{end}" for start, end in spans if start < MIDNIGHT)


def _of_next_day(clock: str) -> str:
    return f"{int(clock[:2]) - 24:02d}{clock[2:]}"
