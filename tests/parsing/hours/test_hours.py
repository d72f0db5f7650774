"""Opening hours. Own texts in the style of the site; {day label: text} or one text."""

from __future__ import annotations

import itertools
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refillspot.items import Day, OpeningHours
from refillspot.parsing.hours import parse_hours
from refillspot.parsing.hours.osm import write_osm
from tests.parsing.growth import is_linear

CAPTURE = Path(__file__).parents[4] / "shared" / "captures" / "hours_early_era.json"

# label → text, and the same as OSM text
WEEKS = [
    # the site's own style
    ({"오늘(목)": "영업시간: 11:10 - 23:10"}, "Th 11:10-23:10"),
    ({"오늘(목)": "영업시간: 11:10 - 23:10\n브레이크타임: 15:00 - 17:00"}, "Th 11:10-15:00,17:00-23:10"),
    ({"오늘(금)": "영업시간: 12:00 - 21:00", "3월 9일(토)": "휴무일"}, "Fr 12:00-21:00; Sa off"),
    ({"3월 9일(토)": "정기휴무 (매주 토요일)", "3월 10일(일)": "영업시간: 12:00 - 20:00"}, "Sa off; Su 12:00-20:00"),
    ({"매일": "09:40-21:40"}, "Mo-Su 09:40-21:40"),
    ({"매일": "09:40-21:40", "3월 10일(일)": "영업시간: 10:00 - 18:00"}, "Mo-Sa 09:40-21:40; Su 10:00-18:00"),
    ({"오늘(월)": "18:00 - 03:00"}, "Mo 18:00-27:00"),
    ({"매일": "18:00 - 익일 03:00"}, "Mo-Su 18:00-27:00"),
    ({"매일": "00:00 - 24:00"}, "Mo-Su 00:00-24:00"),
    ({"매일": "10:00 - 00:00"}, "Mo-Su 10:00-24:00"),
    ({"월": "11:00-20:00", "화": "휴무"}, "Mo 11:00-20:00; Tu off"),
    ({"오늘(수)": "11:00 - 22:00\n15:30 - 17:00 브레이크타임\n21:10 라스트오더"}, "We 11:00-15:30,17:00-22:00"),
    # the older style
    ({"월-금,일": "오전 10시 20분 - 오후 8시 20분"}, "Mo-Fr 10:20-20:20; Su 10:20-20:20"),
    ({"수,목": "정오 12시 - 자정 12시 30분", "토/일": "오후 1시 - 자정 12시"}, "We-Th 12:00-24:30, Sa-Su 13:00-24:00"),
    ({"평일": "오전 9시 - 오후 9시", "주말": "오전 10시 - 오후 6시"}, "Mo-Fr 09:00-21:00; Sa-Su 10:00-18:00"),
    ({"매일": "정오 12시 - 오후 9시", "쉬는시간 매일": "오후 3시 - 오후 4시 30분"}, "Mo-Su 12:00-15:00,16:30-21:00"),
    (
        {"매일": "오전 11시 - 오후 10시", "쉬는시간 매주 월-금": "오후 3시 - 오후 5시"},
        "Mo-Fr 11:00-15:00,17:00-22:00; Sa-Su 11:00-22:00",
    ),
    ({"월-금": "24시간 영업", "공휴일": "오전 9시 - 오후 6시"}, "Mo-Fr 00:00-24:00; PH 09:00-18:00"),
    ({"월-금": "오후 4시 - 오전 1시", "금,토": "오후 4시 - 오전 4시"}, "Mo-Th 16:00-25:00, Fr-Sa 16:00-28:00"),
    ({"매일": "오전 11시 - 오후 9시", "휴무일": "매주 월,화"}, "Mo-Tu off; We-Su 11:00-21:00"),
    # notes
    ({"매일": "오전 10시 - 오후 9시 (준비시간 15:00~16:20)"}, "Mo-Su 10:00-15:00,16:20-21:00"),
    ({"매일": "오전 10시 - 오후 9시 (B.T 15~17)"}, "Mo-Su 10:00-15:00,17:00-21:00"),
    ({"매일": "오전 11시 - 오후 9시 (브레이크타임 3:30~4:40)"}, "Mo-Su 11:00-15:30,16:40-21:00"),
    ({"매일": "낮장사 11:00 - 20:00 (15시30분~17시 휴식시간, 주문마감 19시)"}, "Mo-Su 11:00-15:30,17:00-20:00"),
    (
        {"매일": "오전 11시 - 오후 9시 (평일 B.T 15:00~16:00 / 주말 B.T 15:30~17:00)"},
        "Mo-Fr 11:00-15:00,16:00-21:00; Sa-Su 11:00-15:30,17:00-21:00",
    ),
    ({"토/일": "낮 12:00 - 20:00 (브레이크타임 없음)", "쉬는시간 매일": "15:00 - 16:00"}, "Sa-Su 12:00-20:00"),
    ({"매일": "오후 3시 - 오후 5시 (브레이크 타임)", "토요일": "12:00 - 20:00"}, "Sa 12:00-15:00,17:00-20:00"),
    # holidays
    ({"매일": "오전 11시 - 오후 9시 (매주화요일휴무)"}, "Mo 11:00-21:00; Tu off; We-Su 11:00-21:00"),
    ({"월-금": "오전 11시 - 오후 9시 (일요일, 공휴일 휴무)"}, "Mo-Fr 11:00-21:00; Su off; PH off"),
    (
        {"매일": "11:00 - 21:00 (월요일 정기휴무 / 격주 화요일 휴무)"},
        'Mo off; Tu 11:00-21:00 unknown "격주 휴무"; We-Su 11:00-21:00',
    ),
    ({"매일": "11:00 - 21:00", "휴무일": "매주 일요일 (첫째·셋째 휴무)"}, "Mo-Su 11:00-21:00; Su[1,3] off"),
    ({"매일": "11:00 - 21:00 (2,4주 일요일 휴무)"}, "Mo-Su 11:00-21:00; Su[2,4] off"),
    ({"매일": "11:00 - 21:00 (매월 1, 3째 수요일 휴무)"}, "Mo-Su 11:00-21:00; We[1,3] off"),
    ({"매일": "11:00 - 21:00 (연중무휴)", "휴무일": "매주 공휴일 (설·추석 당일)"}, "Mo-Su 11:00-21:00"),
    ({"월-금": "11:00 - 21:00 명절휴무"}, "Mo-Fr 11:00-21:00"),
    ({"매일": "11:00 - 21:00 (7월 4일(금) 휴무, 월 2회 휴무)"}, "Mo-Su 11:00-21:00"),
    (
        {"매일": "11:00 - 21:00", "휴무일": "매주 월요일 (화-금 Break 15:00~16:00 / 주말 No Break)"},
        "Mo off; Tu-Fr 11:00-15:00,16:00-21:00; Sa-Su 11:00-21:00",
    ),
    ({"매일": "오후 3시 - 오후 11시 (토,일 13:00 오픈)"}, "Mo-Fr 15:00-23:00; Sa-Su 13:00-23:00"),
    (
        {"매일": "11:00 - 21:00 (평일B.T 15:00~16:00 /주말B.T 15:30~17:00)"},
        "Mo-Fr 11:00-15:00,16:00-21:00; Sa-Su 11:00-15:30,17:00-21:00",
    ),
    ({"매일": "11:00 - 21:00 (매월 2번째 공휴일 휴무)"}, "Mo-Su 11:00-21:00"),
    ({"매일": "11:00 - 21:00 (런치 11:00~14:00(주말제외) / Last order 20:00)"}, "Mo-Su 11:00-21:00"),
    ({"오늘(목)": "영업시간: 13:00 - 02:00"}, "Th 13:00-26:00"),
    ({"목": "13:00 - 02:00"}, "Th 13:00-26:00"),
    ({"목": "13:00 - 2:00"}, "Th 13:00-14:00"),
    ({"매일": "11:00 - 22:00", "브레이크타임": "15:00 - 17:00"}, "Mo-Su 11:00-15:00,17:00-22:00"),
    (
        {"7월 4일(금)": "11:00 - 22:00", "": "브레이크타임: 15:00 - 17:00", "7월 5일(토)": "11:00 - 22:00"},
        "Fr 11:00-15:00,17:00-22:00; Sa 11:00-22:00",
    ),
    ({"연중무휴": "11:00 - 22:00"}, "Mo-Su 11:00-22:00"),
    ({"매일": "정오 - 자정"}, "Mo-Su 12:00-24:00"),
    ({"매일": "11시-10시"}, "Mo-Su 11:00-22:00"),
    ({"매일": "17:00 - 명일 02:00"}, "Mo-Su 17:00-26:00"),
    (
        {"매일": "11:00 - 22:00 (매주 일요일, 격주 월요일 휴무)"},
        'Mo 11:00-22:00 unknown "격주 휴무"; Tu-Sa 11:00-22:00; Su off',
    ),
    ({"매일": "11:00 - 22:00 (주말, 공휴일 휴무)"}, "Mo-Fr 11:00-22:00; Sa-Su off; PH off"),
    ({"매일": "11:00 - 22:00 (월요일 휴무 공휴일이면 화요일 휴무)"}, "Mo off; Tu-Su 11:00-22:00"),
    ({"매일": "11:00 - 22:00 (2주에 한번 일요일 휴무)"}, 'Mo-Sa 11:00-22:00; Su 11:00-22:00 unknown "격주 휴무"'),
    ({"매일": "11:00 - 22:00 (토요일, 일요일(공휴일) 휴무)"}, "Mo-Fr 11:00-22:00; Sa-Su off; PH off"),
    ({"매일": "11:00 - 22:00", "휴무일": "매주 월요일 (공휴일 정상영업)"}, "Mo off; Tu-Su 11:00-22:00"),
    ({"매일": "11:00 - 22:00", "휴무일": "매주 월요일 (공휴일인 경우 다음날 휴무)"}, "Mo off; Tu-Su 11:00-22:00"),
    ({"매일": "11:00 - 22:00 (공휴일 11:00-20:00)"}, "Mo-Su 11:00-22:00; PH 11:00-20:00"),
    ({"매일": "24시간 (월요일은 22시까지)", "월요일": "10:00 - 22:00"}, "Mo 10:00-22:00; Tu-Su 00:00-24:00"),
    ({"월-금": "11:00 - 22:00 (월요일~토요일)"}, "Mo-Sa 11:00-22:00"),
    ({"월-금": "11:00 - 22:00 (공휴일)"}, "Mo-Fr 11:00-22:00"),
    ({"토": "24시간", "일": "자정 12시 - 오후 9시"}, "Sa 00:00-24:00; Su 00:00-21:00"),
    # one text
    ("월-금 11:00-22:00, 토(휴무), 일(휴무)", "Mo-Fr 11:00-22:00; Sa-Su off"),
    ("라스트 오더 8분 전 오늘(토) · 영업시간: 11:30 - 21:00", "Sa 11:30-21:00"),
    ("월-금 11:00-21:00\n토/일 12:00-20:00\n휴무일 매주 월요일", "Mo off; Tu-Fr 11:00-21:00; Sa-Su 12:00-20:00"),
    ("월-목 11:00-22:00 쉬는시간 15:00-17:00 금 12:00-20:00", "Mo-Th 11:00-15:00,17:00-22:00; Fr 12:00-20:00"),
    ("11:00 - 22:00 매주 월요일 휴무", "Mo off; Tu-Su 11:00-22:00"),
    ("매일 １１：００～２２：００", "Mo-Su 11:00-22:00"),
    ("일-화 11:00-15:00, 17:00-21:00", "Mo-Tu 11:00-15:00,17:00-21:00; Su 11:00-15:00,17:00-21:00"),
]

