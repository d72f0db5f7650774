"""The pages for people, as the parts that the API gives: list.dc and profile.php.

A list page has the first rows of a search, as one of its scripts keeps them. A store page says less than the API: no
facilities, no score of the site, no photos of its own, and of a menu line not whether it is recommended. Two layouts
of it were reported, of 2025 and of 2026; the JSON-LD, which outlives layouts, comes first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from refillspot.exceptions import LayoutChangedError, MalformedAnswerError, UnknownStoreError
from refillspot.parsing.address import parse_address
from refillspot.sites.diningcode.answers import read_rows
from refillspot.sites.diningcode.forms import PAGE_CAP
from refillspot.sites.diningcode.json_parts import fit_part, read_part, whole_json
from refillspot.sites.diningcode.linked_data import (
    MENU_ITEM,
    address_of,
    find_restaurant,
    find_things,
    price_of,
    text_of,
    texts_of,
)
from refillspot.sites.diningcode.page_text import page_text, page_tree
from refillspot.sites.diningcode.page_types import (
    LONGEST_NAME,
    LONGEST_TEXT,
    Detail,
    Menu,
    PoiSection,
    Restaurant,
    SearchPage,
    StorePage,
)
from refillspot.sites.shapes import Oddity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parsel import Selector

    from refillspot.sites.diningcode.linked_data import Thing

NO_SUCH_STORE = (
    "존재하지 않는"  # the replica's words; the site's own are not known, and then it is a LayoutChangedError
)
SAYS_HOURS = re.compile(r"\d{1,2}\s*:\s*\d{2}|휴무")  # "확인필요" and "영업 종료 25분 전" say none
NAME = "h1.tit"
DATES, TIMES = ".hour-dates-column .hour_date", ".hour-times-column .hour_time_item"
LABEL_OF_TODAY, TODAY = ".hour-main-grid .open-desc", ".hour-main-grid .today-main-hours"
TAGS = ".tags .tag, li.char > *"
# localStorage.setItem('listData', '…'): a JSON string's inside, where ' is written \'.
LIST_DATA = re.compile(r"""localStorage\.setItem\(\s*['"]listData['"]\s*,\s*'([^'\\]*(?:\\.[^'\\]*)*)'""", re.DOTALL)


JsonPart = dict[str, Any]
"""A part of the page in the shape that it has in the API's answer, not yet looked at."""


class _MenuLayout(NamedTuple):
    line: str
    name: str
    price: str
    description: str


MENUS = (
    _MenuLayout(
        "ul.Restaurant-MenuList li[data-menu-index]", ".restaurant-menu", ".restaurant-price", ".menu-description"
    ),
    _MenuLayout("ul.Restaurant_MenuList li", ".Restaurant_Menu", ".Restaurant_MenuPrice", ".Restaurant_MenuDesc"),
)


def decode_store_page(body: bytes) -> StorePage:
    """Read a store page. What is not on it, or not as known, is None; the bounds of its parts are those of the API's.

    Raises:
        BlockedError, MalformedAnswerError: the site did not answer the question.
        UnknownStoreError: there is no such store.
        LayoutChangedError: the page names no restaurant.
    """
    text = page_text(body)
    page = page_tree(text)
    linked = find_restaurant(page) or {}
    described = (text_of(linked, "name") or "").strip()
    name = described if 0 < len(described) <= LONGEST_NAME else _text(page, NAME) or described or None
    if name is None and NO_SUCH_STORE in text:
        raise UnknownStoreError("the site says that it has no such store")
    if name is None:
        raise LayoutChangedError("page.name: neither JSON-LD of a FoodEstablishment with a name nor h1.tit")
    lat, lng = _point(page, linked)
    oddities: list[Oddity] = []
    restaurant = {
        "rn": name,
        "categories": texts_of(linked, "servesCuisine") or _texts(page, "a.btxt, p.btxt"),
        "lat": lat,
        "lng": lng,
        "phone": text_of(linked, "telephone"),
    }
    lines = _menu(page, linked, oddities)
    return StorePage(
        restaurant=fit_part(restaurant, Restaurant, "restaurant", oddities),
        detail=fit_part(_detail(page, linked, oddities), Detail, "detail", oddities),
        menu=fit_part({"list": lines}, Menu, "menu", oddities) if lines else None,
        channel="web",
        oddities=list(dict.fromkeys(oddities)),
    )


def _point(page: Selector, linked: Thing) -> tuple[str | None, str | None]:
    lat, lng = page.css("#hdn_lat::attr(value)").get(), page.css("#hdn_lng::attr(value)").get()
    if lat and lng:
        return lat, lng
    geo = linked.get("geo")
    return text_of(geo, "latitude"), text_of(geo, "longitude")


def _detail(page: Selector, linked: Thing, oddities: list[Oddity]) -> JsonPart:
    tags = [tag.strip() for text in _texts(page, TAGS) or _texts(page, "li.char") or () for tag in text.split(",")]
    detail: JsonPart = {
        "phone": _text(page, "li.tel"),
        "tag": [tag for tag in tags if tag] or None,
        "bhour": _week(page, oddities) or None,
    }
    if (today := _today(page)) and SAYS_HOURS.search(today):
        detail["status"] = {"time": today}
    for place in (_text(page, "span.profile_jibun"), _text(page, "li.locat"), address_of(linked)):
        address = parse_address(place[:LONGEST_TEXT]) if place else None
        if address and address.sido and address.road:
            detail.setdefault("road_address", place)
        elif address and address.sido and address.dong:
            detail.setdefault("address", place)
    return detail


def _today(page: Selector) -> str | None:
    """Return the line for today, "오늘(목) 영업시간: 11:00 - 22:00"."""
    texts = _texts(page, TODAY) or _texts(page, "#today-main-hours") or ()
    return _text(page, ".busi-hours-today") or " ".join(filter(None, (_text(page, LABEL_OF_TODAY), *texts))) or None


def _week(page: Selector, oddities: list[Oddity]) -> list[JsonPart]:
    """Return the lines of the week; nothing where it is not sure which text is whose."""
    dates, times = page.css(DATES), page.css(TIMES)
    if len(dates) != len(times):
        oddities.append(Oddity("page.hours", "dates and times that differ in number", "a time beside each date"))
        return []
    today = [_hours("", text) for text in _texts(page, TODAY) or () if SAYS_HOURS.search(text)]
    if today:
        today[0]["duration"] = _text(page, LABEL_OF_TODAY)
    if dates or today:  # the dates are those of the days after today
        later = (line for date, item in zip(dates, times, strict=True) for line in _day(_joined(date), item))
        return [*today, *later]
    lines: list[JsonPart] = []
    for line in page.css(".busi-hours li"):
        label, text = line.css(".l-txt"), line.css(".r-txt")
        if len(label) != 1 or len(text) != 1:
            oddities.append(Oddity("page.hours", "a line of other parts", "a day beside its hours"))
            return []
        lines.append(_hours(_joined(label[0]), _joined(text[0])))
    return lines


def _hours(duration: str, time: str) -> JsonPart:
    return {"duration": duration, "time": time}


def _day(date: str, item: Selector) -> Iterator[JsonPart]:
    """Yield the lines of a day: its hours, break and last order stand in parts of their own."""
    for number, part in enumerate(item.css(".hour_time") or [item]):
        yield _hours("" if number else date, _joined(part))


def _menu(page: Selector, linked: Thing, oddities: list[Oddity]) -> list[JsonPart]:
    """Return the menu that people see, else the one for search engines. A page without lines says nothing of it."""
    for layout in MENUS:
        if lines := [_menu_line(line, layout, oddities) for line in page.css(layout.line)]:
            return lines
    items = find_things(linked.get("hasMenu"), MENU_ITEM)
    return [{"menu": name, "price": price_of(item)} for item in items if (name := text_of(item, "name"))]


def _menu_line(line: Selector, layout: _MenuLayout, oddities: list[Oddity]) -> JsonPart:
    name = _text(line, layout.name)
    if name is None:
        oddities.append(Oddity("page.menu[]", "nothing", "a name"))
    return {"menu": name, "price": _text(line, layout.price), "description": _text(line, layout.description)}


def _texts(page: Selector, css: str) -> list[str] | None:
    return [text for element in page.css(css) if (text := _joined(element))] or None


def _text(page: Selector, css: str) -> str | None:
    """Return the text of the first element, without its tags; None if there is none, or nothing in it."""
    found = page.css(css)
    return (_joined(found[0]) or None) if found else None


def _joined(element: Selector) -> str:
    return " ".join(" ".join(element.xpath(".//text()").getall()).split())


class _ListData(PoiSection, kw_only=True):
    """`result_data` of the API, or its `poi_section` alone: both were reported. Neither where nothing is found."""

    poi_section: PoiSection | None = None


def decode_list_page(body: bytes) -> SearchPage:
    """Read a list page. A row that cannot be read does not cost its neighbours.

    Raises:
        BlockedError, MalformedAnswerError: the site did not answer the question.
        LayoutChangedError: the page has no `listData`, there is no list in it, or none of its rows can be read.
    """
    oddities: list[Oddity] = []
    data = read_part(list_data(page_text(body)), _ListData, "", oddities)
    section = data if data.rows is not None or data.total_cnt is not None else data.poi_section
    return read_rows(section, oddities, PAGE_CAP)


def list_data(page: str) -> bytes:
    """Return what the script of a list page keeps, as whole JSON.

    Raises:
        LayoutChangedError: there is no such script, or it keeps something else.
    """
    found = LIST_DATA.search(page)
    if found is None:
        raise LayoutChangedError("the page has no script that sets `listData`")
    inside = found[1].replace(r"\'", "'")
    try:
        text = msgspec.json.decode(whole_json(f'"{inside}"'.encode("utf-8", "replace")), type=str)
        return whole_json(text.encode())
    except (msgspec.DecodeError, MalformedAnswerError) as error:
        raise LayoutChangedError(f"`listData` is not JSON within a string: {error}") from error
