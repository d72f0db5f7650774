"""Statements of opening hours: each ends where it is whole, and one that is not clear leaves its days unknown."""

from __future__ import annotations

import pytest

from refillspot.parsing.hours import parse_hours
from tests.parsing.hours.labels import say

Text = str | dict[str, str]

SEPARATORS = [" ", " / ", ", ", " | ", ". ", "; ", " · ", "\n", "<br>", " & ", ""]
# two statements that a reader tells apart whatever stands between, and what they say together
PAIRS = [
    ("공휴일 휴무", "매일 11:00-22:00", "Mo-Su 11:00-22:00 | PH off"),
    ("일요일 휴무", "평일 11:00-22:00", "Mo-Fr 11:00-22:00; Su off"),
    ("월요일 휴무", "매일 11:00-22:00", "Mo off; Tu-Su 11:00-22:00"),
    ("월요일 정기휴무", "평일 11:00-21:00 주말 12:00-23:00", "Mo off; Tu-Fr 11:00-21:00; Sa-Su 12:00-23:00"),
    ("첫째 월요일 휴무", "매일 11:00-22:00", "Mo-Su 11:00-22:00 | Mo[1]"),
    ("격주 월요일 휴무", "매일 11:00-22:00", "Mo-Su 11:00-22:00 | ~Mo"),
    ("매월 2,4주 일요일 휴무", "매일 11:00-22:00", "Mo-Su 11:00-22:00 | Su[2,4]"),
    ("명절 당일 휴무", "매일 11:00-22:00", "Mo-Su 11:00-22:00 | festivals day closed"),
    ("매주 월요일은 쉽니다", "매일 11:00-22:00", "Mo off; Tu-Su 11:00-22:00"),
    ("월요일 휴무일", "화요일 영업시간: 11:00 - 22:00", "Mo off; Tu 11:00-22:00"),
]

CLOSINGS: list[tuple[Text, str | None]] = [
    ("매일 11:00 - 21:00 / 매월 2,4주 일요일 휴무 & 1,3주 월요일 휴무", "Mo-Su 11:00-21:00 | Mo[1,3] | Su[2,4]"),
    ("매일 11:00 - 21:00 / 매월 1주 일요일, 3주 월요일 휴무", "Mo-Su 11:00-21:00 | Mo[3] | Su[1]"),
    ("매일 11:00 - 21:00 / 매월 다섯째주 월요일, 명절 휴무", "Mo-Su 11:00-21:00 | Mo[5] | festivals closed"),
    ("매일 08:00 - 20:00 / 정기휴무 (매주 일요일)", "Mo-Sa 08:00-20:00; Su off"),
    ("매일 11:00 - 21:00 / 매월 마지막 일요일 휴무", "Mo-Su 11:00-21:00 | Su[-1]"),
    ("매일 11:00 - 21:00 / 매월 둘째 일요일, 마지막 일요일 휴무", "Mo-Su 11:00-21:00 | Su[-1,2]"),
    ("매일 11:00 - 21:00 / 첫주 월요일 휴무", "Mo-Su 11:00-21:00 | Mo[1]"),
    ("매일 11:00 - 21:00 / 3주째 월요일 휴무", "Mo-Su 11:00-21:00 | Mo[3]"),
    ("매일 11:00 - 21:00 / 8월 첫째 월~수 휴무", "Mo-Su 11:00-21:00"),
    ("월\n정기휴무 (매주 월요일)\n화\n11:00 - 22:00", "Mo off; Tu 11:00-22:00"),
    ("휴무: 일요일 / 매일 11:00 - 22:00", "Mo-Sa 11:00-22:00; Su off"),
    ("정기휴무 매주 월요일 매일 11:00-22:00", "Mo off; Tu-Su 11:00-22:00"),
    ("매일 11:00 - 20:10 / 매주 일요일 휴무, 명절 연휴", "Mo-Sa 11:00-20:10; Su off | festivals closed"),
    ("매일 11:00-22:00 토,일휴무", "Mo-Fr 11:00-22:00; Sa-Su off"),
    ("매일 11:00-22:00 / 브레이크타임 평일 15:00-17:00, 주말 없음", "Mo-Fr 11:00-15:00,17:00-22:00; Sa-Su 11:00-22:00"),
    ("매일 11:00 - 22:00 (20:00까지 입장)", "Mo-Su 11:00-22:00"),
    ("평일 11:00-22:00 주말 11:00-21:00 (브레이크 15:00-17:00)", "Sa-Su 11:00-15:00,17:00-21:00"),  # Mo-Fr too?
    ("11:00 - 22:00 월~금 / 12:00 - 20:00 토", "Mo-Fr 11:00-22:00; Sa 12:00-20:00"),
    ({"매일": "11:00 - 22:00", "휴무일": "매주 일요일 (첫째주는 영업)"}, "Mo-Su 11:00-22:00 | Su[2,3,4,5]"),
    ({"월-금": "11:00 - 22:00 (14:00-17:00 브레이크/공휴일포함)"},
     "Mo-Fr 11:00-14:00,17:00-22:00 | PH 11:00-14:00,17:00-22:00"),
    ("매일 11:00 - 20:00(명절 10:00 - 20:00) / 매주 월요일 휴무", "Mo off; Tu-Su 11:00-20:00 | festivals open"),
    ("매일 11:00 - 21:00 / 연중무휴 / 명절 단축영업", "Mo-Su 11:00-21:00 | festivals open"),
]  # fmt: skip

