"""The replica's city of one seed: each store is written as the site writes it, read, and compared with its truth."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec

from bench.truth.tally import Tally
from refillspot.sites.diningcode.answers import decode_store
from refillspot.sites.diningcode.page_types import Row, StorePage
from refillspot.sites.diningcode.stores import build_store
from replica import profile
from replica.city import build_city
from replica.hours import FIRST_DAY
from replica.query import Query
from replica.rows import Rows
from replica.truth import write_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.items import Price, Store
    from replica.store import Store as TrueStore

WEB_URL = "https://www.diningcode.com"
FESTIVAL = date(2026, 9, 24)  # the eve of 추석
QUERY = Query("서울 무한리필", None, ("무한리필",))


def draw_pages(
    seed: int, *, refill: int, ordinary: int, today: date = FIRST_DAY
) -> Iterator[tuple[TrueStore, Row, bytes]]:
    rows = Rows(today)
    stores = list(build_city(seed, refill_stores=refill, ordinary_stores=ordinary))
    Random(seed).shuffle(stores)  # noqa: S311  # an order, no secret
    for store in stores:
        yield store, msgspec.convert(rows.write(store, QUERY), Row), profile.answer(store, today)


def measure(seed: int, *, refill: int, ordinary: int) -> Tally:
    """Compare every field of every store that its page says."""
    tally = Tally(f"replica, seed {seed}: {refill} refill stores, {ordinary} others")
    hits = misses = told = strays = 0
    for true, row, body in draw_pages(seed, refill=refill, ordinary=ordinary):
        page = decode_store(body)
        store, truth = build_store(row, page, WEB_URL), write_store(true)
        _compare(tally, store, truth, page)
        found = store.refill.verdict != "unlikely"
        hits += found and truth["refill"]
        misses += truth["refill"] and not found
        told += truth["refill"] and not found and bool(page.menu and page.detail)
        strays += found and not truth["refill"]
    tally.title += f"\nverdict: precision {hits / (hits + strays):.2%}, recall {hits / (hits + misses):.2%}"
    tally.title += f"; of the {misses} missed stores {misses - told} have a page without menu or details"
    return tally


def measure_festival_week(seed: int, *, refill: int, ordinary: int) -> Tally:
    """Compare the hours as the pages of the week of 추석 say them, in which most shops are closed."""
    tally = Tally(f"the same city in the week of {FESTIVAL}")
    for true, row, body in draw_pages(seed, refill=refill, ordinary=ordinary, today=FESTIVAL):
        page = decode_store(body)
        if page.detail and true.week:
            _compare_hours(tally, build_store(row, page, WEB_URL), write_store(true), true.ref, FESTIVAL)
    return tally


def _compare(tally: Tally, store: Store, truth: dict[str, Any], page: StorePage) -> None:
    where = f"{store.name} ({store.ref})"
    for name in ("name", "branch", "district_code", "dong", "phone"):
        if truth[name] is not None or getattr(store, name) is not None:
            tally.compare(name, getattr(store, name), truth[name], where)
    tally.compare("dong_confirmed", "yes" if store.dong_confirmed else store.dong_confirmed, "yes", where)
    tally.compare("refill_verdict", store.refill.verdict, truth["verdict"], f"{where} {store.menu or ''}"[:140])
    if page.menu:
        tally.compare("menu", [item.name for item in store.menu or ()], [line[0] for line in truth["menu"]], where)
        if truth["refill"]:
            where = f"{where} {_offer(truth)}"
            tally.compare("refill_price_krw", store.refill_price_krw, truth["refill_price_krw"], where)
            tally.compare("refill_prices", _pairs(store.refill_prices or ()) or None, _true_pairs(truth) or None, where)
    if page.detail and truth["hours"]:
        _compare_hours(tally, store, truth, where, FIRST_DAY)


def _compare_hours(tally: Tally, store: Store, truth: dict[str, Any], where: str, today: date) -> None:
    days = store.hours.days if store.hours else {}
    for number, true in truth["hours"].items():
        if truth["hours_today_only"] and number != today.weekday():
            continue
        day = days.get(number)
        spans = [list(span) for span in day.intervals] if day else None
        tally.compare(
            "hours, today only" if truth["hours_today_only"] else "hours, a day",
            spans,
            [list(span) for span in true["intervals"]],
            where,
        )
        if day and true["last_order"]:
            tally.compare("hours, last order", day.last_order, true["last_order"], where)


def _offer(truth: dict[str, Any]) -> str:
    return " · ".join(f"{name} {price}" for name, price in truth["menu"][:4])


def _pairs(prices: tuple[()] | list[Price]) -> list[tuple[int, str | None, str | None, str | None]]:
    return sorted({(price.krw_min, price.audience, price.meal, price.day) for price in prices}, key=str)


def _true_pairs(truth: dict[str, Any]) -> list[tuple[int, str | None, str | None, str | None]]:
    return sorted({(rate["krw"], rate["audience"], rate["meal"], rate["day"]) for rate in truth["prices"]}, key=str)
