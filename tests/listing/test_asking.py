"""Options that choose stores: each value is understood, or refused with a sentence."""

from __future__ import annotations

from unicodedata import normalize

import pytest

from refillspot.exceptions import ArgumentError
from refillspot.exit_status import ExitStatus
from refillspot.listing.asking import read_filter, see_them
from refillspot.postgres.outward import Circle


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"district": "걍남구"}, "Did you mean 강남구?"),
        ({"region": "세종"}, "서울특별시"),
        ({"site": "nowhere"}, "there is no site nowhere, only: diningcode"),
        ({"cuisine": "고개"}, "Did you mean 고기?"),
        ({"max_price": "cheap"}, "an amount in won, such as 20000"),
        ({"max_price": "-5"}, "an amount in won, such as 20000"),
        ({"verdict": "unlikely"}, "never listed"),
        ({"near": "127.03,37.5"}, "--near has the latitude first: 37.5,127.03"),
        ({"near": "강남역"}, "--near is a point in Korea"),
        ({"near": "37.5"}, "--near is a point in Korea"),
        ({"near": "nan,nan"}, "--near is a point in Korea"),
        ({"near": "48.85,2.35"}, "--near is a point in Korea"),
        ({"near": "37.5,127.03", "radius": "0"}, "--radius a distance in km"),
        ({"near": "37.5,127.03", "radius": "inf"}, "--radius a distance in km"),
        ({"radius": "1"}, "--radius goes with --near"),
        ({"query": " "}, "--query is the text"),
        ({"sort": "distence"}, "Did you mean distance?"),
        ({"sort": "distance"}, "goes with --near"),
        ({"limit": "0"}, "--limit is how many"),
        ({"limit": "²"}, "--limit is how many"),
    ],
    ids=str,
)
def test_a_value_that_cannot_be_is_refused_in_one_sentence(options: dict[str, str], told: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        read_filter(options)

    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_values_are_read_as_people_write_them() -> None:
    asked = read_filter(
        {"district": normalize("NFD", "중구"), "region": "부산", "cuisine": normalize("NFD", "고기"),
         "max_price": "2만원", "near": "35.1, 129.03", "radius": "0.5", "query": "갈비", "limit": "3",
         "json": True}
    )  # fmt: skip

    assert ([district.code for district in asked.districts], asked.region and asked.region.code) == (["26110"], "26")
    assert (asked.cuisine, asked.max_price, asked.near) == ("고기", 20_000, Circle(35.1, 129.03, 500))
    assert (asked.text, asked.limit, asked.sort) == ("갈비", 3, "distance")
    assert read_filter({}).sort == "price"


@pytest.mark.parametrize(
    ("spider", "arguments", "command"),
    [
        ("diningcode", {"district": "강남구,서초구", "limit": "5"}, "scrapy stores --district 강남구,서초구"),
        ("diningcode", {"district": "all", "region": "부산"}, "scrapy stores --region 부산"),
        ("diningcode", {"district": "부산 중구; ls"}, "scrapy stores --district '부산 중구; ls'"),
        ("tiny", {}, "scrapy stores --site tiny"),
    ],
)
def test_a_crawl_names_the_command_that_shows_its_stores(spider: str, arguments: dict[str, str], command: str) -> None:
    assert see_them(ExitStatus(0, "Complete.", 1), spider, arguments) == f" See them: {command}"
    assert see_them(ExitStatus(0, "Complete.", 0), spider, arguments) == ""
