"""Everything that reads the site's words, on words of no sense: nothing but the documented errors may come out.

In the suite for a few seconds; `python -m tests.parsing.fuzz --minutes 10` for as long as one likes.
"""

from __future__ import annotations

import argparse
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
import opening_hours
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refillspot.exceptions import LayoutChangedError, PassingError, UnknownStoreError
from refillspot.extensions.reading import count_left_as_text
from refillspot.parsing.address import parse_address
from refillspot.parsing.category import find_cuisines
from refillspot.parsing.hours import parse_hours
from refillspot.parsing.hours.osm import write_osm
from refillspot.parsing.phone import parse_phone
from refillspot.parsing.price import parse_price_krw, parse_prices
from refillspot.parsing.refill import assess_refill
from refillspot.parsing.refill.terms import parse_refill_terms
from refillspot.postgres.store_row import StoreRow
from refillspot.sites.diningcode.answers import SUCCESS, decode_search, decode_store
from refillspot.sites.diningcode.html_pages import decode_list_page, decode_store_page
from refillspot.sites.diningcode.page_types import Row
from refillspot.sites.diningcode.stores import build_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from refillspot.sites.diningcode.page_types import StorePage

DOCUMENTED = (PassingError, LayoutChangedError, UnknownStoreError)
PIECES = (
    "오전 오후 정오 자정 새벽 11시 9시 30분 11:00 02:00 - ~ ( ) / , · 휴무 매주 월요일 첫째 "
    "2,4주 격주 마지막 브레이크타임 라스트오더 마감 없음 24시간 영업시간: 월-금 매일 오늘(목) 7월 4일(금) "
    "15~17 99:99 공휴일 공휴일이면 동절기 설·추석 당일 연중무휴 제외 까지 오픈 성인 소인 평일 주말 점심 저녁 "
    "36개월 미만 무료 15,900원 만오천원 → 1만2천원 8천 1.5만 2만원대 15.9 시가 무한리필 무제한 뷔페 삼겹살 공기밥 와인 "
    "환경부담금 2인 이상 100분 음료 포함 서울 서울특별시 강남구 역삼동 123-4 테헤란로 12길 2층 "
    "02-555-1234 0507-1234-5678 1577 +82 <em> </em> &#65; &amp; "
    "\u200b \0 \ud800 １２ ④ ½ ㈜"
).split(" ")
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(PIECES), max_size=16).map(" ".join),
    st.lists(st.sampled_from([*PIECES, "\n"]), max_size=16).map("".join),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
HOURS = st.lists(st.fixed_dictionaries({"duration": TEXTS, "time": TEXTS}), max_size=4)
MENU = st.lists(st.fixed_dictionaries({"menu": TEXTS, "price": TEXTS, "description": TEXTS}), max_size=4)
NUMBERS = st.one_of(st.none(), st.floats(), st.integers(), TEXTS)
RESTAURANT: dict[str, st.SearchStrategy[Any]] = {"rn": TEXTS, "categories": st.lists(TEXTS, max_size=2), "phone": TEXTS}
RESTAURANT |= dict.fromkeys(("score", "lat", "lng"), NUMBERS)
DETAIL = {"address": TEXTS, "road_address": TEXTS, "tag": st.lists(TEXTS, max_size=2), "bhour": HOURS}
SECTIONS = st.fixed_dictionaries(
    {
        "restaurant": st.fixed_dictionaries(RESTAURANT),
        "detail": st.fixed_dictionaries(DETAIL),
        "menu": st.fixed_dictionaries({"list": MENU}),
    }
)
NOTHING = dict.fromkeys(Row.__struct_fields__)
ROW = msgspec.convert(NOTHING | {"v_rid": "AAAAaaaa1111", "nm": "달빛", "addr": "서울 강남구 역삼동 1"}, Row)


def read_text(text: str) -> None:
    parse_hours(text)
    parse_prices(text)
    parse_price_krw(text)
    parse_phone(text)
    parse_address(text)
    parse_refill_terms([text])
    find_cuisines([text])
    assess_refill(name=text, branch=text, categories=[text], menu=[text], tags=[text])


def read_week(week: dict[str, str]) -> None:
    """Read hours, which an independent reader of OpenStreetMap's words shall understand too."""
    if hours := parse_hours(week):
        assert opening_hours.validate(write_osm(hours))


def read_page(sections: dict[str, dict[str, Any]]) -> None:
    keyed = [{"key": key, **section} for key, section in sections.items()]
    _decode_and_build(json.dumps({"result_code": SUCCESS, "result_data": keyed}).encode())


def read_garbage(value: Any) -> None:
    body = json.dumps({"result_code": SUCCESS, "result_data": value}).encode()
    _decode_and_build(body)
    with suppress(*DOCUMENTED):
        decode_search(body)


def read_html(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False).replace("\ud800", "")
    script = f"<script>localStorage.setItem('listData','{json.dumps(text)[1:-1]}')</script>"
    linked = {"@type": "Restaurant", "name": "달빛", "hasMenu": value, "servesCuisine": value, "telephone": value}
    said = "".join(f'<div class="{name}">{text}</div>' for name in ("busi-hours-today", "total_score"))
    said += f'<li class="locat">{text}</li><script type="application/ld+json">{json.dumps(linked)}</script>'
    body = f"<html>{script}{said}</html>".encode()
    _decode_and_build(body, decode_store_page)
    with suppress(*DOCUMENTED):
        decode_list_page(body)


def _decode_and_build(body: bytes, decode: Callable[[bytes], StorePage] = decode_store) -> None:
    try:
        page = decode(body)
    except DOCUMENTED:
        return
    store = build_store(ROW, page, "https://www.diningcode.com")
    count_left_as_text(store)
    StoreRow.of(store).values()


READERS: tuple[tuple[st.SearchStrategy[Any], Callable[[Any], None]], ...] = (
    (TEXTS, read_text),
    (st.dictionaries(TEXTS, TEXTS, max_size=4), read_week),
    (SECTIONS, read_page),
    (VALUES, read_garbage),
    (VALUES, read_html),
)


def fuzz(examples: int) -> None:
    """Run every reader on so many examples each."""
    for strategy, reader in READERS:
        checks = settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        checks(given(strategy)(reader))()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.parsing.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    until = time.monotonic() + 60 * parser.parse_args().minutes
    examples = 0
    while time.monotonic() < until:
        fuzz(500)
        examples += 500 * len(READERS)
        print(f"{examples} examples, nothing but documented errors", flush=True)


if __name__ == "__main__":
    main()
