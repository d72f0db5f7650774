from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.replica.conftest import Replica

    Page = dict[str, dict[str, Any]]

OPTIONAL = {"detail", "menu", "photo", "score", "review", "blog", "tag"}
LABEL = re.compile(r"오늘\([월화수목금토일]\)|\d+월 \d+일\([월화수목금토일]\)|")


@pytest.fixture(scope="module")
def pages(replica: Replica, truth: list[dict[str, Any]]) -> list[Page]:
    return [replica.profile(store["ref"]) for store in truth[::12]]


def test_an_unknown_store_is_an_error_under_http_200(replica: Replica) -> None:
    answer = replica.post("/API/profile/", v_rid="AAAAAAAAAAAA")

    assert answer["result_code"] == "001"
    assert answer["result_msg"]


def test_sections_come_in_varying_order_and_only_the_restaurant_is_always_there(
    pages: list[Page], truth: list[dict[str, Any]]
) -> None:
    missing = {key for page in pages for key in OPTIONAL - page.keys()}

    assert [page["restaurant"]["v_rid"] for page in pages] == [store["ref"] for store in truth[::12]]
    assert len({next(iter(page)) for page in pages}) > 5
    assert missing == OPTIONAL


def test_days_are_labelled_from_today_on_and_their_further_lines_are_not(pages: list[Page]) -> None:
    weeks = [page["detail"]["bhour"] for page in pages if page.get("detail", {}).get("bhour")]
    labels = [[row["duration"] for row in week] for week in weeks]

    assert all(LABEL.fullmatch(label) for week in labels for label in week)
    assert all(week[0].startswith("오늘") for week in labels)
    assert {sum(map(bool, week)) for week in labels} == {1, 7}
    assert any("" in week for week in labels)


def test_hours_never_contradict_the_open_status(replica: Replica, all_rows: list[dict[str, Any]]) -> None:
    first: dict[str, str] = {}
    for row in all_rows:
        first.setdefault(row["open_status"], row["v_rid"])
    details = {status: replica.profile(ref).get("detail") for status, ref in first.items()}

    assert details["확인필요"]
    assert details["확인필요"]["bhour"] == []
    assert details["오늘 휴무"]
    assert details["오늘 휴무"]["bhour"][0]["time"] == "휴무일"
    assert details["브레이크 타임"]
    assert any("브레이크타임" in row["time"] for row in details["브레이크 타임"]["bhour"])


def test_menus_write_prices_in_every_spelling(pages: list[Page]) -> None:
    prices = {line["price"] for page in pages for line in page.get("menu", {}).get("list", ())}

    for spelling in (
        r"\d{1,3}(,\d{3})+원", r"\d만\d천원", r"\d천원",
        r"\d만\d{4}원", r"\d\.\d만원", r"\d만원대", "가격 문의", "시가",
        r"성인 [\d,]+원, 청소년 [\d,]+원, 어린이 [\d,]+원",
        r"평일 점심 [\d,]+원 / 평일 저녁 [\d,]+원 / 주말 [\d,]+원",
    ):  # fmt: skip
        assert any(re.fullmatch(spelling, price) for price in prices), spelling


def test_counts_may_be_texts_with_commas_and_tags_bring_their_own(pages: list[Page]) -> None:
    counts = [page["review"]["total_cnt"] for page in pages if "review" in page]
    blogs = [page["blog"]["total_cnt"] for page in pages if "blog" in page]
    tags = [tag for page in pages if "detail" in page for tag in page["detail"]["tag"]]

    assert {type(count) for count in counts} == {int, str}
    assert {type(count) for count in blogs} == {int, str}
    assert any("," in str(count) and not str(count).startswith("0,") for count in blogs)
    assert any(re.fullmatch("0,[1-9][0-9]+", str(count)) for count in blogs)
    assert any(tag.startswith(", ") for tag in tags)
    assert any(not tag.startswith(", ") for tag in tags)
