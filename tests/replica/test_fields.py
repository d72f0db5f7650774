"""The oddities of list rows, as often as they were measured on the site."""

from __future__ import annotations

import re
from math import sqrt
from typing import TYPE_CHECKING, Any

import pytest

from tests.replica.asking import read_count

if TYPE_CHECKING:
    from collections.abc import Callable

    Row = dict[str, Any]


def city(address: str | None) -> str | None:
    return address.split()[0] if address else None


# field, share measured, what is counted
FREQUENCIES: list[tuple[str, float, Callable[[Row], bool]]] = [
    ("no branch", 0.92, lambda row: row["branch"] is None),
    ("addr 서울특별시", 0.867, lambda row: row["addr"].startswith("서울특별시 ")),
    ("addr 서울시", 0.099, lambda row: row["addr"].startswith("서울시 ")),
    ("addr 서울", 0.034, lambda row: row["addr"].startswith("서울 ")),
    ("no phone", 0.017, lambda row: row["phone"] is None),
    ("virtual phone", 0.28, lambda row: bool(re.match("0?507", row["phone"] or ""))),
    ("phone without its zero", 0.01, lambda row: (row["phone"] or "").startswith("507-")),
    ("office phone", 0.01, lambda row: (row["phone"] or "").startswith("1577-")),
    ("unrated", 0.183, lambda row: row["user_score"] == 0),
    ("no review", 0.183, lambda row: read_count(row["review_cnt"]) == 0),
    ("no image", 0.19, lambda row: row["image"].endswith("/noimage/1.jpg")),
    ("open", 0.714, lambda row: row["open_status"] == "영업 중"),
    ("closed today", 0.086, lambda row: row["open_status"] == "오늘 휴무"),
    ("hours unknown", 0.079, lambda row: row["open_status"] == "확인필요"),
    ("shut", 0.066, lambda row: row["open_status"] == "영업 종료"),
    ("break time", 51 / 2409, lambda row: row["open_status"] == "브레이크 타임"),
    ("last order taken", 13 / 2409, lambda row: row["open_status"] == "마지막 주문 마감"),
    ("not yet open", 6 / 2409, lambda row: row["open_status"] == "영업 전"),
    ("minutes to go", 62 / 2409, lambda row: row["open_status"].endswith("분 전")),
    ("road_addr of another city word", 259 / 2409, lambda row: city(row["road_addr"]) not in {None, city(row["addr"])}),
    ("name ends in a space", 0.03, lambda row: row["nm"].endswith(" ")),
]  # fmt: skip


@pytest.mark.parametrize(("share", "counts"), [case[1:] for case in FREQUENCIES], ids=[case[0] for case in FREQUENCIES])
def test_frequency(all_rows: list[Row], share: float, counts: Callable[[Row], bool]) -> None:
    measured = sum(map(counts, all_rows)) / len(all_rows)

    deviation = sqrt(share * (1 - share) / len(all_rows))
    assert abs(measured - share) < 4 * deviation


def test_a_walk_over_the_dongs_sees_nearly_the_whole_city(all_rows: list[Row], truth: list[Row]) -> None:
    assert len(all_rows) > 0.98 * len(truth)


def test_types(all_rows: list[Row]) -> None:
    texts = ("v_rid", "nm", "addr", "category", "open_status", "image")

    assert {type(row[field]) for row in all_rows for field in texts} == {str}
    assert {type(row["user_score"]) for row in all_rows} == {int, float}
    assert {row["user_score"] for row in all_rows if isinstance(row["user_score"], int)} >= {0, 4, 5}
    assert {type(row["display_review"]) for row in all_rows} == {dict, type(None)}
    assert {type(row["road_addr"]) for row in all_rows} == {str, type(None)}
    assert all(re.fullmatch("[A-Za-z0-9]{12}", row["v_rid"]) for row in all_rows)
    assert all(len(row["area"]) == 1 for row in all_rows)
    assert all(25 <= row["score"] <= 98 for row in all_rows)
    assert not any("distance" in row for row in all_rows)
    assert not any(word in row["open_status"] for row in all_rows for word in ("폐업", "휴업"))
    assert all(1 <= len(row["keyword"]) <= 4 for row in all_rows)
    assert all({type(term["term"]), type(term["mark"])} == {str, int} for row in all_rows for term in row["keyword"])
    assert {type(row[field]) for row in all_rows for field in ("lat", "lng")} == {float}
    assert {type(row["score"]) for row in all_rows} == {int}
    assert {type(row["review_cnt"]) for row in all_rows} == {int, str}
    assert {type(image) for row in all_rows for image in row["image_list"]} == {str, dict}
    assert min(row["score"] for row in all_rows) == 25
    assert not any(read_count(row["review_cnt"]) for row in all_rows if row["user_score"] == 0)