UNKNOWN = [
    "",
    "확인필요",
    "11:00 - 22:00",  # of which day?
    "오늘 11:00 - 22:00",
    "라스트 오더 8분 전",
    {"": "영업시간: 08:00 - 22:00"},
    {"공휴일": "오전 9시 - 오후 6시"},
    {"하절기": "11:00 - 21:00"},
    {"하절기 매일": "11:00 - 21:00"},
    {"매일": "11:00 - 21:00 (동절기)"},
    {"매일": "10시 - 10시"},
    {"매일": "오전 11시 - 오전 9시 40분"},  # 오후 is meant, perhaps
    {"매일": "오후 3시 - 오후 5시 (브레이크 타임)"},
    {"휴무일": "매주 매일 (영업종료)"},
    {"휴무일": "매주 일요일 (첫째·셋째 휴무)"},
    {"매일": "2-3인분, 02-555-1234"},
]

LAST_ORDERS = [
    ({"월": "영업시간: 11:00 - 23:00\n라스트오더: 22:00"}, "22:00"),
    ({"월": "17:00 - 03:00\n라스트오더: 01:30"}, "25:30"),
    ({"월": "오전 11시 - 오후 9시 (Last order 20:10)"}, "20:10"),
    ({"월": "오전 11시 - 오후 9시 (L.O. 20:10 / B.T 15:00~16:00)"}, "20:10"),
    ({"월": "오후 5시 - 오후 11시 (22:40마감)"}, "22:40"),
    ({"월": "오전 11시 - 오후 9시 (라스트오더 14:10, 20:20)"}, "20:20"),
    ({"월": "오전 11시 - 오후 9시 (주문마감 8시)"}, "20:00"),
    ({"월": "오전 11시 - 오후 10시 (라스트오더 9:10PM)"}, "21:10"),
    ({"월": "오전 11시 - 오후 9시 (영업마감 21:00)"}, None),
    ({"월": "오전 11시 - 오후 9시 (라스트오더 30분 전)"}, None),
    ({"월": "오전 11시 - 오후 9시 (셀프바 마감 20시)"}, None),
    ({"매일": "11:00 - 22:00 (라스트오더 18:00)", "월": "11:00 - 19:00"}, None),  # said of the other days
    ({"매일": "11:00 - 22:00 ((토,일) L.O 21:00)"}, None),
    ({"매일": "11:00 - 22:00", "라스트오더": "21:00"}, "21:00"),
]


