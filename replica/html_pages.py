"""The site's HTML: the list page with its rows inside a script, and a store's page. Own markup, all data invented."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import msgspec

from replica.gazetteer import area_of
from replica.hours import write_today, write_week
from replica.rows import write_addresses, write_phone, write_user_score

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from replica.store import MenuLine, Store

LIST_SIZE = 20
PAGE = """\
<!DOCTYPE html>
<html lang="ko">
<head><meta charset="utf-8"><title>{title}</title><meta name="generator" content="synthetic Diningcode">{head}</head>
<body><!-- Synthetic: invented data for tests -->
{body}
</body>
</html>
"""
STORE = """\
<input type="hidden" id="hdn_lat" value="{lat}"><input type="hidden" id="hdn_lng" value="{lng}">
<div class="tit-point"><h1 class="tit">{name}</h1><p class="btxt">{categories}</p></div>
<div class="grade-info"><p class="total_score">{score}점</p><p class="avg_score">{user_score}</p></div>
<ul class="basic-info">{contact}</ul>
<div class="busi-hours-today">{today}</div>
<div class="busi-hours"><ul class="list">{week}</ul></div>
<ul class="Restaurant_MenuList">{menu}</ul>
<div class="tags">{tags}</div>
<a href="/report?rid={ref}&amp;kind=closed">폐업신고</a>
"""
HOURS_LINE = '<li><p class="l-txt">{}</p><p class="r-txt">{}</p></li>'
MENU_LINE = '<li><span class="Restaurant_Menu">{}</span><p class="Restaurant_MenuPrice">{}</p></li>'
MISSING = '<div class="no-result"><p>존재하지 않는 식당입니다.</p></div>'


def write_list_page(query: str, result_data: Any) -> str:
    """Return the page around an answer of the search, which becomes the script's `listData`."""
    script = f"<script>localStorage.setItem('listData', '{quote_for_script(result_data)}');</script>"
    return PAGE.format(title=escape(f"{query} 맛집"), head="", body=f'<div id="root"></div>\n{script}')


def quote_for_script(value: Any) -> str:
    r"""Return JSON as the inside of a string in single quotes: a JSON string's, with `'` written `\'`."""
    inside = _json(_json(value))[1:-1]
    return inside.replace("'", r"\'")


def write_missing_page() -> str:
    return PAGE.format(title="다이닝코드", head="", body=MISSING)


def write_store_page(store: Store, today: date) -> str:
    says, standing = store.concept, store.standing
    week = write_week(store.week, today) if store.week else []
    body = STORE.format(
        lat=store.lat,
        lng=store.lon,
        name=escape(_full_name(store)),
        categories=escape(", ".join(says.categories)),
        score=standing.score,
        user_score=write_user_score(store),
        contact=_write_contact(store),
        today=escape(write_today(store.week, today) if store.week else store.open_status),
        week="".join(HOURS_LINE.format(escape(row["duration"]), escape(row["time"])) for row in week),
        menu="".join(MENU_LINE.format(escape(line.name), escape(line.price)) for line in says.menu),
        tags="".join(f'<span class="tag">{escape(tag)}</span>' for tag in says.tags),
        ref=store.ref,
    )
    linked = f'<script type="application/ld+json">{_json(_describe(store))}</script>'
    title = f"{_full_name(store)} - {area_of(store.dong)} {', '.join(says.categories)} 맛집"
    return PAGE.format(title=escape(title), head=linked, body=body)


def _write_contact(store: Store) -> str:
    """Return road address (else lot number) and phone; a store without a phone has no line for it."""
    lot, road = write_addresses(store)
    phone = write_phone(store)
    return f'<li class="locat">{escape(road or lot)}</li>' + (f'<li class="tel">{escape(phone)}</li>' if phone else "")


def _describe(store: Store) -> dict[str, Any]:
    """Return the page's JSON-LD; what the site does not know is left out."""
    lot, road = write_addresses(store)
    region, locality, street = (road or lot).split(" ", 2)
    address = {"addressCountry": "KR", "addressRegion": region, "addressLocality": locality, "streetAddress": street}
    known = {
        "@context": "https://schema.org",
        "@type": "FoodEstablishment",
        "name": _full_name(store),
        "telephone": write_phone(store),
        "address": {"@type": "PostalAddress", **address},
        "servesCuisine": list(store.concept.categories),
        "aggregateRating": _rate(store),
        "hasMenu": _describe_menu(store.concept.menu),
    }
    return {key: value for key, value in known.items() if value}


def _rate(store: Store) -> dict[str, Any] | None:
    reviews = store.standing.review_count
    rating = {"ratingValue": write_user_score(store), "bestRating": 5, "reviewCount": reviews}
    return {"@type": "AggregateRating", **rating} if reviews else None


def _describe_menu(menu: Iterable[MenuLine]) -> dict[str, Any] | None:
    items = [
        {"@type": "MenuItem", "name": line.name, "offers": {"@type": "Offer", "price": line.price}} for line in menu
    ]
    return {"@type": "Menu", "hasMenuItem": items} if items else None


def _full_name(store: Store) -> str:
    return f"{store.concept.name} {store.concept.branch or ''}".strip()


def _json(value: Any) -> str:
    """Return JSON that no HTML parser takes for an end tag."""
    return msgspec.json.encode(value).decode().replace("<", r"\u003c")
