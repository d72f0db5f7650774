"""A test a field: one store as saved pages show it, of both generations, by the API and as people see it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from refillspot.items import Evidence, MenuItem, Price, RefillTerms
from refillspot.parsing.hours.osm import write_osm
from refillspot.sites.diningcode.channels import read_kept_store
from refillspot.sites.diningcode.page_types import Row
from refillspot.sites.diningcode.stores import build_store

if TYPE_CHECKING:
    from refillspot.items import Store

PAGES = Path(__file__).parent / "pages"
API, PEOPLE = ("api_2025.json", "api_2026.json"), ("page_2025.html", "page_2026.html")
TERMS = "이용시간 100분, 음식물 남기면 환경부담금 5,000원"


@pytest.fixture(params=[*API, *PEOPLE])
def page(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(page: str) -> Store:
    row = PAGES / f"row_{page[-9:-5]}.json"
    said = read_kept_store((PAGES / page).read_bytes())
    return build_store(msgspec.json.decode(row.read_bytes(), type=Row), said, "https://www.diningcode.com")


def test_ref(store: Store) -> None:
    assert store.ref == "Ab1Cd2Ef3Gh4"


def test_name(store: Store) -> None:
    assert store.name == "달빛갈비"


def test_branch(store: Store) -> None:
    assert store.branch == "강남점"


def test_source_url(store: Store) -> None:
    assert store.source_url == "https://www.diningcode.com/profile.php?rid=Ab1Cd2Ef3Gh4"


def test_refill(store: Store) -> None:
    assert store.refill.verdict == "confirmed"
    assert Evidence("menu", "갈비 무한리필 성인") in store.refill.evidence


def test_addr(store: Store, page: str) -> None:
    assert store.addr == ("서울시" if page == "page_2025.html" else "서울특별시") + " 강남구 역삼동 123-4"


def test_road_addr(store: Store) -> None:
    assert store.road_addr == "서울특별시 강남구 테헤란로1길 10 2층"


def test_district_code(store: Store) -> None:
    assert store.district_code == "11680"


def test_district(store: Store) -> None:
    assert store.district == "강남구"


def test_dong(store: Store) -> None:
    assert store.dong == "역삼동"


def test_dong_confirmed(store: Store) -> None:
    assert store.dong_confirmed is True


def test_lat(store: Store) -> None:
    assert store.lat == 37.4998


def test_lon(store: Store) -> None:
    assert store.lon == 127.0281


def test_phone(store: Store) -> None:
    assert store.phone == "0507-1309-5529"


def test_categories(store: Store) -> None:
    assert store.categories == ["돼지갈비", "갈비무한리필", "숯불구이"]


def test_cuisines(store: Store) -> None:
    assert store.cuisines == ["고기"]


def test_score(store: Store, page: str) -> None:
    assert store.score == (72 if page in API else 71)  # the page for people has a reviewer's stars only


def test_user_score(store: Store) -> None:
    assert store.user_score == 4.3


def test_review_count(store: Store) -> None:
    assert store.review_count == 1185


def test_images(store: Store, page: str) -> None:
    names = ("300_300_1", "2", "3") if page in API else ("300_300_1",)
    assert store.images == [f"https://pictures.invalid/{name}.webp" for name in names]


def test_hours(store: Store) -> None:
    assert store.hours
    assert write_osm(store.hours) == "Sa off; Th 11:30-23:00, Fr 11:30-26:00"


def test_hours_last_order(store: Store) -> None:
    assert store.hours
    assert {number: day.last_order for number, day in store.hours.days.items()} == {3: "22:00", 4: None, 5: None}


def test_hours_text(store: Store) -> None:
    assert store.hours_text
    assert store.hours_text.splitlines()[0] == "오늘(목) 영업시간: 11:30 - 23:00"


def test_open_status(store: Store) -> None:
    assert store.open_status == "영업 중"


def test_menu(store: Store, page: str) -> None:
    best, terms = page in API, TERMS if page != "page_2025.html" else None
    assert store.menu == [
        MenuItem("갈비 무한리필 성인", 19900, "19,900원", recommended=best, description=terms),
        MenuItem("물냉면", 6000, "6,000원"),
    ]


def test_refill_prices(store: Store) -> None:
    assert store.refill_prices == [Price(19900, 19900, audience="adult")]


def test_refill_price_krw(store: Store) -> None:
    assert store.refill_price_krw == 19900


def test_refill_terms(store: Store, page: str) -> None:
    said = RefillTerms(time_limit_minutes=100, leftover_fee=True, leftover_fee_krw=5000)
    assert store.refill_terms == (None if page == "page_2025.html" else said)


def test_tags(store: Store) -> None:
    assert store.tags == ["회식", "단체"]


def test_facilities(store: Store, page: str) -> None:
    assert store.facilities == (["주차", "단체석"] if page in API else None)


def test_road(store: Store, page: str) -> None:
    assert store.channel == ("api" if page in API else "web")
