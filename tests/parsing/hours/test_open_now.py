"""Whether a shop is open: by what was said, and as an independent reader of its `opening_hours` evaluates it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import opening_hours
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from refillspot.clock import KST
from refillspot.items import Day, OpeningHours
from refillspot.parsing.hours import parse_hours
from refillspot.parsing.hours.open_now import OpenNow, open_now
from refillspot.parsing.hours.osm import write_osm
from refillspot.parsing.hours.public_holidays import find_holiday

LATE = Day([("11:30", "15:00"), ("17:00", "26:00")], last_order="25:00")
PLAIN = Day([("11:00", "21:00")], last_order="20:30")
OFF = Day(closed=True)
ROUND_THE_CLOCK = Day([("00:00", "24:00")])
EVERY_DAY = dict.fromkeys(range(7), PLAIN)
LATE_SUNDAYS = OpeningHours(dict.fromkeys(range(6), PLAIN) | {6: LATE})


def kst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KST)


def osm_state(hours: OpeningHours, at: datetime) -> str:
    return str(reader_of(hours).state(at.replace(tzinfo=None))[0])


def reader_of(hours: OpeningHours) -> opening_hours.OpeningHours:
    return opening_hours.OpeningHours(write_osm(hours) or "off", country="KR")


def closed(opens_at: str | None = None, reason: str | None = None) -> OpenNow:
    return OpenNow("closed", opens_at=kst(opens_at) if opens_at else None, reason=reason)  # type: ignore[arg-type]


def opened(until: str, last_order_at: str | None = None) -> OpenNow:
    return OpenNow("open", until=kst(until), last_order_at=kst(last_order_at) if last_order_at else None)


def unknown(reason: str) -> OpenNow:
    return OpenNow("unknown", reason=reason)  # type: ignore[arg-type]


BOTH_AGREE = [
    # 한글날, a Friday
    (OpeningHours(EVERY_DAY, holidays=OFF), "2026-10-09 12:00", closed("2026-10-10 11:00")),
    (OpeningHours(EVERY_DAY, holidays=LATE), "2026-10-09 14:00", opened("2026-10-09 15:00")),
    (OpeningHours(EVERY_DAY), "2026-10-09 12:00", opened("2026-10-09 21:00", "2026-10-09 20:30")),
    (OpeningHours({4: OFF}, holidays=PLAIN), "2026-10-09 12:00", opened("2026-10-09 21:00", "2026-10-09 20:30")),
    # the break
    (LATE_SUNDAYS, "2026-11-29 14:59", opened("2026-11-29 15:00")),
    (LATE_SUNDAYS, "2026-11-29 15:00", closed("2026-11-29 17:00")),
    (LATE_SUNDAYS, "2026-11-29 17:00", opened("2026-11-30 02:00", "2026-11-30 01:00")),
    # after midnight
    (LATE_SUNDAYS, "2026-11-30 01:59", opened("2026-11-30 02:00", "2026-11-30 01:00")),
    (LATE_SUNDAYS, "2026-11-30 02:00", closed("2026-11-30 11:00")),
    (OpeningHours({0: OFF, 1: PLAIN, 6: LATE}), "2026-11-30 01:00", opened("2026-11-30 02:00", "2026-11-30 01:00")),
    (OpeningHours({0: PLAIN, 6: Day([("17:00", "23:00"), ("25:00", "28:00")])}), "2026-11-30 03:00",
     opened("2026-11-30 04:00")),
    # the n-th Sunday, and the last
    (OpeningHours(EVERY_DAY, {6: [1, 3]}), "2026-12-06 12:00", closed("2026-12-07 11:00")),
    (OpeningHours(EVERY_DAY, {6: [1, 3]}), "2026-12-13 12:00", opened("2026-12-13 21:00", "2026-12-13 20:30")),
    (OpeningHours(EVERY_DAY, {6: [-1]}), "2026-11-29 12:00", closed("2026-11-30 11:00")),
    (OpeningHours(EVERY_DAY, {6: [-1]}), "2026-11-22 12:00", opened("2026-11-22 21:00", "2026-11-22 20:30")),
    (OpeningHours({6: PLAIN} | dict.fromkeys(range(6), OFF), {6: [1, 2, 3, 4]}), "2026-12-01 12:00", closed()),
    # 격주
    (OpeningHours(EVERY_DAY, closed_every_other_week=[6]), "2026-11-29 12:00", unknown("every_other_week")),
    (OpeningHours(EVERY_DAY, closed_every_other_week=[6]), "2026-11-29 22:00", closed("2026-11-30 11:00")),
    (OpeningHours(EVERY_DAY, closed_every_other_week=[6]), "2026-11-28 22:00", closed(None, "every_other_week")),
    # round the clock
    (OpeningHours(dict.fromkeys(range(7), ROUND_THE_CLOCK)), "2026-11-29 23:59", OpenNow("open")),
]  # fmt: skip


@pytest.mark.parametrize(("hours", "at", "answer"), BOTH_AGREE)
def test_an_answer_that_openstreetmap_has_too(hours: OpeningHours, at: str, answer: OpenNow) -> None:
    found = open_now(hours, kst(at))

    assert (found, found.state) == (answer, osm_state(hours, kst(at)))


@pytest.mark.parametrize(
    ("hours", "at", "answer", "osm"),
    [
        # 설날 2027, a Sunday, with the days around it: no word for it, so its reader takes it for any public holiday
        (OpeningHours(EVERY_DAY), "2027-02-07 12:00", unknown("festival"), "open"),
        (OpeningHours(EVERY_DAY), "2027-02-07 22:00", closed(None, "festival"), "closed"),
        (OpeningHours(EVERY_DAY, festivals="closed"), "2027-02-07 12:00", closed(None, "festival"), "open"),
        (OpeningHours(EVERY_DAY, festivals="closed"), "2027-02-08 12:00", unknown("festival"), "open"),
        (OpeningHours(EVERY_DAY, festivals="day closed"), "2027-02-07 12:00", closed("2027-02-08 11:00"), "open"),
        (OpeningHours(EVERY_DAY, holidays=OFF), "2026-09-24 12:00", closed("2026-09-27 11:00"), "closed"),
        (OpeningHours(EVERY_DAY, holidays=PLAIN), "2026-09-25 12:00", unknown("festival"), "open"),
        (OpeningHours(EVERY_DAY, holidays=OFF, festivals="open"), "2026-09-25 12:00",
         opened("2026-09-25 21:00", "2026-09-25 20:30"), "closed"),
        (OpeningHours({4: OFF, 5: PLAIN}, festivals="closed"), "2026-09-25 12:00", closed(None, "festival"), "closed"),
        # a weekday that is not known: for OpenStreetMap it is closed
        (OpeningHours({0: PLAIN}), "2026-12-01 12:00", unknown("day_not_known"), "closed"),
        (OpeningHours({0: LATE}), "2026-12-02 01:00", unknown("day_not_known"), "closed"),  # Tuesday's night perhaps
        (OpeningHours({0: LATE, 2: PLAIN}), "2026-12-02 01:00", unknown("day_not_known"), "closed"),
        (OpeningHours({0: PLAIN, 2: PLAIN}), "2026-12-02 01:00", closed("2026-12-02 11:00"), "closed"),
        (OpeningHours({0: Day(), 1: PLAIN}), "2026-11-30 12:00", unknown("day_not_known"), "closed"),
        (OpeningHours({}), "2026-11-30 12:00", unknown("no_hours"), "closed"),
        # a year that the table does not reach
        (OpeningHours(EVERY_DAY), "2037-03-04 12:00", unknown("no_calendar"), "open"),
    ],
)  # fmt: skip
def test_an_answer_for_which_openstreetmap_has_no_word(hours: OpeningHours, at: str, answer: OpenNow, osm: str) -> None:
    assert (open_now(hours, kst(at)), osm_state(hours, kst(at))) == (answer, osm)


def test_hours_of_a_festival_that_are_words_only_are_not_those_of_the_week() -> None:
    hours = parse_hours("매일 11:00-21:00\n설날 12:00-18:00")

    assert hours
    assert open_now(hours, kst("2027-02-07 20:00")) == unknown("festival")


def test_the_moment_may_be_of_any_zone() -> None:
    assert open_now(LATE_SUNDAYS, datetime(2026, 11, 29, 16, 30, tzinfo=UTC)).state == "open"  # 01:30 on Monday, KST


def test_nothing_known_is_unknown() -> None:
    assert open_now(None, kst("2026-11-30 12:00")).as_json() == {
        "state": "unknown", "until": None, "last_order_at": None, "opens_at": None, "reason": "no_hours",
    }  # fmt: skip
    assert opened("2026-11-30 21:00").as_json()["until"] == "2026-11-30T21:00:00+09:00"


# --- any hours, any moment

QUARTERS = st.lists(st.integers(6 * 4, 30 * 4), min_size=2, max_size=6, unique=True).map(sorted)


def _day_of(quarters: list[int]) -> Day:
    clocks = [f"{quarter // 4:02d}:{quarter % 4 * 15:02d}" for quarter in quarters]
    return Day([(start, end) for start, end in zip(clocks[::2], clocks[1::2], strict=False)])


DAYS = st.one_of(st.just(OFF), QUARTERS.map(_day_of), st.just(ROUND_THE_CLOCK))
WEEKDAYS = st.integers(0, 6)
WEEKS = st.lists(st.sampled_from([1, 2, 3, 4, 5, -1]), min_size=1, max_size=3, unique=True)
MOMENTS = st.datetimes(datetime(2026, 1, 3), datetime(2036, 12, 20)).map(lambda at: at.replace(second=0, microsecond=0))  # noqa: DTZ001


@st.composite
def opening_weeks(draw: st.DrawFn) -> OpeningHours:
    days = draw(st.dictionaries(WEEKDAYS, DAYS, min_size=5))
    every_other = draw(st.sets(st.sampled_from(sorted(days)), max_size=1))
    assume(not every_other or ROUND_THE_CLOCK not in days.values())  # where days overlap, OSM's last rule counts
    weeks = draw(st.dictionaries(st.sampled_from(sorted(days)), WEEKS, max_size=2))
    return OpeningHours(days, weeks, sorted(every_other), draw(st.one_of(st.none(), DAYS)))


PUBLIC_HOLIDAYS = opening_hours.OpeningHours("PH 00:00-24:00", country="KR")


def _has_words(hours: OpeningHours, on: date) -> bool:
    """Tell whether OpenStreetMap can say what we know of a date: no festival, a known weekday, one calendar."""
    is_holiday = PUBLIC_HOLIDAYS.is_open(datetime.combine(on, datetime.min.time()))
    kind = find_holiday(on)
    return on.weekday() in hours.days and kind in {None, "other"} and is_holiday == (kind is not None)


def _is_special(hours: OpeningHours, on: date) -> bool:
    return find_holiday(on) is not None or on.weekday() in hours.closed_weeks


def _has_weeks_of_their_own(hours: OpeningHours) -> bool:
    """Tell whether weeks of the month must be written as a rule behind the others, or hours begin after midnight."""
    begins_late = any(start >= "24:00" for day in hours.days.values() for start, _end in day.intervals)
    return any(-1 in weeks or {1, 2, 3, 4, 5} <= {*weeks} or begins_late for weeks in hours.closed_weeks.values())


@given(opening_weeks(), MOMENTS)
@example(OpeningHours(LATE_SUNDAYS.days, {0: [1, 3]}), datetime(2026, 12, 7, 1))  # noqa: DTZ001
@example(OpeningHours(LATE_SUNDAYS.days, {6: [1]}), datetime(2026, 12, 7, 1))  # noqa: DTZ001
@example(LATE_SUNDAYS, datetime(2026, 11, 30, 1))  # noqa: DTZ001
@example(OpeningHours({0: OFF, 6: LATE}), datetime(2026, 11, 30, 1))  # noqa: DTZ001
@example(OpeningHours({0: PLAIN, 6: _day_of([68, 92, 100, 108])}, {}, [6]), datetime(2026, 11, 30, 1))  # noqa: DTZ001
def test_openstreetmaps_reader_says_the_same_of_any_hours(hours: OpeningHours, at: datetime) -> None:
    """Where it has the words. A holiday or a last week that is off takes its first hours from the night before."""
    today = at.date()
    days = [today - timedelta(days=1), today]
    assume(all(_has_words(hours, day) for day in days))
    if any(map(find_holiday, days)) or _has_weeks_of_their_own(hours):
        assume(at.hour >= 6)

    found = open_now(hours, at.replace(tzinfo=KST))

    assert found.state == str(reader_of(hours).state(at)[0])
    change = found.until or found.opens_at
    if change and all(_has_words(hours, day) and not _is_special(hours, day) for day in _days_until(today, change)):
        assert reader_of(hours).next_change(at) == change.replace(tzinfo=None)


def _days_until(first: date, moment: datetime) -> list[date]:
    return [first + timedelta(days=ahead) for ahead in range(-1, (moment.date() - first).days + 1)]


@given(opening_weeks(), MOMENTS)
def test_what_it_says_of_later_holds_then(hours: OpeningHours, at: datetime) -> None:
    now = at.replace(tzinfo=KST)
    found = open_now(hours, now)

    if found.until:
        just_before = open_now(hours, found.until - timedelta(minutes=1))
        assert (just_before.state, just_before.until) == ("open", found.until)
        assert open_now(hours, found.until).state != "open"
    if found.opens_at:
        assert open_now(hours, found.opens_at - timedelta(minutes=1)) == found
        assert open_now(hours, found.opens_at).state == "open"