@pytest.mark.parametrize(("value", "osm"), WEEKS)
def test_week(value: str | dict[str, str], osm: str) -> None:
    hours = parse_hours(value)

    assert hours is not None
    assert write_osm(hours) == osm


@pytest.mark.parametrize("value", UNKNOWN)
def test_nothing_is_guessed(value: str | dict[str, str]) -> None:
    assert parse_hours(value) is None


@pytest.mark.parametrize(("value", "last_order"), LAST_ORDERS)
def test_last_order(value: dict[str, str], last_order: str | None) -> None:
    hours = parse_hours(value)

    assert hours is not None
    assert hours.days[0].last_order == last_order


@pytest.mark.parametrize("value", [value for value, _ in WEEKS])
def test_decomposed_hangul_reads_alike(value: str | dict[str, str]) -> None:
    def decompose(text: str) -> str:
        return unicodedata.normalize("NFD", text)

    same = decompose(value) if isinstance(value, str) else {decompose(k): decompose(v) for k, v in value.items()}

    assert parse_hours(same) == parse_hours(value)


def test_closed_day_has_no_intervals() -> None:
    assert parse_hours({"월": "휴무"}) == OpeningHours({0: Day(closed=True)})


LABELS = st.sampled_from(
    [
        "",
        "매일",
        "월-금",
        "토/일",
        "일요일",
        "오늘(목)",
        "7월 4일(금)",
        "공휴일",
        "휴무일",
        "쉬는시간 매일",
        "쉬는시간 매주 월-금",
    ]
)
PIECES = st.sampled_from(
    "오전 오후 정오 자정 11시 9시 30분 11:00 02:00 - ~ ( ) / , · 휴무 매주 월요일 첫째 격주 브레이크타임 라스트오더 "
    "마감 없음 24시간 영업시간: 월-금 매일 오늘(목) 15~17 99:99 45시 \n".split(" ")
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=14).map(" ".join))


