"""Figures, their targets, and when these do not apply."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.report.figures import Unit, write, write_change
from refillspot.report.report import report_on
from refillspot.stats.crawl import CrawlStats
from tests.stats.making import BEGUN, HOUR, crawl, crawl_stats, worker

if TYPE_CHECKING:
    from refillspot.report.figures import Figure

ANSWERS = {"downloader/response_count": 900, "downloader/response_status_count/200": 890}


def figure(key: str, now: CrawlStats, earlier: CrawlStats | None = None) -> Figure:
    one = report_on(now, earlier).figure(key)
    assert one
    return one


@pytest.mark.parametrize(
    ("stats", "key", "value", "is_met"),
    [
        ({}, "stores_per_hour", 700, True),
        (ANSWERS, "asked", 900, None),
        (ANSWERS | {"cache/hits": 300}, "asked", 600, None),
        (ANSWERS | {"politeness/permits": 905}, "asked", 905, None),
        (ANSWERS | {"cache/hits": 90, "politeness/permits": 810}, "first_answers", 800 / 810, None),
        (ANSWERS | {"fallback/stood_in": 300}, "asked", 600, None),
        (ANSWERS | {"politeness/permits": 600, "politeness/good_answers": 590}, "first_answers", 590 / 600, None),
        (ANSWERS | {"httpcache/hit": 300}, "first_answers", 590 / 600, None),
        (ANSWERS | {"spider_exceptions/LayoutChangedError": 40, "fallback/unread/LayoutChangedError/list": 40},
         "first_answers", 810 / 900, None),
        ({"downloader/exception_count": 5, "downloader/exception_type_count/scrapy.exceptions.IgnoreRequest": 3},
         "asked", 2, None),
        (ANSWERS, "requests_per_store", 900 / 700, None),
        (ANSWERS | {"spider_exceptions/ApiError": 80}, "first_answers", 810 / 900, None),
        (ANSWERS, "requests_per_second", 0.25, None),
        ({"postgres/rows": 2000, "postgres/seconds": 0.5, "postgres/flushes": 40}, "rows_per_second", 4000, None),
        ({"postgres/rows": 2000, "postgres/seconds": 0.5, "postgres/flushes": 4}, "rows_per_second", 4000, True),
        ({"postgres/rows": 2000, "postgres/seconds": 4.0, "postgres/flushes": 4}, "rows_per_second", 500, False),
        ({"politeness/ceiling": 1.0, "politeness/permits": 3420}, "budget_used", 0.95, None),
        ({"memory/max_mb": 120.5}, "memory", 120.5, True),
        ({"memory/max_mb": 3000}, "memory", 3000, False),
        ({"cache/bytes_saved": 3 * 2**20}, "bytes_saved", 3, None),
    ],
)  # fmt: skip
def test_figures(stats: dict[str, Any], key: str, value: float, is_met: bool | None) -> None:  # noqa: FBT001  # a table's value
    one = figure(key, crawl_stats(stats))

    assert one.value == pytest.approx(value)
    assert one.is_met is is_met


def test_more_good_answers_than_requests_are_no_figure() -> None:
    """Of a log whose answers came from somewhere else too, in a way that it does not tell."""
    assert report_on(crawl_stats(ANSWERS | {"politeness/permits": 500})).figure("first_answers") is None


@pytest.mark.parametrize(("dead", "is_met"), [(0, True), (1, True), (2, False)])
def test_requests_that_ended_well(dead: int, is_met: bool) -> None:  # noqa: FBT001  # a table's value
    one = figure("ended_well", crawl_stats(counts={"done": 1500 - dead, "dead": dead}))

    assert one.value == pytest.approx(1 - dead / 1500)
    assert one.is_met is is_met


def test_the_cache_is_judged_from_the_second_crawl_on() -> None:
    hits = {"cache/hits": 70, "cache/misses": 20, "cache/refreshes": 10, "cache/requests_saved": 70,
            "downloader/response_count": 100}  # fmt: skip
    first, again = (
        figure("hit_rate", crawl_stats(hits)),
        figure("hit_rate", crawl_stats(hits), crawl_stats(begun=BEGUN - 2 * HOUR)),
    )

    assert (first.value, first.is_met, first.excuse) == (0.7, None, "first crawl")
    assert (again.value, again.is_met, again.excuse) == (0.7, True, "")
    assert figure("requests_saved", crawl_stats(hits)).value == 0.7


@pytest.mark.parametrize(
    ("seconds", "excuse"),
    [(59, "under a minute"), (60, "")],
)
def test_a_short_crawl_says_nothing_about_speed(seconds: int, excuse: str) -> None:
    one = figure("stores_per_hour", CrawlStats.of([worker(lasted=timedelta(seconds=seconds))], BEGUN, crawl()))

    assert one.excuse == excuse


def test_twelve_hours_are_for_all_of_seoul() -> None:
    assert figure("seconds", crawl_stats()).is_met is None
    assert figure("seconds", crawl_stats(district="all")).is_met is True


def test_a_crawl_without_stats_has_the_figures_of_its_row() -> None:
    bare = CrawlStats.of([], BEGUN + HOUR, crawl(counts={"done": 10}))
    keys = {one.key for one in report_on(bare).figures}

    assert {"stores", "seconds", "ended_well"} <= keys
    assert keys.isdisjoint({"asked", "hit_rate", "memory"})


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (1234, Unit.COUNT, "1,234"),
        (65, Unit.SECONDS, "1:05"),
        (3725, Unit.SECONDS, "1:02:05"),
        (0.9996, Unit.SHARE, "99.9 %"),
        (1, Unit.SHARE, "100 %"),
        (0, Unit.SHARE, "0.0 %"),
        (9058, Unit.PER_HOUR, "9,058/h"),
        (0.9512, Unit.PER_SECOND, "0.951/s"),
        (4321.7, Unit.PER_SECOND, "4,322/s"),
        (1.8, Unit.RATIO, "1.80"),
        (104.6, Unit.MB, "105 MiB"),
    ],
)
def test_figures_are_written(value: float, unit: Unit, written: str) -> None:
    assert write(value, unit) == written


@pytest.mark.parametrize(
    ("now", "before", "unit", "written"),
    [
        (5, 3, Unit.COUNT, "+2"),
        (3, 5, Unit.COUNT, "-2"),
        (3, 3, Unit.COUNT, "="),
        (0.61, 0.5, Unit.SHARE, "+11.0 %"),
        (60, 3600, Unit.SECONDS, "-59:00"),
        (0.5001, 0.5, Unit.SHARE, "="),
    ],
)
def test_changes_are_written(now: float, before: float, unit: Unit, written: str) -> None:
    assert write_change(now, before, unit) == written
