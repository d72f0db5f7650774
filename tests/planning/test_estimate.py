from __future__ import annotations

from datetime import UTC, datetime

from refillspot.planning import KEYWORDS, CrawlArguments
from refillspot.planning.estimate import Estimate, estimate
from refillspot.planning.keywords import KeywordYield

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GANGNAM, SEOCHO = "11680", "11650"


def known(code: str, keyword: str, queries: list[str], refs: list[str], own: int | None = 1) -> KeywordYield:
    return KeywordYield(code, keyword, NOW, NOW, None, queries, 0, refs, own)


def of(*yields: KeywordYield, **arguments: str) -> Estimate:
    return estimate(CrawlArguments.parse(**arguments), yields, NOW)


def test_a_first_crawl_is_estimated_from_the_tables() -> None:
    planned = of(district="all")

    assert planned.basis == "tables"
    assert planned.lists > len(KEYWORDS) + 25
    assert 1500 < planned.store_pages < 2000
    assert planned.requests == planned.lists + planned.store_pages + 1


def test_a_crowded_district_takes_more() -> None:
    crowded, empty = of(district="강남구"), of(district="도봉구")

    assert empty.lists == len(KEYWORDS)  # no answer is expected to be full
    assert crowded.lists > empty.lists
    assert crowded.store_pages > 3 * empty.store_pages


def test_later_ones_come_from_what_was_asked_before() -> None:
    yields = [known(GANGNAM, "무한리필", ["1", "2"], ["a", "b"]), known(GANGNAM, "두끼", ["3"], ["b", "c"])]
    planned = of(*yields, district="강남구", keywords="무한리필,두끼")

    assert planned == Estimate(lists=3, store_pages=3, basis="learnt", resting=0)


def test_a_search_of_the_whole_city_counts_once() -> None:
    yields = [known(code, "두끼", ["서울 두끼"], [code]) for code in (GANGNAM, SEOCHO)]

    assert of(*yields, district="강남구,서초구", keywords="두끼").lists == 1


def test_what_rests_is_not_counted() -> None:
    yields = [known(GANGNAM, keyword, [keyword], [keyword], own=0) for keyword in KEYWORDS]
    planned = of(*yields, district="강남구")

    assert planned.resting > 0
    assert planned.lists == planned.store_pages == len(KEYWORDS) - planned.resting


def test_districts_that_nobody_has_been_to_are_added_from_the_tables() -> None:
    yields = [known(GANGNAM, keyword, [keyword], []) for keyword in KEYWORDS]
    planned = of(*yields, district="강남구,도봉구")

    assert planned.basis == "both"
    assert planned.lists == 2 * len(KEYWORDS)
    assert planned.store_pages == of(district="도봉구").store_pages


def test_a_new_keyword_is_asked_once_more() -> None:
    yields = [known(GANGNAM, keyword, [keyword], []) for keyword in KEYWORDS]

    assert of(*yields, district="강남구", keywords="+닭갈비 무한리필").lists == len(KEYWORDS) + 1


def test_a_limit_bounds_the_store_pages() -> None:
    assert of(district="강남구", limit="20").store_pages == 20


def test_minutes_follow_the_pace() -> None:
    planned = Estimate(lists=59, store_pages=60, basis="learnt", resting=0)

    assert planned.minutes(2.0) == 1.0
    assert planned.minutes(0.0) is None
