"""What a crawl came to, and which of several sources says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from refillspot.stats.counts import Counts
from refillspot.stats.crawl import CrawlStats, Progress
from tests.stats.making import BEGUN, HOUR, crawl, crawl_stats, worker

LOG = {"downloader/response_status_count/200": 9, "downloader/response_status_count/429": 2}


def test_what_the_crawl_has_counted_goes_before_what_its_workers_have() -> None:
    """A worker that was killed has not told all; one that was there twice has told it twice."""
    told = {"postgres/rows": 690, "postgres/rejected": 1, "frontier/dead": 9, "postgres/known": 5,
            "diningcode/rows_broken": 2, "diningcode/asked/26110": 3}  # fmt: skip
    known = {
        "known": 7,
        "dead": 3,
        "diningcode/rows_broken": 4,
        "diningcode/asked/26110": 4,
        "diningcode/found/26110": 1,
    }
    one = crawl_stats(told, stored=700, rejected=2, counts=known)

    assert (one.stored, one.rejected, one.dead, one.known, one.lost) == (700, 2, 3, 7, 3 + 2 + 4)
    assert one.places_without_rows == []
    seen = {"crawl/state": "complete", "crawl/stored": 700, "crawl/rejected": 2}
    end = Counts.of_stats(told | seen | {f"crawl/{name}": count for name, count in known.items()})
    assert (end.stored, end.rejected, end.dead, end.known, end.lost) == (700, 2, 3, 7, 3 + 2 + 4)
    assert end.places_without_rows == []


def test_while_a_crawl_runs_its_queue_knows_what_failed_for_good() -> None:
    running = CrawlStats.of([worker({"frontier/dead": 5})], BEGUN + HOUR, crawl(state="running"))
    asked = replace(running, progress=Progress("open", dead=2))

    assert running.dead == 5
    assert CrawlStats.of(running.workers, running.now, running.crawl, asked.progress).dead == 2  # three are tried again


@pytest.mark.parametrize(
    ("progress", "is_gone", "state", "at_work"),
    [
        (None, True, "running", 1),
        (None, False, "interrupted", 0),
        (Progress("open", workers=0), True, "interrupted", 0),
        (Progress("open", workers=2), False, "running", 2),
        (Progress("open", workers=2, paused=True), False, "paused", 2),
    ],
)
def test_who_is_at_work_is_known_best_by_the_queue(
    progress: Progress | None,
    is_gone: bool,  # noqa: FBT001  # a table's value
    state: str,
    at_work: int,
) -> None:
    one = CrawlStats.of([worker(is_gone=is_gone)], BEGUN + HOUR, crawl(state="running"), progress)

    assert (one.state, one.at_work) == (state, at_work)


def test_nobody_is_at_work_on_a_crawl_that_has_ended() -> None:
    """Nor is one that was killed a moment before."""
    over = CrawlStats.of([worker(is_gone=True)], BEGUN + HOUR, crawl(), Progress("complete", workers=1))

    assert over.at_work == 0
    assert [one.state for one in over.worker_figures] == ["ended"]


def test_workers_that_wait_for_a_permit_have_asked_nothing() -> None:
    waiting = {"politeness/ceiling": 1.0, "downloader/request_count": 8, "downloader/response_count": 3}

    assert Counts.of_stats(waiting).asked == 0


def test_answers_of_the_cache_are_none_of_the_site() -> None:
    both = LOG | {"frontier/dequeued": 3, "site/status/200": 1}

    assert Counts.of_stats(both).kinds("site/status/*") == {"200": 1}
    assert Counts.of_stats(LOG).kinds("site/status/*") == {"200": 9, "429": 2}  # of another project, which has no such


@pytest.mark.parametrize("value", ["text", None, True, float("nan"), float("inf"), -float("inf"), 2**70, [1]])
def test_what_is_no_number_counts_nothing(value: Any) -> None:
    odd = Counts.of_stats(
        dict.fromkeys(("crawl/state", "crawl/dead", "postgres/rows", "cache/hits", "site/status/404"), value)
    )

    assert (odd.stored, odd.dead, odd.hit_rate, odd.errors, odd.asked) == (0, 0, None, {}, 0)


def test_time_without_workers_does_not_count() -> None:
    resumed = [
        worker(name="one"),
        worker(name="two", begun=BEGUN + HOUR / 2),
        worker(name="three", begun=BEGUN + 5 * HOUR),
    ]

    assert CrawlStats.of(resumed, BEGUN, crawl()).seconds == 2.5 * 3600


def test_memory_is_that_of_workers_at_the_same_time() -> None:
    use = {"memory/max_mb": 100.0}
    workers = [worker(use, name="one"), worker(use, name="two"), worker(use, name="later", begun=BEGUN + 2 * HOUR)]

    assert CrawlStats.of(workers, BEGUN, crawl()).memory_mb == 200


def test_errors_by_kind() -> None:
    stats = {
        "site/status/200": 90,
        "site/status/404": 1,
        "site/status/503": 5,
        "downloader/exception_type_count/scrapy.exceptions.DownloadTimeoutError": 3,
        "spider_exceptions/count": 2,
        "spider_exceptions/LayoutChangedError": 2,
        "frontier/dead_reason/HTTP 404": 1,
        "politeness/verification_pages": 1,
        "cache/errors": 0,
        "frontier/dequeued": 9,
    }

    assert Counts.of_stats(stats).errors == {
        "HTTP 503": 5,
        "DownloadTimeoutError": 3,
        "LayoutChangedError": 2,
        "HTTP 404": 1,
        "dead letter, HTTP 404": 1,
        "verification page": 1,
    }
