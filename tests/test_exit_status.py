from __future__ import annotations

from typing import Any

import pytest

from refillspot.exit_status import (
    COMPLETE,
    COULD_NOT_RUN,
    HELD,
    INCOMPLETE,
    complete_exit_status,
    crawl_exit_status,
    write_stores,
)
from refillspot.interruption import INTERRUPTED


def test_a_place_of_which_no_list_has_a_row_is_named() -> None:
    complete = {"finish_reason": "finished", "crawl/state": "complete", "crawl/stored": 5, "crawl/known": 9}
    found = {"crawl/diningcode/asked/11680": 4, "crawl/diningcode/found/11680": 30, "crawl/diningcode/asked/26110": 4}
    outcome = crawl_exit_status(complete | found)

    assert outcome.exit_code == INCOMPLETE
    assert "5 stores. Nothing" in outcome.sentence
    assert "Nothing was found in 부산 중구" in outcome.sentence


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({"stored": 149, "confirmed": 118, "likely": 7},
         "Complete: 149 stores, 125 of them all-you-can-eat (confirmed 118, likely 7)."),
        ({"stored": 1, "confirmed": 0, "likely": 0},
         "Complete: 1 store, 0 of them all-you-can-eat (confirmed 0, likely 0)."),
        ({"stored": 20}, "Complete: 20 stores."),  # without PostgreSQL, or told by an older program
    ],
)  # fmt: skip
def test_a_complete_crawl_says_what_came_of_it(counts: dict[str, int], sentence: str) -> None:
    outcome = complete_exit_status(counts)

    assert (outcome.sentence, outcome.refill_stores) == (sentence, counts.get("confirmed", 0) + counts.get("likely", 0))


HOURS = {"monitor": "fields", "part": "hours", "district": "11680", "now": {"number": 18, "of": 149},
         "usual": 0.89, "crawls": 8}  # fmt: skip
LOST = {"monitor": "stores", "part": "", "district": "", "now": {"number": 12, "of": None}, "usual": 60.0, "crawls": 8}
ODD = {"monitor": "of a later version", "part": "x", "district": "small", "now": {"number": 0, "of": 0},
       "usual": None, "crawls": 0}  # fmt: skip


@pytest.mark.parametrize(
    ("departures", "told"),
    [
        ([HOURS], "opening hours in 강남구: 12 % of 149 (usually 89 %)."),
        ([LOST, HOURS, ODD], "all-you-can-eat stores: 12 (usually 60), and 2 figures more."),
        ([ODD], "of a later version x in the small districts: 0 % of 0."),
        ([], "3 figures are not as usual."),  # PostgreSQL is away meanwhile
    ],
)
def test_a_crawl_that_the_gate_holds_says_for_what(departures: list[dict[str, Any]], told: str) -> None:
    outcome = complete_exit_status({"stored": 149, "held": len(departures) or 3, "dead": 2}, departures)

    assert (outcome.exit_code, outcome.refill_stores) == (HELD, 0)
    assert f"as crawls usually are: {told} What others see is as it was before." in outcome.sentence
    assert "scrapy gate accept, or scrapy gate reject" in outcome.sentence


@pytest.mark.parametrize(
    ("silent", "told"),
    [
        (["fields", "hours", "", [24, 200], 0.89, 8], "opening hours: 12 % of 200 (usually 89 %)"),
        (["fields", "of_later", "11680", [0, 50], 0.5, 1], "of_later in 강남구: 0 % of 50 (usually 50 %)"),
        ({"of": "another version"}, "do, ."),
        (None, "do, ."),
    ],
)
def test_what_pages_no_longer_say_is_told_as_far_as_it_is_known(silent: Any, told: str) -> None:
    outcome = crawl_exit_status({"finish_reason": "silent_field", "postgres/rows": 250, "gate/silent": silent})

    assert outcome.exit_code == HELD
    assert "Held with 250 stores stored" in outcome.sentence
    assert told in outcome.sentence
    assert "GATE_CHECK_PAGES=0" in outcome.sentence


@pytest.mark.parametrize(
    ("stats", "exit_code"),
    [
        ({"finish_reason": "finished", "postgres/rows": 5, "postgres/known": 9}, COMPLETE),
        ({"finish_reason": "finished", "postgres/rows": 0, "postgres/known": 0}, COMPLETE),
        ({"finish_reason": "finished", "postgres/rows": 0, "postgres/known": 9}, COULD_NOT_RUN),
        ({"finish_reason": "finished", "postgres/known": 9}, COULD_NOT_RUN),
        ({"finish_reason": "finished", "postgres/rows": 5, "diningcode/failed": 1}, INCOMPLETE),
        ({"finish_reason": "finished", "postgres/rows": 5, "spider_exceptions/count": 1}, INCOMPLETE),
        ({"finish_reason": "finished", "postgres/rows": 5, "diningcode/rows_broken": 1}, INCOMPLETE),
        ({"finish_reason": "finished", "postgres/rows": 5, "postgres/rejected": 1}, INCOMPLETE),
        ({"finish_reason": "shutdown", "postgres/rows": 5}, INTERRUPTED),
        ({"finish_reason": "blocked", "postgres/rows": 5}, HELD),
        ({"finish_reason": "unreachable", "network/host": "im.diningcode.com"}, COULD_NOT_RUN),
        ({"finish_reason": "site_away", "postgres/rows": 5}, INTERRUPTED),
        ({"finish_reason": "memusage_exceeded", "postgres/rows": 5}, COULD_NOT_RUN),
        ({"finish_reason": "start_error"}, COULD_NOT_RUN),
        ({}, COULD_NOT_RUN),
    ],
)
def test_exit_codes(stats: dict[str, Any], exit_code: int) -> None:
    assert crawl_exit_status(stats).exit_code == exit_code


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("closespider_itemcount", COMPLETE),
        ("closespider_pagecount", COMPLETE),
        ("closespider_timeout", COMPLETE),
        ("closespider_errorcount", COULD_NOT_RUN),
        ("closespider_timeout_no_item", COULD_NOT_RUN),
    ],
)
def test_a_limit_that_the_user_set_is_no_failure_unless_it_is_one_of_trouble(reason: str, code: int) -> None:
    outcome = crawl_exit_status({"finish_reason": reason, "postgres/rows": 5})

    assert outcome.exit_code == code
    assert f"Stopped at {reason.upper()}, with 5 stores stored" in outcome.sentence
    assert outcome.sentence.endswith("The same command continues from here.")


@pytest.mark.parametrize(
    ("stored", "expected"), [(0, "0 stores"), (1, "1 store"), (2, "2 stores"), (None, "an unknown")]
)
def test_stores_are_counted_in_their_number(stored: int | None, expected: str) -> None:
    assert write_stores(stored).startswith(expected)