@given(st.one_of(TEXTS, st.dictionaries(st.one_of(LABELS, st.text(max_size=8)), TEXTS, max_size=4)))
def test_any_text_gives_sound_days(value: str | dict[str, str]) -> None:
    hours = parse_hours(value)

    for number, day in hours.days.items() if hours else ():
        assert 0 <= number <= 6
        assert day.closed != bool(day.intervals)
        assert not (day.closed and day.last_order)
        assert all("00:00" <= start < end <= "48:00" for start, end in day.intervals)
        assert all(left[1] < right[0] for left, right in itertools.pairwise(day.intervals))
        assert day.last_order is None or day.intervals[0][0] < day.last_order <= day.intervals[-1][1]


@pytest.mark.parametrize(
    "text", ["월," * 20_000, "11:00 - " * 20_000, "(" * 50_000, "오후 " * 30_000, "1" * 50_000, " " * 50_000]
)
def test_long_texts_take_linear_time(text: str) -> None:
    assert is_linear(parse_hours, text)


@pytest.mark.skipif(not CAPTURE.exists(), reason="the captures are not part of the repository")
def test_share_of_real_texts_understood() -> None:
    texts = json.loads(CAPTURE.read_text())

    understood = sum(parse_hours(text) is not None for text in texts)

    assert understood / len(texts) >= 0.96


@pytest.mark.parametrize(
    "text",
    [
        "영업시간: 11:00 - 22:00\n브레이크타임: 15:00 - 17:00\n라스트오더: 21:00",
        "영업시간: 17:00 - 02:00\n라스트오더: 01:00",
        "영업시간: 00:00 - 24:00",
        "휴무일",
        "영업시간: 99:00 - 22:00",
    ],
)
def test_the_short_way_reads_what_the_long_way_reads(text: str) -> None:
    assert parse_hours({"7월 4일(금)": text}) == parse_hours({"7월 4일 (금)": text})


def test_a_day_without_hours_that_can_be_is_a_note() -> None:
    hours = parse_hours({"월-금": "오전 11시 - 오전 9시 30분", "토/일": "오전 11시 - 오후 9시"})

    assert hours is not None
    assert sorted(hours.days) == [5, 6]
    assert hours.notes == ["월-금 오전 11시 - 오전 9시 30분"]


def test_days_are_taken_out_of_an_opening_once() -> None:
    hours = parse_hours("매일 11:00-21:00 (토 제외) (일 제외)")

    assert hours
    assert write_osm(hours) == "Mo-Fr 11:00-21:00"
    assert parse_hours("인평일24시간영업시간 월 제외") is None  # nor out of one that is not sure
