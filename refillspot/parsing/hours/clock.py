"""Times of day in words, and intervals of them. Minutes since midnight; past midnight counts on (26:00 = 1560)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

HOUR = 60
NOON = 12 * HOUR
DAY = 24 * HOUR
LONGEST = 20 * HOUR  # longer and yet not round the clock is a slip of the pen: 오전 11시 - 오전 9시 30분

HALVES = {
    "오전": 0, "새벽": 0, "아침": 0, "am": 0, "자정": 0,
    "오후": NOON, "저녁": NOON, "밤": NOON, "pm": NOON, "정오": NOON,
}  # fmt: skip
_HALF = "|".join(HALVES)
_FACE = r"(?<![\d.])\d{1,2}(?: ?[:;] ?[0-5]\d(?: ?분)?| ?시(?!간)(?: ?\d{1,2} ?분| ?[0-5]\d(?!\d)| ?반)?)"
_LOOSE = _FACE + r"?(?!\d)"
CLOCK = rf"(?:{_HALF}) ?{_LOOSE}|{_FACE}(?: ?[ap]m)?|정오|자정"
_END = rf"(?:(?:{_HALF}) ?)?{_LOOSE}(?: ?[ap]m)?|정오|자정"
SPAN = rf"(?:{_END}) ?(?:-|부터|에서) ?(?:{_END})"
ROUND_THE_CLOCK = r"24 ?시간(?! ?전)"

_READ = re.compile(
    rf"(?P<half>{_HALF})? ?(?<![\d.])(?P<hour>\d{{1,2}})"
    r"(?: ?[:;] ?(?P<minute>[0-5]\d)| ?시(?!간)(?: ?(?P<minute2>\d{1,2})(?!\d)| ?(?P<thirty>반))?)?(?: ?분)?"
    r"(?: ?(?P<after>[ap]m))?|(?P<word>정오|자정)"
)


class TimeOfDay(NamedTuple):
    """A time of day. `exact` is False where it may be twelve hours later: "8시", "3:30"."""

    minutes: int
    exact: bool


class Span(NamedTuple):
    """From `start` to `end`, in minutes. `exact` as in `TimeOfDay`; `marked` is False for bare numbers, "15-17"."""

    start: int
    end: int
    exact: bool = True
    marked: bool = True

    @property
    def length(self) -> int:
        return self.end - self.start


@lru_cache(maxsize=1024)
def read_moment(words: str) -> TimeOfDay | None:
    """Return the time that words give, None if there is no such time of day (31:00)."""
    match = _READ.search(words)
    return _moment(match) if match else None


@lru_cache(maxsize=1024)
def read_span(words: str) -> Span | None:
    """Return the span of one match of `SPAN`, ended past midnight where it must; None if it is no span of time."""
    if re.match(ROUND_THE_CLOCK, words):
        return Span(0, DAY)
    matches = list(_READ.finditer(words))
    if len(matches) != 2:
        return None
    start, end = _moment(matches[0]), _moment(matches[1])
    if start is None or end is None:
        return None
    if start.minutes == end.minutes and not start.exact:
        return None  # 10시 - 10시: half a day or all of it
    last = end.minutes
    clock_face = not end.exact and matches[1]["hour"][0] != "0"  # 13:00 - 02:00 is a night
    halved = matches[0]["half"] or start.minutes > NOON or last + DAY - start.minutes > LONGEST  # 11시 - 10시
    if last <= start.minutes and clock_face and halved:
        last = last + NOON if last + NOON > start.minutes else last  # 오후 3시 - 5시
    if last <= start.minutes:
        last += DAY
    marked = any(match["word"] or len(match[0].strip()) > 2 for match in matches)
    return Span(start.minutes, last, start.exact or end.exact, marked)


def is_plausible(span: Span) -> bool:
    """Tell whether a shop could be open so long; from midnight on it may be the end of a day and night before."""
    return span.length <= LONGEST or DAY - 1 <= span.length <= DAY or (span.start == 0 and span.length <= DAY)


def merge(spans: list[Span]) -> list[Span]:
    """Return the spans sorted, touching ones made one. 24 hours are midnight to midnight."""
    merged: list[Span] = []
    for span in sorted(spans):
        if span.length == DAY:
            return [Span(0, DAY)]
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(Span(span.start, span.end))
    return merged


def cut(spans: list[Span], gap: Span) -> list[Span]:
    """Return the spans without the gap, moved to the half of the day or past the midnight where it fits."""
    for shift in _shifts(exact=gap.exact):
        start, end = gap.start + shift, gap.end + shift
        if any(start < span.end and end > span.start for span in spans):
            pieces = [(span.start, min(span.end, start)) for span in spans]
            pieces += [(max(span.start, end), span.end) for span in spans]
            return sorted(Span(*piece) for piece in pieces if piece[0] < piece[1])
    return spans


def fit(moment: TimeOfDay, within: Span) -> int | None:
    """Return the moment on the clock of a span, None if it lies outside. Negative minutes count from its end."""
    if moment.minutes < 0:
        return within.end + moment.minutes if within.length > -moment.minutes else None
    shifted = (moment.minutes + shift for shift in _shifts(exact=moment.exact))
    return next((minutes for minutes in shifted if within.start < minutes <= within.end), None)


def write_clock(minutes: int) -> str:
    return f"{minutes // HOUR:02d}:{minutes % HOUR:02d}"


def _shifts(*, exact: bool) -> tuple[int, ...]:
    return (0, DAY) if exact else (0, DAY, NOON)


def _moment(match: re.Match[str]) -> TimeOfDay | None:
    if match["word"]:
        return TimeOfDay(HALVES[match["word"]], exact=True)
    half = match["half"] or match["after"]
    hour = int(match["hour"])
    minute = 30 if match["thirty"] else int(match["minute"] or match["minute2"] or 0)
    if minute >= HOUR or hour > 30:
        return None
    if half and hour <= 12:
        night = half == "밤" and (hour == 12 or hour < 6)  # 밤 12시 is midnight, 밤 1시 is after it
        return TimeOfDay(hour % 12 * HOUR + minute + (0 if night else HALVES[half]), exact=True)
    return TimeOfDay(hour * HOUR + minute, exact=hour > 12 or hour == 0)