# what is not clear, and what is known all the same; the words are in a note
DOUBTFUL: list[tuple[Text, str, str]] = [
    ("매일 11:00 - 21:00(토요일 11:00 - 20:00) / 10월~3월 일요일 휴무",
     "Mo-Fr 11:00-21:00; Sa 11:00-20:00; Su 11:00-21:00", "10월"),
    ("매일 10:00 - 21:40 / 명절 휴무 확인 후 방문", "Mo-Su 10:00-21:40", "명절 휴무 확인"),
    ("평일10:00 - 새벽05:00(월요일은 22:00) 주말 09:00 - 새벽05:00", "Tu-Fr 10:00-29:00; Sa-Su 09:00-29:00",
     "월요일은 22:00"),
    ("평일 11:00 - 20:00 주만 11:00 - 20:30", "Mo-Fr 11:00-20:00", "주만"),
    ("평일 11:00 - 20:00 주만 11:00 - 20:30 / 매주 목요일 휴무", "Mo-We 11:00-20:00; Th off; Fr 11:00-20:00", "주만"),
    ("매일 11:00 - 20:00 / 매주 월요일 또는 화요일 휴무", "We-Su 11:00-20:00", "또는"),
    ("매일 08:30 - 20:30(일요일 랜덤영업)", "Mo-Sa 08:30-20:30", "랜덤"),
    ("매일 11:00 - 22:00 / 일요일 단축영업", "Mo-Sa 11:00-22:00", "단축"),
    ("매일 07:00 - 20:00 / 매월 15일 휴무", "Mo-Su 07:00-20:00", "매월 15일 휴무"),
    ("매일 07:00 - 20:00 / 10월 2~3일 휴무", "Mo-Su 07:00-20:00", "10월 2-3일"),
    ("매일 11:00 - 22:00 / 6월 19일부터 매주 화요일 휴무", "Mo 11:00-22:00; We-Su 11:00-22:00", "6월 19일부터"),
    ("매일 08:00 - 24:00 / 화요일 장날이면 수요일 휴무", "Mo-Tu 08:00-24:00; Th-Su 08:00-24:00", "장날"),
    ("매일 11:00 - 22:00 / 월요일 저녁 휴무", "Tu-Su 11:00-22:00", "월요일 저녁 휴무"),
    ("매일 11:00 - 22:00 / 공휴일 다음날 휴무", "Mo-Su 11:00-22:00", "공휴일 다음날"),
    ("매일 11:00 - 22:00 / 매주 수요", "Mo-Tu 11:00-22:00; Th-Su 11:00-22:00", "수요"),
    ("매일 11:00 - 22:00 / 매주 화요일", "Mo 11:00-22:00; We-Su 11:00-22:00", "화요일"),
    ("매일 11:00 - 22:00 / 설날 휴무, 추석 영업", "Mo-Su 11:00-22:00", "명절"),
    ("매일 11:00 - 22:00 / 비정기휴무", "Mo-Su 11:00-22:00", "비정기휴무"),
    ("매일 11:00 - 22:00 / 매주 일요일 임시휴무", "Mo-Sa 11:00-22:00", "임시휴무"),
    ({"매일": "11:00 - 22:00", "휴무일": "매주 공휴일 (1월 24일, 25일 휴무)"}, "Mo-Su 11:00-22:00", "1월 24일"),
    ({"매일": "11:00 - 22:00", "휴무일": "매주 화,목 (매주 화요일 휴무)"},
     "Mo 11:00-22:00; Tu off; We 11:00-22:00; Fr-Su 11:00-22:00", ""),
    ("월 11:00-20:00 화 11:00-20:00 / 월요일 휴무", "Tu 11:00-20:00", ""),
    ("월-수 11:00-20:00, 수-금 12:00-22:00", "Mo-Tu 11:00-20:00; Th-Fr 12:00-22:00", ""),
]  # fmt: skip

