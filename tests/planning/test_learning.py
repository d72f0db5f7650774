from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from refillspot.planning import KEYWORDS
from refillspot.planning.keywords import ALWAYS_ASKED, LONGEST_REST, SHORTEST_REST, KeywordYield, resting

DAY = timedelta(days=1)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
NARROW = "삼겹살 무한리필"


def known(
    keyword: str = NARROW, own: int | None = 0, asked_at: datetime = FIRST, fruitful_at: datetime | None = None
) -> KeywordYield:
    return KeywordYield("11680", keyword, FIRST, asked_at, fruitful_at, [], 0, [], own)


def test_what_finds_new_stores_never_rests() -> None:
    assert {"무한리필", "무제한", "뷔페"} == ALWAYS_ASKED
    assert not any(known(keyword).rests(FIRST) for keyword in ALWAYS_ASKED)


@pytest.mark.parametrize("own", [None, 1])
def test_what_brought_something_or_is_not_judged_does_not_rest(own: int | None) -> None:
    assert not known(own=own).rests(FIRST)


def test_the_users_own_words_do_not_rest() -> None:
    assert not known("수제맥주 무한리필").rests(FIRST)


def test_what_was_barren_once_rests_a_week() -> None:
    assert known().rests(FIRST + SHORTEST_REST - DAY)
    assert not known().rests(FIRST + SHORTEST_REST)


def test_it_rests_as_long_as_it_has_been_barren_and_never_for_good() -> None:
    again = FIRST + 20 * DAY
    late = FIRST + 900 * DAY

    assert known(asked_at=again).rests(again + 19 * DAY)
    assert not known(asked_at=again).rests(again + 20 * DAY)
    assert not known(asked_at=again, fruitful_at=again - 8 * DAY).rests(again + 8 * DAY)
    assert not known(asked_at=late).rests(late + LONGEST_REST)


def test_only_a_crawl_with_all_the_standard_ones_leaves_any_out() -> None:
    pair = ("11680", NARROW)

    assert resting([known()], KEYWORDS, FIRST) == {pair}
    assert resting([known()], (*KEYWORDS, "수제맥주"), FIRST) == {pair}
    assert resting([known()], (NARROW,), FIRST) == frozenset()
