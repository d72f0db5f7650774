"""A row and a store page become one `Store`. Pure: nothing is fetched, nothing is guessed.

Where the site says it; the first that speaks counts:

| field | list row | store page |
|---|---|---|
| ref | `v_rid` | |
| name, branch | `nm`, `branch` | restaurant `rn`, `branch` |
| addr, road_addr | `addr`, `road_addr` | detail `address`, `road_address` |
| lat, lon | `lat`, `lng` | restaurant `lat`, `lng` |
| phone | `phone` | detail, restaurant `phone` |
| categories | `category` | restaurant `categories`, as well |
| score | `score` | restaurant `score` |
| user_score, review_count, open_status | `user_score`, `review_cnt`, `open_status` | |
| images | `image`, `image_list` (two) | restaurant `img`, `images`, as well |
| hours, hours_text | | detail `bhour`, else `bhour_seo`, else `status` |
| menu | | menu `list` |
| tags, facilities | | detail `tag`, `facility` |
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from refillspot.items import Address, MenuItem, Store
from refillspot.parsing.address import parse_address
from refillspot.parsing.category import find_cuisines, parse_categories
from refillspot.parsing.hours import parse_hours
from refillspot.parsing.phone import parse_phone
from refillspot.parsing.price import is_plausible_krw, parse_price_krw
from refillspot.parsing.refill import assess_refill
from refillspot.parsing.refill.terms import find_offers, headline_price_krw, refill_prices, refill_terms
from refillspot.parsing.text import clean_text
from refillspot.regions import KOREA, find_district, find_district_code, is_in_dong
from refillspot.sites.diningcode import NAME
from refillspot.sites.diningcode.answers import number_of
from refillspot.sites.diningcode.forms import store_page_url
from refillspot.sites.diningcode.page_types import Detail, Picture, Restaurant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from refillspot.sites.diningcode.page_types import HoursRow, MenuLine, Number, Row, StorePage
    from refillspot.sites.shapes import Oddity

PLACEHOLDER_IMAGE = "/noimage/"
WITHOUT_PROTOCOL = re.compile(r"(?://)?((?:[a-z0-9-]+\.)+[a-z]{2,}/.+)", re.IGNORECASE | re.DOTALL)
HIGHEST_SCORE, HIGHEST_USER_SCORE, MOST_REVIEWS = 100, 5, 10_000_000
PLACES = {
    "branch": ("restaurant.branch",),
    "addr": ("detail.address",),
    "road_addr": ("detail.road_address",),
    "lat": ("restaurant.lat", "restaurant.lng"),
    "lon": ("restaurant.lat", "restaurant.lng"),
    "phone": ("detail.phone", "restaurant.phone"),
    "categories": ("restaurant.categories",),
    "hours_text": ("detail.bhour", "detail.bhour_seo", "detail.status.time"),
    "menu": ("menu.list",),
    "tags": ("detail.tag",),
    "facilities": ("detail.facility",),
}
"""The first is the place of a field on the page; where it and the others are empty, the field is."""
OF_MENU = ("refill_prices", "refill_price_krw", "refill_terms")
"""What a menu says that is read whole, or does not say."""
LISTS = {
    "menu": "menu.list",
    "categories": "restaurant.categories",
    "tags": "detail.tag",
    "facilities": "detail.facility",
}
TRUE_MARKS = {"1", "true", "y", "yes"}


def district_code(addr: str | None, road_addr: str | None) -> str | None:
    """Return the code of the district that an address lies in, None if it is not a known one."""
    for text in (addr, road_addr):
        address = parse_address(text) if text else None
        if address and address.sido and address.sigungu:
            return find_district_code(address.sido, address.sigungu)
    return None


def read_point(lat: Number, lon: Number) -> tuple[float, float] | None:
    """Return latitude and longitude (WGS84 degrees), None if they are no point of Korea."""
    point = number_of(lat), number_of(lon)
    if point[0] is None or point[1] is None:
        return None
    return (point[0], point[1]) if KOREA.contains(point[0], point[1]) else None


def build_store(row: Row, page: StorePage | None, web_url: str) -> Store:
    """Return the store that a row names, with what its page adds. The page wins where both speak.

    `web_url` is the site's own address, "https://www.diningcode.com", for the link that people can open.
    """
    restaurant = page.restaurant if page else Restaurant(rn=row.nm)
    detail = (page.detail if page else None) or Detail()
    lines = page.menu.lines if page and page.menu else None
    menu = None if lines is None else _menu(lines)
    name, branch = _names(row, restaurant)
    categories = _categories(row, restaurant)
    tags = _texts(detail.tag)
    verdict = assess_refill(
        name=name, branch=branch, categories=categories, menu=[item.name for item in menu or ()], tags=tags
    )
    store = Store(
        site=NAME,
        ref=row.v_rid,
        name=name,
        branch=branch,
        source_url=store_page_url(web_url, row.v_rid),
        refill=verdict,
        categories=categories,
        cuisines=find_cuisines(categories).known if categories else None,
        phone=_first(parse_phone, (detail.phone, restaurant.phone, row.phone)),
        score=_count(restaurant.score, HIGHEST_SCORE, _count(row.score, HIGHEST_SCORE)),
        user_score=_user_score(row),
        review_count=_count(row.review_cnt, MOST_REVIEWS),
        images=_images(row, restaurant),
        open_status=clean_text(row.open_status),
        menu=menu,
        tags=tags,
        facilities=_texts(detail.facility),
        channel=page.channel if page else "api",
    )
    _set_offer(store)
    _set_place(store, row, restaurant, detail)
    _set_hours(store, detail, page.oddities if page else ())
    if page and page.told:
        odd = [oddity.path for oddity in page.oddities if not oddity.came.startswith("empty")]
        store.says_less(_blank(store, page, odd), [name for name, path in LISTS.items() if _is_odd(path, odd)])
    return store


def _blank(store: Store, page: StorePage, odd: Sequence[str]) -> Iterator[str]:
    """Yield the fields that have their place on a page and nothing in it; what is missing or odd says nothing.

    What is empty is that, of whatever type: "" and [] stand for each other.
    """
    for name, (place, *others) in PLACES.items():
        paths = (place, *others)
        is_empty = not getattr(store, name) and not any(_part(page, path) for path in paths)
        if is_empty and place in page.told and not any(_is_odd(path, odd) for path in paths):
            yield name
    if store.menu and "menu.list" in page.told and not _is_odd("menu.list", odd):
        yield from (name for name in OF_MENU if not getattr(store, name))


def _part(page: StorePage, path: str) -> object:
    part: object = page
    for name in path.split("."):
        part = getattr(part, "lines" if name == "list" else name, None)
    return part


def _is_odd(path: str, odd: Sequence[str]) -> bool:
    return any(one.startswith(path) for one in odd)


def _names(row: Row, restaurant: Restaurant) -> tuple[str, str | None]:
    """Return name and branch. A page for people writes both in one; then the row tells where the branch begins."""
    listed, branch = clean_text(row.nm) or "", clean_text(row.branch)
    name = clean_text(restaurant.rn) or listed
    if restaurant.branch is None and branch and name == f"{listed} {branch}":
        name = listed
    return name, clean_text(restaurant.branch) or branch


def _set_offer(store: Store) -> None:
    """Set what the all-you-can-eat offer costs, and on which terms; without a menu nothing is known of them."""
    if store.menu is None:
        return
    offers = find_offers(store.menu, store.refill)
    store.refill_prices = refill_prices(offers)
    store.refill_price_krw = headline_price_krw(store.refill_prices)
    if store.refill.verdict != "unlikely":
        store.refill_terms = refill_terms(store.menu, offers)


def _set_place(store: Store, row: Row, restaurant: Restaurant, detail: Detail) -> None:
    store.addr = clean_text(detail.address) or clean_text(row.addr)
    store.road_addr = clean_text(detail.road_address) or clean_text(row.road_addr)
    store.district_code = district_code(store.addr, store.road_addr) or district_code(row.addr, row.road_addr)
    lot = parse_address(store.addr) if store.addr else None
    road = parse_address(store.road_addr) if store.road_addr else None
    store.district = (lot or road or Address()).sigungu
    district = find_district(store.district_code) if store.district_code else None
    store.region = district.sido if district else (lot or road or Address()).sido
    store.dong = (lot.dong if lot else None) or (road.dong if road else None)
    for lat, lon in ((restaurant.lat, restaurant.lng), (row.lat, row.lng)):
        if point := read_point(lat, lon):
            store.lat, store.lon = point
            break
    if store.district_code and store.dong and store.lat and store.lon:
        store.dong_confirmed = is_in_dong(store.district_code, store.dong, store.lat, store.lon)


def _set_hours(store: Store, detail: Detail, oddities: Iterable[Oddity]) -> None:
    is_week_odd = any(re.match(r"detail\.bhour\b", odd.path) for odd in oddities)
    for source in _hours_sources(detail, is_week_odd=is_week_odd):
        if store.hours_text is None:
            store.hours_text = "\n".join(f"{label} {text}".strip() for label, text in source.items())
        store.hours = parse_hours(source[""] if list(source) == [""] else source)
        if store.hours:
            return


def _hours_sources(detail: Detail, *, is_week_odd: bool) -> Iterator[dict[str, str]]:
    """Yield the week if it is there, then the line for search engines, then the one line for today.

    Where the week could not be read these two say nothing: they leave out its breaks and days off.
    """
    week = _week(detail.bhour or ())
    if week:
        yield week
    elif detail.bhour or is_week_odd:
        return
    if summary := _week(detail.bhour_seo or ()):
        yield summary
    if detail.status and detail.status.time:
        yield {"": detail.status.time}


def _week(rows: Iterable[HoursRow | None]) -> dict[str, str]:
    """Return {day label: text}. A line with an empty label belongs to the day above it.

    A line that cannot be read may have been a break: the day that it is of is left out, and so is what follows it
    without a label.
    """
    week: dict[str, str] = {}
    label: str | None = ""
    for row in rows:
        is_whole = row is not None and row.duration is not None and row.time is not None
        own = clean_text(row.duration) if row else None
        if not is_whole:
            week.pop(own or label or "", None)
            label = None
        elif row and (own or label is not None):
            label = own or label or ""
            if text := clean_text(row.time):
                week[label] = f"{week[label]}\n{text}" if label in week else text
    return week


def _menu(lines: Iterable[MenuLine]) -> list[MenuItem]:
    items = []
    for line in lines:
        if name := clean_text(line.menu):  # a line without one is a photo, or a heading
            price = clean_text(line.price)
            krw = parse_price_krw(price) if price else None
            recommended = str(line.best).lower() in TRUE_MARKS
            outlier = krw is not None and not is_plausible_krw(krw)
            items.append(MenuItem(name, krw, price, recommended, clean_text(line.description), outlier))
    return items


def _categories(row: Row, restaurant: Restaurant) -> list[str] | None:
    listed = parse_categories(row.category) if row.category else []
    return list(dict.fromkeys([*listed, *parse_categories(restaurant.categories or [])])) or None


def _images(row: Row, restaurant: Restaurant) -> list[str] | None:
    pictures = [row.image, *(row.image_list or ()), restaurant.img]
    pictures += (restaurant.images.pictures if restaurant.images else None) or ()
    return list(dict.fromkeys(url for url in map(_address, pictures) if url and PLACEHOLDER_IMAGE not in url)) or None


def _address(picture: str | Picture | None) -> str | None:
    """Return the address of a picture, its largest, completed where the protocol is missing; None if it is none."""
    if isinstance(picture, Picture):
        picture = picture.address
    url = (picture or "").strip()
    if url.startswith(("https://", "http://")):
        return url
    return f"https://{found[1]}" if (found := WITHOUT_PROTOCOL.fullmatch(url)) else None


def _texts(values: list[str] | None) -> list[str] | None:
    if values is None:
        return None
    return list(dict.fromkeys(text for value in values if (text := (clean_text(value) or "").strip(", "))))


def _first(parse: Callable[[str], str | None], values: Iterable[str | None]) -> str | None:
    return next((found for value in values if value and (found := parse(value))), None)


def _user_score(row: Row) -> float | None:
    score = number_of(row.user_score)
    return score if score and 0 < score <= HIGHEST_USER_SCORE else None  # 0 means that nobody rated it


def _count(value: Number, most: int, other: int | None = None) -> int | None:
    """Return a number that can be one of these, else the `other`."""
    number = number_of(value)
    return int(number) if number is not None and 0 <= number <= most else other
