"""A city that lives on: what is true of its stores on each day, and how much of that the site shows.

The same as the replica's program shows and tells, by its own modules, without asking it for a thousand pages.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from refillspot.parsing.price import parse_price_krw
from refillspot.regions import parse_region
from replica.changes import Course
from replica.city import build_city
from replica.clock import START
from replica.profile import write_page
from replica.shapes import name_shapes
from replica.timeline import Timeline
from replica.truth import write_store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replica.hours import Week
    from replica.store import Store

    Shown = dict[str, Any]
    """By field; without a field whose place the page does not have that day."""

KEYWORDS = "무한리필,뷔페,무제한"
SHAPES = name_shapes("mixed", 0)
NOON = timedelta(hours=12)
MENU = "menu:"
PAGES_UNTIL_GONE = 3
BY_HOLIDAY = {date(2026, 7, day) for day in (16, 17, 18)}  # 제헌절, with its eve and the day after


@dataclass(frozen=True)
class City:
    """`poorer`: share of the pages that say less, each day; `festival`: day on which its week begins."""

    seed: int
    refill: int
    ordinary: int
    daily: float
    festival: int
    poorer: float
    region: str = "울산"

    def options(self) -> list[str]:
        """Return those of the replica's program that make it this city."""
        given = {
            "seed": self.seed, "region": self.region, "refill-stores": self.refill, "ordinary-stores": self.ordinary,
            "daily-changes": self.daily, "festival-day": self.festival, "poorer-pages": self.poorer, "odd": 0,
        }  # fmt: skip
        return [part for name, value in given.items() for part in (f"--{name}", str(value))]

    @cached_property
    def _first(self) -> Timeline:
        stores = build_city(
            self.seed, refill_stores=self.refill, ordinary_stores=self.ordinary, city=parse_region(self.region)
        )
        course = Course(self.daily, _date(self.festival), self.poorer)
        return Timeline(self.seed, stores, _date(0), SHAPES, course)

    def noon(self, day: int) -> datetime:
        """Return when it is looked at."""
        return START + timedelta(days=day) + NOON

    def changes(self, days: int) -> list[dict[str, Any]]:
        """Return what `/_changes` tells of the first days."""
        last = _date(days)
        return list(self._first.advance(last).tell_changes(_date(0), last))

    def reached(self, day: int) -> set[str]:
        """Return the stores that the keywords reach."""
        words = KEYWORDS.split(",")
        return {ref for ref, store in self._stores(day).items() if write_store(store, words)["reached_by"]}

    def show(self, day: int, refs: Iterable[str]) -> dict[str, Shown]:
        """Return what the pages of these stores show."""
        there, today = self._stores(day), _date(day)
        return {ref: _shown(there[ref], today, self.poorer) for ref in refs}

    def _stores(self, day: int) -> dict[str, Store]:
        return self._first.advance(_date(day)).stores


def _date(day: int) -> date:
    return START.date() + timedelta(days=day)


def _shown(store: Store, today: date, poorer: float) -> Shown:
    page = msgspec.json.decode(write_page(store, today, SHAPES, poorer).body.removeprefix(b"\xef\xbb\xbf"))
    sections = {section["key"]: section for section in page["result_data"]}
    detail, menu, truth = sections.get("detail"), sections.get("menu"), write_store(store, shapes=SHAPES)
    shown = {name: truth[name] for name in ("name", "branch", "lat", "lon")}
    shown |= {"addr": truth["address"], "categories": frozenset(store.concept.categories)}
    for name, value in (("road_addr", truth["road_address"]), ("phone", digits(truth["phone"]))):
        if value or detail:  # the list has them too
            shown[name] = value
    if detail and not _is_partial(store.week, today):
        shown["hours"] = hours_of(truth["hours"]) if detail["bhour"] or detail["bhour_seo"] else None
    if menu:
        shown["menu"] = number_lines((line["menu"], line["price"]) for line in menu["list"] if line["menu"]) or None
        if menu["list"]:
            shown["refill_price_krw"] = truth["refill_price_krw"]
    if detail and menu:
        shown["refill_verdict"] = truth["verdict"]
    return shown


def _is_partial(week: Week | None, today: date) -> bool:
    """Tell whether a page says less than the week: today alone, or a day off that may be of its date alone."""
    if week is None or week.form:  # a line without dates
        return False
    ahead = (today + timedelta(days=days) for days in range(7))
    return week.only_today or any(week.spans[day.weekday()] is None for day in ahead if day in BY_HOLIDAY)


def number_lines(lines: Iterable[tuple[str, str | None]]) -> dict[str, int | str]:
    """Return {field: won, or what stands in its place}; lines of one name are counted from the cheapest on."""
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for name, price in lines:
        by_name[" ".join(name.split())].append(price or "")
    return {
        f"{MENU}{name}{f'#{number}' if number > 1 else ''}": price_of(price)
        for name, prices in by_name.items()
        for number, price in enumerate(sorted(prices, key=lambda price: parse_price_krw(price) or 0), 1)
    }


def price_of(text: str | None) -> int | str:
    """Return what a price says: another spelling of it is no other price."""
    return parse_price_krw(text or "") or text or ""


def hours_of(days: dict[Any, Any] | None) -> dict[int, tuple[Any, ...]] | None:
    """Return what is the same of the truth's hours and of a row's, by weekday."""
    if days is None:
        return None
    return {
        int(day): (tuple(map(tuple, said["intervals"])), said["last_order"], said["closed"])
        for day, said in days.items()
    }


def digits(phone: str | None) -> str | None:
    return "".join(filter(str.isdigit, phone)) if phone else None
