"""Another city than Seoul."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.planning import KEYWORDS
from tests.crawl.conftest import start_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.crawl.conftest import Crawl, Site
    from tests.programs import Launcher

    Rows = Callable[[], dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def busan(launcher: Launcher) -> Iterator[Site]:
    with start_site(launcher, "--region", "부산광역시", "--refill-stores", "800", "--ordinary-stores", "1600") as site:
        yield site


def test_a_place_of_which_nothing_is_found_is_asked_about(crawl: Crawl, site: Site, rows: Rows) -> None:
    """The site knows Seoul only, which has a 중구 too."""
    result = crawl.run("-a", "region=부산", "-a", "district=중구,해운대구")
    told = crawl.operate("stats", "last")

    assert result.returncode == 3, result.stderr[-2000:]
    assert "Nothing was found in 부산 중구, 부산 해운대구: does the site cover this city?" in result.stderr
    assert rows() == {}
    assert site.log()
    assert "does the site cover this city?" in told.stdout


def test_two_districts_of_busan_are_found_whole(crawl: Crawl, busan: Site, rows: Rows) -> None:
    there = ("-s", f"DININGCODE_API_URL={busan.url}", "-s", f"DININGCODE_WEB_URL={busan.url}")
    result = crawl.run("-a", "region=부산광역시", "-a", "district=중구,강서구", *there)

    stored = rows()
    words = ",".join(KEYWORDS)
    for code in ("26110", "26440"):
        reachable = {store["ref"] for store in busan.truth(code, words) if store["refill"] and store["reached_by"]}
        assert reachable
        assert reachable <= {ref for ref, row in stored.items() if row["district_code"] == code}
    assert result.returncode == 0, result.stderr[-2000:]
    assert {row["district_code"] for row in stored.values()} == {"26110", "26440"}
    assert {row["region"] for row in stored.values()} == {"부산광역시"}
    asked = {tuple(entry["asked"].split()[:2]) for entry in busan.log() if entry["kind"] == "list"}
    assert asked == {("부산", "중구"), ("부산", "강서구")}
    listed = [
        json.loads(crawl.operate("crawls", "list", "--json", "--region", city).stdout) for city in ("부산", "서울")
    ]
    assert [len(crawls) for crawls in listed] == [1, 0]
    assert {"부산", "중구"} <= set(crawl.operate("crawls", "list").stdout.replace(",", " ").split())
    assert "there is no crawl yet" in crawl.operate("stats", "--region", "서울").stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("crawls", "list", "--site", "elsewhere"), "there is no site elsewhere, only: diningcode"),
        (("stats", "--site", "elsewhere"), "there is no site elsewhere, only: diningcode"),
        (("plan", "-a", "district=중구", "--site", "elsewhere"), "there is no site elsewhere, only: diningcode"),
        (("db", "reparse", "--site", "elsewhere"), "there is no site elsewhere, only: diningcode"),
        (("db", "reparse", "--region", "제주"), "only the metropolitan cities"),
        (("db", "migrate", "--region", "부산"), "scrapy db reparse"),
        (("crawls", "show", "20261125", "--region", "부산"), "an id already names one"),
        (("stats", "--log", "crawl.log", "--site", "diningcode"), "use one of"),
    ],
)
def test_a_site_or_a_city_that_cannot_be_meant_is_wrong_usage(
    crawl: Crawl, options: tuple[str, ...], told: str
) -> None:
    result = crawl.operate(*options)

    assert result.returncode == 2
    assert told in result.stdout + result.stderr
