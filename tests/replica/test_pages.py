from __future__ import annotations

import json
import re
from html import unescape
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest

from refillspot.regions import districts
from replica.hours import FIRST_DAY, Week
from replica.html_pages import quote_for_script
from replica.html_store import write_store_page
from replica.shapes import name_shapes
from replica.store import Concept, MenuLine, Standing, Store

if TYPE_CHECKING:
    from tests.replica.conftest import Replica, Start

LIST_DATA = re.compile(r"localStorage\.setItem\('listData',\s*'((?:[^'\\]|\\.)*)'\)")
LINKED = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
NASTY = """</script><b>'l"a\\'mour\\"\\n &amp; \n\t무한\u2028리필 \\"""
OLD_MENU = ("Restaurant_Menu", "Restaurant_MenuPrice")
HOUR_TIME = re.compile(r'<span class="hour_time(?: closed)?">(.*?)</span>')
SMALL = ("--refill-stores", "60", "--ordinary-stores", "140")


def get(replica: Replica, path: str) -> tuple[int, str]:
    connection = HTTPConnection(urlsplit(replica.url).netloc)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def read_list_data(page: str) -> dict[str, Any]:
    r"""Decode as the field does: `\'` -> `'`, then a JSON string, then JSON."""
    found = LIST_DATA.search(page)
    assert found
    data: dict[str, Any] = json.loads(json.loads('"' + found[1].replace("\\'", "'") + '"'))
    return data


def read_linked(page: str) -> dict[str, Any]:
    found = LINKED.search(page)
    assert found
    linked: dict[str, Any] = json.loads(found[1])
    return linked


def read_classes(page: str, tag: str, name: str) -> list[str]:
    return [unescape(text) for text in re.findall(rf'<{tag} class="{name}">(.*?)</{tag}>', page, re.DOTALL)]


def read_value(page: str, element: str) -> float:
    found = re.search(rf'id="{element}" value="([^"]*)"', page)
    assert found
    return float(found[1])


def is_new(page: str) -> bool:
    return "hour-main-grid" in page


def read_menu(page: str) -> list[tuple[str, str]]:
    """Return name and price of each line, in either layout."""
    names, prices = ("restaurant-menu", "restaurant-price") if is_new(page) else OLD_MENU
    return list(zip(read_classes(page, "span", names), read_classes(page, "p", prices), strict=True))


def read_days(page: str) -> list[tuple[str, list[str]]]:
    """Return the lines of each day in the layout of 2026: today, then the two columns side by side."""
    label = read_classes(page, "span", "open-desc")[0]
    items = read_classes(page, "div", "hour_time_item")
    lines = [[unescape(line) for line in HOUR_TIME.findall(item)] for item in items]
    days = list(zip(read_classes(page, "div", "hour_date"), lines, strict=True))
    return [(label, read_classes(page, "span", "today-main-hours(?: closed)?")), *days] if label else days


