from __future__ import annotations

import shlex
import unicodedata

import pytest
from scrapy.utils.conf import arglist_to_dict

from refillspot.exceptions import ArgumentError
from refillspot.planning import CrawlArguments, spider_arguments, write_options, write_places

SITE = "https://im.diningcode.com"


@pytest.mark.parametrize(
    "arguments",
    [
        {"district": "강남구"},
        {"district": "all"},
        {"district": "all", "region": "부산광역시"},
        {"district": "중구,강서구", "region": "부산광역시", "keywords": "뷔페,무제한", "limit": "5"},
    ],
    ids=str,
)
def test_a_crawl_can_be_described_and_asked_for_again(arguments: dict[str, str]) -> None:
    described = CrawlArguments.parse(**arguments).described(SITE)

    assert CrawlArguments.parse(**spider_arguments(described)).described(SITE) == described


def test_the_same_name_in_another_city_is_another_crawl() -> None:
    seoul, busan = (CrawlArguments.parse(district="중구", region=region) for region in ("서울", "부산"))

    assert seoul.described(SITE) != busan.described(SITE)


@pytest.mark.parametrize(
    ("arguments", "places"),
    [
        ({"district": "중구"}, "중구"),
        ({"district": "중구,강서구", "region": "부산"}, "부산 중구,강서구"),
        ({"district": "all", "region": "부산"}, "부산 all"),
    ],
)
def test_a_crawl_of_another_city_than_seoul_tells_it(arguments: dict[str, str], places: str) -> None:
    assert write_places(CrawlArguments.parse(**arguments).described(SITE)) == places


def test_equal_arguments_share_a_queue_in_whatever_order_they_come() -> None:
    one = CrawlArguments.parse(district="강남구,서초구", keywords="뷔페,무제한")
    two = CrawlArguments.parse(district="서초구, 강남구", keywords=unicodedata.normalize("NFD", "무제한, 뷔페"))

    assert one.described(SITE) == two.described(SITE)


def test_what_is_superseded_is_another_crawl_of_the_same_arguments() -> None:
    plain, anew = (CrawlArguments.parse(district="강남구", supersede=given) for given in (None, "1"))

    assert anew.described(SITE) == plain.described(SITE)
    assert (plain.supersedes, anew.supersedes) == (False, True)
    with pytest.raises(ArgumentError, match="supersede=1"):
        CrawlArguments.parse(district="강남구", supersede="yes")


@pytest.mark.parametrize("other", [{"district": "강남구,서초구"}, {"keywords": "뷔페"}, {"limit": "5"}], ids=str)
def test_other_arguments_are_another_crawl(other: dict[str, str]) -> None:
    plain = CrawlArguments.parse(district="강남구")

    assert CrawlArguments.parse(**{"district": "강남구"} | other).described(SITE) != plain.described(SITE)


def test_another_site_is_another_crawl() -> None:
    arguments = CrawlArguments.parse(district="강남구")

    assert arguments.described(SITE) != arguments.described("http://127.0.0.1:8080")


@pytest.mark.parametrize("limit", ["0", "-1", "1.5", "x", "", "9" * 5000])
def test_a_limit_is_a_number_of_stores(limit: str) -> None:
    with pytest.raises(ArgumentError, match="limit=20"):
        CrawlArguments.parse(district="강남구", limit=limit)


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ({"district": "강남"}, "Did you mean 강남구?"),
        ({"district": "강남구,서초"}, "Did you mean 서초구?"),
        ({"district": "중구", "region": "부산과역시"}, "Did you mean 부산광역시?"),
        ({"distrct": "강남구"}, "Did you mean district?"),
    ],
    ids=str,
)
def test_a_slip_is_told_with_what_was_probably_meant(arguments: dict[str, str], asked: str) -> None:
    with pytest.raises(ArgumentError) as error:
        CrawlArguments.parse(**arguments)

    assert str(error.value).endswith(asked)


def test_what_scrapyd_adds_makes_no_other_crawl() -> None:
    plain = CrawlArguments.parse(district="강남구")

    assert (
        CrawlArguments.parse(district="강남구", _job="6487ec79947edab326d6db28a2d86511e8247444", _version="r1") == plain
    )


def test_arguments_are_written_as_every_shell_takes_them() -> None:
    given = {"district": "강남구,서초구", "keywords": "+수제맥주 무한리필"}

    assert write_options(given) == '-a district=강남구,서초구 -a "keywords=+수제맥주 무한리필"'
    typed = shlex.split(write_options(given))
    assert CrawlArguments.parse(**arglist_to_dict(typed[1::2])) == CrawlArguments.parse(**given)
