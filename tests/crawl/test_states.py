"""Stores that are gone, and come back, in a city that changes: missing ones are in tests/ten_days."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from tests.crawl.conftest import start_site
from tests.postgres.test_stores import query

if TYPE_CHECKING:
    from tests.crawl.conftest import Crawl
    from tests.programs import Launcher

CITY = ("--daily-changes", "0.5", "--refill-stores", "150", "--ordinary-stores", "100", "--cap", "400")
"""A search of it is two pages or three, where others of their size would be split."""
SOON, LATER = timedelta(days=8), timedelta(days=40)  # store pages are asked for again after 7, lists after 30
LISTS_KEPT = f"CACHE_TTL_LIST_SECONDS={30 * 86400}"


def test_a_page_that_is_no_more_lets_a_store_be_gone_until_it_is_found_again(
    cached_crawl: Crawl, launcher: Launcher, database_url: str
) -> None:
    def states() -> dict[str, tuple[str, str | None]]:
        found = query(database_url, "SELECT ref, status, status_reason FROM refillspot.stores")
        return {row["ref"]: (row["status"], row["status_reason"]) for row in found}

    with start_site(launcher, *CITY) as city:
        crawl = cached_crawl.having(
            *("-s", f"DININGCODE_API_URL={city.url}", "-s", f"DININGCODE_WEB_URL={city.url}", "-s", LISTS_KEPT),
            *("-a", "district=all", "-a", "keywords=무한리필"),
        )

        def crawl_after(days: int, ahead: timedelta) -> set[str]:
            """Let days pass, crawl, and return the stores that the site has."""
            body = json.dumps({"days": days}).encode()
            with urlopen(Request(f"{city.url}/_clock", data=body, method="POST")):
                pass
            crawl.run("-s", f"CLOCK_OFFSET_SECONDS={ahead.total_seconds()}")
            with urlopen(f"{city.url}/_truth") as answer:
                return {one["ref"] for one in json.load(answer)["stores"]}

        there = crawl_after(0, timedelta())
        known = states().keys()
        assert known <= there
        assert {
            store["ref"] for store in city.truth("", "무한리필") if store["refill"] and store["reached_by"]
        } <= known
        lists = [entry for entry in city.log() if entry["kind"] == "list"]
        assert {entry["asked"] for entry in lists} == {"서울 무한리필"}
        assert len(lists) > 1
        there = crawl_after(1, SOON)
        gone = known - there
        assert gone
        assert {ref for ref, state in states().items() if state == ("gone", "no_such_store")} == gone

        there = crawl_after(5, LATER)
        back = {ref for ref, state in states().items() if state == ("operating", "reopened")}
        assert back
        assert back <= there & gone
        assert {row["ref"] for row in query(database_url, REOPENED)} == back
    ended = query(database_url, "SELECT DISTINCT state FROM refillspot.crawls")
    assert ended == [{"state": "complete"}]


REOPENED = """
    SELECT ref FROM refillspot.store_history WHERE field = 'status' AND new = '"operating"' AND old = '"gone"'
        AND last_seen_old <= first_seen_new
"""
