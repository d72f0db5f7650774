"""What a crawl asks for, what it learns from that, and what `scrapy plan` says of both."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.planning import KEYWORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crawl.conftest import Crawl, Site

    Rows = Callable[[], dict[str, dict[str, Any]]]

DISTRICT = ("-a", "district=금천구")
LATER = ("-s", f"CLOCK_OFFSET_SECONDS={8 * 24 * 3600}")
USUAL = ("-s", "UNLIKELY_SAMPLE_SHARE=0.02")


def asked(site: Site, kind: str) -> int:
    return sum(entry["kind"] == kind for entry in site.log())


def planned(crawl: Crawl, *options: str) -> dict[str, Any]:
    result = crawl.operate("plan", *options, "--json")
    assert result.returncode == 0, result.stderr
    estimate: dict[str, Any] = json.loads(result.stdout)
    return estimate


def test_a_first_crawl_takes_about_what_the_tables_say(crawl: Crawl, site: Site) -> None:
    estimate = planned(crawl, *DISTRICT)
    crawl.run(*DISTRICT, *USUAL)

    assert estimate["basis"] == "tables"
    assert estimate["lists"] == pytest.approx(asked(site, "list"), rel=0.25)
    assert estimate["store_pages"] == pytest.approx(asked(site, "store"), rel=0.4)
    assert estimate["requests"] == pytest.approx(len(site.log()), rel=0.3)


def test_later_crawls_leave_out_what_brought_nothing_and_miss_nothing(crawl: Crawl, site: Site, rows: Rows) -> None:
    crawl.run(*DISTRICT, *USUAL)
    first, lists = rows(), asked(site, "list")
    estimate = planned(crawl, *DISTRICT)
    site.clear_log()
    again = crawl.run(*DISTRICT, *USUAL)

    assert again.returncode == 0, again.stderr
    assert estimate["basis"] == "learnt"
    assert len(KEYWORDS) > estimate["resting"] > 10
    assert (estimate["lists"], estimate["store_pages"]) == (asked(site, "list"), asked(site, "store"))
    assert asked(site, "list") < lists - 10
    assert {ref for ref, row in rows().items() if row["last_seen_at"] > first[ref]["last_seen_at"]} >= {
        ref for ref, row in first.items() if row["refill_verdict"] != "unlikely"
    }


def test_what_rests_is_asked_again_in_time(crawl: Crawl, site: Site) -> None:
    crawl.run(*DISTRICT, *USUAL)
    lists = asked(site, "list")
    assert planned(crawl, *DISTRICT)["resting"] > planned(crawl, *DISTRICT, *LATER)["resting"] == 0
    site.clear_log()
    crawl.run(*DISTRICT, *USUAL, *LATER)

    assert asked(site, "list") == lists


def test_a_try_with_a_limit_teaches_nothing(crawl: Crawl, site: Site) -> None:
    crawl.run(*DISTRICT, "-a", "limit=1")

    assert planned(crawl, *DISTRICT)["basis"] == "tables"
    assert asked(site, "store") == 1


def test_the_plan_is_told_in_words_and_wrong_usage_too(crawl: Crawl, site: Site) -> None:
    told = crawl.operate("plan", *DISTRICT, "-s", "POLITENESS_REQUESTS_PER_SECOND=2")
    wrong = [crawl.operate("plan", *options) for options in (["-a", "district=nowhere"], ["금천구"], ["-a", "x"])]

    assert told.returncode == 0, told.stderr
    assert " requests at 2 per second: " in told.stdout
    assert "this has not been crawled yet" in told.stdout
    assert [result.returncode for result in wrong] == [2, 2, 2]
    assert "use one of these" in wrong[0].stderr
    assert site.log() == []
