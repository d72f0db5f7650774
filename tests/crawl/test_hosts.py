"""What one host did is not held against another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.crawl.conftest import Faults, start_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.crawl.conftest import Crawl, Site
    from tests.programs import Launcher

FEW = ("-a", "district=금천구", "-a", "keywords=무한리필", "-a", "limit=30", "-s", "RETRY_TIMES=0")
PAGE = "/API/profile/"
PACE = 8  # so that failures are further apart than one moment of trouble


@pytest.fixture(scope="module")
def another_site(launcher: Launcher) -> Iterator[Site]:
    with start_site(launcher) as site:
        yield site


def at(site: Site) -> tuple[str, ...]:
    return ("-s", f"DININGCODE_API_URL={site.url}", "-s", f"DININGCODE_WEB_URL={site.url}")


def test_a_broken_site_says_nothing_of_a_healthy_one(
    crawl: Crawl, site: Site, another_site: Site, faults: Faults
) -> None:
    polite = crawl.having("-s", "FALLBACK_ENABLED=True", "-s", f"POLITENESS_REQUESTS_PER_SECOND={PACE}")
    faults.add(kind="status", status=500, path="/API/")
    broken = polite.run(*FEW)
    healthy = polite.run(*FEW, *at(another_site))

    assert "'fallback/switched'" in broken.stderr
    assert "'politeness/slowed'" in broken.stderr
    assert healthy.returncode == 0, healthy.stderr[-3000:]
    assert {entry["path"] for entry in another_site.log()} == {"/robots.txt", "/API/isearch/", "/API/profile/"}
    before, after = (
        json.loads(polite.operate("politeness", "show", "--json", *at(one)).stdout)["requests_per_second"]
        for one in (site, another_site)
    )
    assert before < after == PACE


def test_a_page_of_another_host_stops_nobody(crawl: Crawl, another_site: Site) -> None:
    """A verification page of the site itself holds everything back."""
    polite = crawl.having("-s", f"POLITENESS_REQUESTS_PER_SECOND={PACE}")
    elsewhere = Faults(another_site.url)
    elsewhere.add(kind="verification", path=PAGE)
    callback = ("-c", "parse_list", "--cbkwargs", '{"query": null, "seen": null}')
    fetched = polite.operate(
        "parse", "--spider=diningcode", "-a", "district=강남구", *callback, f"{another_site.url}{PAGE}"
    )
    shown = json.loads(polite.operate("politeness", "show", "--json").stdout)
    fired = elsewhere.fired()
    elsewhere.clear()

    assert fired == [1], fetched.stderr
    assert "'robotstxt/request_count': 1" in fetched.stderr
    assert "'politeness/blocked'" not in fetched.stderr
    assert shown["held_seconds"] == 0
    assert shown["requests_per_second"] == PACE


def test_each_host_is_asked_by_its_own_rules(crawl: Crawl, site: Site, another_site: Site, faults: Faults) -> None:
    """The pages for people are on another host than the API, which allows everything."""
    another_site.clear_log()
    elsewhere = Faults(another_site.url)
    elsewhere.add(kind="html", path="/robots.txt", body="User-agent: *\nDisallow: /\n")
    faults.add(kind="status", status=500, path=PAGE)
    pages = ("-s", "FALLBACK_ENABLED=True", "-s", f"DININGCODE_WEB_URL={another_site.url}")
    result = crawl.run(
        "-a", "district=금천구", "-a", "keywords=무한리필", "-a", "limit=3", "-s", "RETRY_TIMES=0", *pages
    )
    elsewhere.clear()

    assert result.returncode == 3, result.stderr[-3000:]
    assert [entry["kind"] for entry in another_site.log()] == ["robots"]
    assert {entry["kind"] for entry in site.log()} == {"robots", "list", "store"}
