from __future__ import annotations

import msgspec
import pytest

from refillspot.sites.diningcode.answers import decode_search
from refillspot.sites.diningcode.page_types import ODD, row_version
from tests.sites.diningcode.test_answers import search

ROW = {
    "v_rid": "abc", "nm": "무한고기", "branch": None, "addr": "서울 강남구 역삼동 1", "road_addr": None,
    "phone": "02-123-4567", "category": "고기뷔페, 무한리필", "lat": 37.5, "lng": 127.0, "score": 71, "review_cnt": 8,
}  # fmt: skip


@pytest.mark.parametrize(
    "same",
    [
        {"category": "고기뷔페, <em>무한리필</em>"},  # another search found it
        {"nm": "무한고기 "},
        {"score": 73, "review_cnt": 9, "open_status": "영업 종료"},  # from day to day
    ],
)
def test_what_says_nothing_new_is_the_same_version(same: dict[str, object]) -> None:
    assert row_version(ROW | same) == row_version(ROW)


@pytest.mark.parametrize("changed", [{"nm": "무한갈비"}, {"phone": None}, {"category": "고기뷔페"}, {"lat": 37.6}])
def test_what_says_something_new_is_another_version(changed: dict[str, object]) -> None:
    assert row_version(ROW | changed) != row_version(ROW)


def test_a_row_that_does_not_tell_all_says_nothing_of_changes() -> None:
    whole, odd = ROW, ROW | {"v_rid": "Bb1Cd2Ef3Gh4", "phone": ["02-555-1234"]}
    missing = {name: value for name, value in ROW.items() if name != "branch"} | {"v_rid": "Cc1Cd2Ef3Gh4"}
    page = decode_search(search(whole, odd, missing))

    assert page.odd_refs == {"Bb1Cd2Ef3Gh4", "Cc1Cd2Ef3Gh4"}
    assert row_version(msgspec.to_builtins(page.rows[0])) == row_version(ROW)
    assert row_version(msgspec.to_builtins(page.rows[1]) | {ODD: True}) == b""