TWO_THINGS_SAID = ["매일 11:00-22:00 (21:00까지)", "매일 11:00-22:00 (11:30 오픈)", "매일 11:00-22:00 / 매일 휴무"]

MISPRINTED = [
    "매일 1::00 - 22:00", "매일 11:00 - 2200", "매일 11:0 - 22:00", "매일 11:60 - 22:00", "매일 11:00 22:00",
    "매일 1100 - 2200",
    "매일 11:00 - 22:000", "매일 25:00 - 22:00",
    "매일 11:00 - 22:00 (브레이크타임 있음)", "매일 11:00 - 22:00 (15:00 - 17:00)",
    "매일 11:00 - 22:00 브레이크타임 15:00",
]  # fmt: skip

BREAKS = [
    "매일 11:00 - 22:00 15:00 17:30 브레이크타임",
    "매일 11:00 - 22:00 (15:00 17:30 브레이크타임)",
    "매일 11:00 - 22:00 브레이크타임 15:00 17:30",
    "매일 11:00 - 22:00 (쉬는 15:00 - 17:30)",
    "매일 11:00 - 22:00 (휴식15:00 - 17:30)",
    "매일 11:00 - 22:00 (15:00-17:30 브레이크)",
]


@pytest.mark.parametrize("between", SEPARATORS)
@pytest.mark.parametrize(("first", "second", "label"), PAIRS)
def test_a_statement_ends_where_it_is_whole(first: str, second: str, label: str, between: str) -> None:
    assert say(f"{first}{between}{second}") == label


@pytest.mark.parametrize(("text", "label"), CLOSINGS, ids=str)
def test_whose_the_closing_is(text: Text, label: str | None) -> None:
    assert say(text) == label


@pytest.mark.parametrize(("text", "label", "note"), DOUBTFUL, ids=str)
def test_what_is_not_clear_is_a_note_and_its_days_are_unknown(text: Text, label: str, note: str) -> None:
    hours = parse_hours(text)

    assert say(text) == label
    assert hours is not None
    assert any(note in one for one in [*hours.notes, ""])


@pytest.mark.parametrize("text", [*MISPRINTED, *TWO_THINGS_SAID])
def test_a_misprint_is_not_guessed_at(text: str) -> None:
    assert parse_hours(text) is None


@pytest.mark.parametrize("text", BREAKS)
def test_a_break_is_cut_out_where_it_is_plain(text: str) -> None:
    assert say(text) == "Mo-Su 11:00-15:00,17:30-22:00"


@pytest.mark.parametrize(
    "status",
    [
        "영업 시작 20분 전",
        "영업 종료 25분 전",
        "라스트 오더 26분 전",
        "영업 중",
        "영업 전",
        "브레이크 타임",
        "마지막 주문 마감",
        "확인필요",
    ],
)
def test_the_status_of_the_moment_is_no_time_of_day(status: str) -> None:
    assert say(status) is None
    assert say(f"{status} 오늘(토) · 영업시간: 11:30 - 21:00") == "Sa 11:30-21:00"
    assert say({"오늘(토)": f"{status}\n영업시간: 11:30 - 21:00"}) == "Sa 11:30-21:00"
