"""Opening hours: a week of them, and the site's words for it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from replica.one_line import FORMS, write_line

if TYPE_CHECKING:
    from random import Random

FIRST_DAY = date(2026, 7, 9)  # a Thursday: where the clock starts
DAY_NAMES = "월화수목금토일"
SPANS = (
    ("11:00", "22:00"), ("11:30", "23:00"), ("10:00", "21:00"), ("17:00", "02:00"), ("16:00", "24:00"),
    ("11:00", "15:00"), ("00:00", "24:00"), ("08:00", "20:30"), ("12:00", "01:00"),
)  # fmt: skip
SPAN_WEIGHTS = (26, 20, 14, 10, 10, 3, 3, 8, 6)
LAST_ORDERS = {"22:00": "21:00", "23:00": "22:00", "21:00": "20:20", "02:00": "01:00", "24:00": "23:00"}
FESTIVAL_SPAN = ("12:00", "20:00")
BREAK = ("15:00", "17:00")
ONE_LINE_SHARE = 0.03  # of the weeks that are shown whole
# 설날 and 추석, the days around them included, of the first years of the calendar; most shops are closed then.
FESTIVALS = frozenset(
    first + timedelta(days=day)
    for first in (date(2026, 9, 24), date(2027, 2, 6), date(2027, 9, 14), date(2028, 1, 26), date(2028, 10, 2))
    for day in range(3)
)
CLOSED_AT_FESTIVALS_SHARE = 0.7

OPEN, CLOSED_TODAY, UNKNOWN, BREAK_TIME = "영업 중", "오늘 휴무", "확인필요", "브레이크 타임"
# What lists show, per 2,409 rows. UNKNOWN goes with no hours at all.
STATUSES = {
    OPEN: 1721, CLOSED_TODAY: 208, UNKNOWN: 190, "영업 종료": 158, BREAK_TIME: 51, "마지막 주문 마감": 13,
    "영업 전": 6, "영업 종료 25분 전": 20, "라스트 오더 26분 전": 20, "영업 시작 27분 전": 22,
}  # fmt: skip


class Week(Struct, frozen=True, gc=False):
    """`spans` per weekday, 0 = Monday, None = closed; `only_today` where the page shows no other day.

    `form` of the one line that stands in place of a row a day, 0 = a row a day.
    """

    spans: tuple[tuple[str, str] | None, ...]
    break_time: tuple[str, str] | None
    last_order: str | None
    only_today: bool
    closed_at_festivals: bool = False
    form: int = 0

    def span_on(self, day: date) -> tuple[str, str] | None:
        """Return when it is open on a date: a festival is no weekday's rule."""
        return None if self.closed_at_festivals and day in FESTIVALS else self.spans[day.weekday()]


def draw_status(rng: Random) -> str:
    return rng.choices(list(STATUSES), list(STATUSES.values()))[0]


def draw_week(status: str, rng: Random) -> Week | None:
    """Return hours that do not contradict the open status."""
    if status == UNKNOWN:
        return None
    span = SPANS[0] if status == BREAK_TIME else rng.choices(SPANS, SPAN_WEIGHTS)[0]
    weekend = rng.choices((span, ("11:00", "21:00")), (7, 3))[0]
    spans: list[tuple[str, str] | None] = [*[span] * 5, *[weekend] * 2]
    if status == CLOSED_TODAY:
        spans[FIRST_DAY.weekday()] = None
    elif rng.random() < 0.35:
        spans[rng.choice([day for day in range(7) if day != FIRST_DAY.weekday()])] = None
    breaks = (
        BREAK if span[0] < "12:00" and span[1] > "20:00" and (status == BREAK_TIME or rng.random() < 0.25) else None
    )
    last_order = LAST_ORDERS.get(span[1]) if rng.random() < 0.5 else None
    only_today = rng.random() < 0.08
    closed_at_festivals = rng.random() < CLOSED_AT_FESTIVALS_SHARE
    form = rng.randint(1, FORMS) if not only_today and rng.random() < ONE_LINE_SHARE else 0
    return Week(tuple(spans), breaks, last_order, only_today, closed_at_festivals, form)


def open_shorter(week: Week) -> Week:
    """Return the week of a time when little is to be earned: the same days, and noon to eight without a break."""
    spans = tuple(span and FESTIVAL_SPAN for span in week.spans)
    return replace(week, spans=spans, break_time=None, last_order=None)


def write_week(week: Week, today: date) -> list[dict[str, Any]]:
    """Return `bhour`: a row per day from today on; what else a day has follows under an empty label.

    None where the week is known in one line only.
    """
    rows: list[dict[str, Any]] = []
    if week.form:
        return rows
    for ahead in range(1 if week.only_today else 7):
        day = today + timedelta(days=ahead)
        name = DAY_NAMES[day.weekday()]
        label = f"{day.month}월 {day.day}일({name})" if ahead else f"오늘({name})"
        for text in _write_day(week, day):
            rows.append({"duration": label, "time": text, "today": not ahead})
            label = ""
    return rows


def write_today(week: Week, today: date) -> str:
    """Return the status of today, or all that is known in one line."""
    return write_line(week) if week.form else _write_day(week, today)[0]


def status_on(status: str, week: Week | None, today: date) -> str:
    """Return the open status as shown on a day: closed exactly on the days that the week says are, and at festivals."""
    if week and not week.span_on(today):
        return CLOSED_TODAY
    return OPEN if status == CLOSED_TODAY else status


def write_summary(week: Week) -> list[dict[str, str]]:
    """Return `bhour_seo`: one line for days in a row that are alike, or the one that the owner wrote."""
    if week.form:
        return [{"duration": "", "time": write_line(week)}]
    if len(set(week.spans)) == 1 and week.spans[0]:
        return [{"duration": "매일", "time": "-".join(week.spans[0])}]
    spans = zip(DAY_NAMES, week.spans, strict=True)
    return [{"duration": name, "time": "-".join(span) if span else "휴무"} for name, span in spans]


def _write_day(week: Week, day: date) -> list[str]:
    span = week.span_on(day)
    if not span:
        return ["휴무일"]
    lines = [f"영업시간: {span[0]} - {span[1]}"]
    if week.break_time:
        lines.append(f"브레이크타임: {week.break_time[0]} - {week.break_time[1]}")
    if week.last_order and _has_last_order(week, span):
        lines.append(f"라스트오더: {week.last_order}")
    return lines


def write_hours(week: Week) -> dict[int, dict[str, Any]]:
    """Return what is true per weekday, 0 = Monday: times past midnight count on (26:00), breaks are cut out."""
    return {weekday: _write_truth(week, weekday) for weekday in range(7)}


def _write_truth(week: Week, weekday: int) -> dict[str, Any]:
    span = week.spans[weekday]
    if not span:
        return {"intervals": [], "last_order": None, "closed": True}
    opens, closes = span[0], _count_on(span[0], span[1])
    intervals = [(opens, week.break_time[0]), (week.break_time[1], closes)] if week.break_time else [(opens, closes)]
    last_order = _count_on(opens, week.last_order) if week.last_order and _has_last_order(week, span) else None
    return {"intervals": intervals, "last_order": last_order, "closed": False}


def _has_last_order(week: Week, span: tuple[str, str]) -> bool:
    return LAST_ORDERS.get(span[1]) == week.last_order


def _count_on(opens: str, time: str) -> str:
    return time if time > opens else f"{int(time[:2]) + 24}{time[2:]}"