def group_days(rows: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Return the lines of each day of `bhour`."""
    days: list[tuple[str, list[str]]] = []
    for row in rows:
        if row["duration"]:
            days.append((row["duration"], []))
        days[-1][1].append(row["time"])
    return days


def nasty_store() -> Store:
    district = districts()[0]
    says = Concept(NASTY, (NASTY,), (MenuLine(NASTY, NASTY),), (NASTY,), branch=NASTY)
    week = Week(spans=(("11:00", "22:00"),) * 7, break_time=None, last_order=None, only_today=False)
    return Store(
        "AAAAAAAAAAAA", 1, says, district, district.dongs[0], 37.5, 127.0, NASTY, Standing(50, 4.0, 3), "영업 중", week
    )


@pytest.mark.parametrize("query", ["강남구 무한리필", "서울 뷔페", "둘리"])
def test_the_list_page_holds_the_first_twenty_rows_of_the_api(replica: Replica, query: str) -> None:
    status, page = get(replica, f"/list.dc?query={quote(query)}")
    section = read_list_data(page)["poi_section"]

    assert status == 200
    assert section == replica.search(query)
    assert 0 < len(section["list"]) <= 20


def test_a_list_page_without_a_hit_has_no_section(replica: Replica) -> None:
    _, page = get(replica, f"/list.dc?query={quote('강남구 없는말없는말')}")

    assert "poi_section" not in read_list_data(page)


@pytest.mark.parametrize("text", [NASTY, "'", "\\", "\\'", "')", "\n", '"', "\\\\'\\'"])
def test_any_text_comes_back_from_the_script(text: str) -> None:
    page = f"<script>localStorage.setItem('listData', '{quote_for_script({'list': [{'nm': text}]})}');</script>"

    assert read_list_data(page) == {"list": [{"nm": text}]}
    assert page.count("<") == 2
    assert "\n" not in page


def test_a_query_is_escaped(replica: Replica) -> None:
    _, page = get(replica, f"/list.dc?query={quote('</title><script>alert(1)</script>')}")

    assert "<script>alert" not in page


def test_store_pages_agree_with_the_api(replica: Replica, truth: list[dict[str, Any]]) -> None:
    lost_zero = [store for store in truth if (store["phone"] or "").startswith("0507")][::10]
    for ref in [store["ref"] for store in truth[::100] + lost_zero]:
        status, page = get(replica, f"/profile.php?rid={ref}")
        api, linked = replica.profile(ref), read_linked(page)
        restaurant = api["restaurant"]

        assert status == 200
        assert linked["@type"] == "FoodEstablishment"
        assert linked["name"] == restaurant["name"]
        assert linked.get("telephone") == restaurant["phone"]
        assert read_classes(page, "li", "tel") == [phone for phone in [restaurant["phone"]] if phone]
        assert (read_value(page, "hdn_lat"), read_value(page, "hdn_lng")) == (restaurant["lat"], restaurant["lng"])
        assert "폐업신고" in page


def test_menus_and_ratings_agree_with_the_api(replica: Replica, truth: list[dict[str, Any]]) -> None:
    seen = set()
    for ref in [store["ref"] for store in truth[::50]]:
        _, page = get(replica, f"/profile.php?rid={ref}")
        api, linked = replica.profile(ref), read_linked(page)
        if "menu" in api:
            menu = [(line["menu"], line["price"]) for line in api["menu"]["list"] if line["menu"]]
            items = linked.get("hasMenu", {"hasMenuItem": []})["hasMenuItem"]
            assert [(item["name"], item["offers"]["price"]) for item in items] == menu
            assert read_menu(page) == menu
            seen.add("menu" if menu else "no menu")
        if "score" in api:
            rating = linked["aggregateRating"]["ratingValue"] if "aggregateRating" in linked else None
            score = api["score"]["score"]
            assert rating == ((score and score["average"]) or None)
            assert rating is None or 0 < rating <= 5
            seen.add("rated" if rating else "unrated")
        seen.add("2026" if is_new(page) else "2025")

    assert seen == {"menu", "no menu", "rated", "unrated", "2025", "2026"}


def test_addresses_and_hours_agree_with_the_api(replica: Replica, truth: list[dict[str, Any]]) -> None:
    seen = set()
    for ref in [store["ref"] for store in truth[::50]]:
        _, page = get(replica, f"/profile.php?rid={ref}")
        detail = replica.profile(ref).get("detail")
        if detail:
            place = read_linked(page)["address"]
            address = detail["road_address"] or detail["address"]
            parts = (place["addressRegion"], place["addressLocality"], place["streetAddress"])
            assert read_classes(page, "li", "locat") == [address] == [" ".join(parts)]
            status = detail["status"]
            time = (status["time"] if status else "") or "확인필요"
            if is_new(page):
                assert read_days(page) == group_days(detail["bhour"])
                assert read_classes(page, "span", "today-main-hours(?: closed)?")[0] == time
                assert read_classes(page, "span", "profile_jibun") == [detail["address"]]
            else:
                assert read_classes(page, "p", "l-txt") == [row["duration"] for row in detail["bhour"]]
                assert read_classes(page, "p", "r-txt") == [row["time"] for row in detail["bhour"]]
                assert read_classes(page, "div", "busi-hours-today") == [time]
            seen.add(f"{'hours' if detail['bhour'] else 'no hours'} {'2026' if is_new(page) else '2025'}")

    assert seen == {"hours 2025", "no hours 2025", "hours 2026", "no hours 2026"}


def test_the_sites_own_score_is_on_no_page_and_total_score_is_a_visitors(
    replica: Replica, truth: list[dict[str, Any]]
) -> None:
    cards = 0
    for ref in [store["ref"] for store in truth[::100]]:
        _, page = get(replica, f"/profile.php?rid={ref}")
        shown = read_classes(page, "span", "total_score")
        cards += len(shown)

        assert page.count("total_score") == len(shown) == page.count("person-grade")
        assert all(re.fullmatch(r"[1-5]\.[05]점", stars) for stars in shown)
        assert "grade-info" not in page or "점" not in read_classes(page, "div", "grade-info")[0]

    assert cards > 100


def test_an_unknown_store_is_a_page_that_says_so(replica: Replica) -> None:
    status, page = get(replica, "/profile.php?rid=AAAAAAAAAAAA")

    assert status == 404
    assert "존재하지 않는 식당입니다" in page
    assert "application/ld+json" not in page


@pytest.mark.parametrize("shapes", ["2025", "2026"])
def test_text_is_escaped_and_comes_back_whole(shapes: str) -> None:
    page = write_store_page(nasty_store(), FIRST_DAY, name_shapes(shapes))
    item = read_linked(page)["hasMenu"]["hasMenuItem"][0]

    assert "<b>" not in page
    assert page.count("<script") == page.count("</script>") == 1
    assert (item["name"], item["offers"]["price"]) == (NASTY, NASTY)
    assert read_menu(page) == [(NASTY, NASTY)]
    assert is_new(page) == (shapes == "2026")
    assert read_classes(page, "li", "tel") == [NASTY]


def test_pages_are_logged_with_their_status(start_replica: Start) -> None:
    with start_replica(*SMALL) as running:
        get(running, f"/list.dc?query={quote('강남구')}")
        get(running, "/profile.php?rid=AAAAAAAAAAAA")
        entries = [(entry["path"], entry["kind"], entry["asked"], entry["status"]) for entry in running.log()]

    assert entries == [
        ("/list.dc", "list", "강남구", 200),
        ("/profile.php", "store", "AAAAAAAAAAAA", 404),
    ]


@pytest.mark.parametrize(
    "path", ["list.dc", "list.dc?query=", "list.dc?query=%B0%AD", "profile.php", "profile.php?rid=%00"]
)
def test_odd_requests_get_a_page(replica: Replica, path: str) -> None:
    status, page = get(replica, f"/{path}")

    assert status in {200, 404}
    assert page.startswith("<!DOCTYPE html>")
