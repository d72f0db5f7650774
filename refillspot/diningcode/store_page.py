"""The page profile.php: a store as people see it, which becomes the same `StorePage` that the API gives.

It says less: no facilities, no photos of its own, and of a menu line neither description nor whether it is recommended.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parsel import Selector

from refillspot.diningcode.answers import Detail, HoursRow, Menu, MenuLine, OpenStatus, Restaurant, StorePage
from refillspot.diningcode.linked_data import MENU_ITEM, find_restaurant, find_things, price_of, text_of, texts_of
from refillspot.diningcode.page_text import page_text
from refillspot.exceptions import LayoutChangedError, UnknownStoreError
from refillspot.parsing.address import parse_address

if TYPE_CHECKING:
    from refillspot.diningcode.linked_data import Thing

NO_SUCH_STORE = (
    "존재하지 않는"  # the replica's words; the site's own are not known, and then it is a LayoutChangedError
)
POINTS = re.compile(r"(\d{1,3})\s*점")
SAYS_HOURS = re.compile(r"\d{1,2}\s*:\s*\d{2}|휴무")  # "확인필요" and "영업 종료 25분 전" say none


def decode_store_page(body: bytes) -> StorePage:
    """Read a store page. What is not on it is None.

    Raises:
        BlockedError, MalformedAnswerError: the site did not answer the question.
        UnknownStoreError: there is no such store.
        LayoutChangedError: the page describes no restaurant, or a part of it is not in the known shape.
    """
    text = page_text(body)
    page = Selector(text=text)
    linked = find_restaurant(page)
    name = text_of(linked, "name") if linked else None
    if linked is None and NO_SUCH_STORE in text:
        raise UnknownStoreError("the site says that it has no such store")
    if linked is None or name is None:
        raise LayoutChangedError("the page has no JSON-LD of a FoodEstablishment with a name")
    return StorePage(
        restaurant=Restaurant(
            rn=name,
            categories=texts_of(linked, "servesCuisine"),
            lat=page.css("#hdn_lat::attr(value)").get(),
            lng=page.css("#hdn_lng::attr(value)").get(),
            phone=text_of(linked, "telephone"),
            score=_points(page),
        ),
        detail=_detail(page),
        menu=_menu(page, linked),
        road="pages",
    )


def _detail(page: Selector) -> Detail:
    detail = Detail(
        phone=_text(page, "li.tel"),
        tag=[text for tag in page.css(".tags .tag") if (text := _joined(tag))] or None,
        bhour=_week(page),
    )
    if (today := _text(page, ".busi-hours-today")) and SAYS_HOURS.search(today):
        detail.status = OpenStatus(time=today)
    place = _text(page, "li.locat")
    address = parse_address(place) if place else None
    if address and address.sido and address.road:
        detail.road_address = place
    elif address and address.sido and address.dong:
        detail.address = place
    return detail


def _week(page: Selector) -> list[HoursRow] | None:
    rows = []
    for line in page.css(".busi-hours li"):
        label, text = line.css(".l-txt"), line.css(".r-txt")
        if len(label) != 1 or len(text) != 1:
            raise LayoutChangedError(f".busi-hours li: expected one .l-txt and one .r-txt: {_joined(line)[:80]!r}")
        rows.append(HoursRow(_joined(label[0]), _joined(text[0])))
    return rows or None


def _menu(page: Selector, linked: Thing) -> Menu | None:
    """Return the menu that people see, else the one for search engines. A page without lines says nothing of it."""
    lines = []
    for line in page.css("ul.Restaurant_MenuList li"):
        name = _text(line, ".Restaurant_Menu")
        if name is None:
            raise LayoutChangedError(f"ul.Restaurant_MenuList li: no .Restaurant_Menu: {_joined(line)[:80]!r}")
        lines.append(MenuLine(menu=name, price=_text(line, ".Restaurant_MenuPrice")))
    if not lines:
        items = find_things(linked.get("hasMenu"), MENU_ITEM)
        lines = [MenuLine(menu=name, price=price_of(item)) for item in items if (name := text_of(item, "name"))]
    return Menu(lines=lines) if lines else None


def _points(page: Selector) -> str | None:
    found = POINTS.search(_text(page, ".total_score") or "")
    return found[1] if found else None


def _text(page: Selector, css: str) -> str | None:
    """Return the text of the first element, without its tags; None if there is none, or nothing in it."""
    found = page.css(css)
    return (_joined(found[0]) or None) if found else None


def _joined(element: Selector) -> str:
    return " ".join(" ".join(element.xpath(".//text()").getall()).split())
