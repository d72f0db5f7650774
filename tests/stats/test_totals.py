"""Stats of workers, one by one and all together."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from refillspot import redaction
from refillspot.redaction import Scrubber, hide
from refillspot.stats.worker_stats import WorkerStats, newest, plain, plain_stats, total

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def worker(name: str, *, started: int = 0, seen: int = 60, ended: bool = False, **stats: Any) -> WorkerStats:
    """Return a worker whose times are seconds after noon; `a__b` stands for the stat a/b."""
    named = {stat.replace("__", "/"): value for stat, value in stats.items()}
    seen_at = NOON + timedelta(seconds=seen)
    return WorkerStats(name, NOON + timedelta(seconds=started), seen_at, seen_at if ended else None, named)


@pytest.fixture(autouse=True)
def _nothing_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_of_this_process", Scrubber())


@pytest.mark.parametrize(
    ("stat", "one", "two", "expected"),
    [
        ("downloader/request_count", 3, 4, 7),
        ("politeness/waited_seconds", 0.1, 0.2, 0.3),
        ("elapsed_time_seconds", 60, 30, 90),
        ("memory/max_mb", 80.5, 70.0, 80.5),
        ("request_depth_max", 1, 2, 2),
        ("postgres/longest_seconds", 2.0, 1.0, 2.0),
        ("cache/evictions", 5, 5, 5),
        ("memory/limit_mb", 960.0, 960.0, 960.0),
        ("memory/last_mb", 80.0, 70.0, 70.0),  # the first has ended
        ("loop/lag_seconds", 0.9, 0.1, 0.1),
        ("postgres/known", 10, 40, 10),
        ("start_time", "12:00", "12:01", "12:00"),
        ("finish_reason", "memory_limit", "finished", "finished"),
        ("crawl/stored", 60, 60, 60),
        ("politeness/pace", 1.0, 0.5, 0.5),
        ("items_per_minute", 10.0, 20.0, None),
        ("is_odd", True, False, False),
    ],
)
def test_how_two_values_become_one(stat: str, one: Any, two: Any, expected: Any) -> None:
    first = worker("first", seen=60, ended=True, **{stat.replace("/", "__"): one})
    second = worker("second", started=61, seen=90, **{stat.replace("/", "__"): two})

    assert total([second, first]).get(stat) == expected


def test_what_only_some_have_counts() -> None:
    assert total([worker("one", log_count__ERROR=2), worker("two", cache__hits=None)]) == {"log_count/ERROR": 2}
    assert total([]) == {}


def test_of_each_worker_the_newest_counts() -> None:
    kept = [worker("one", seen=30, items=3), worker("two", started=5, seen=90, ended=True, items=7)]
    live = [worker("two", started=5, seen=85, items=6), worker("one", seen=60, items=5)]

    assert newest(kept, live) == [live[1], kept[1]]
    assert total([*kept, *live]) == {"items": 12}


def test_a_password_that_is_a_word_of_the_program_leaves_the_stats_their_names() -> None:
    hide({"DB_PASSWORD": "postgres"})
    stats = plain_stats({"postgres/rows": 1, "postgres at h": 2, "said": "at postgres"})

    assert stats == {"postgres/rows": 1, "*** at h": 2, "said": "at ***"}


def test_stats_are_written_as_json_has_them() -> None:
    stats = {
        "start_time": datetime(2026, 11, 25, 21, tzinfo=timezone(timedelta(hours=9))),
        "naive": datetime(2026, 11, 25, 12),  # noqa: DTZ001  # that is what it is
        "wait": timedelta(minutes=1),
        "not a number": float("nan"),
        "huge": 2**80,
        "a\0b": "c\0d\ud800",
        "class": ValueError("x"),
        "nested": {"times": (NOON,)},
        "is": True,
        "none": None,
    }
    plain_ones = plain_stats(stats)

    assert plain_ones == {
        "start_time": "2026-11-25T12:00:00+00:00",
        "naive": "2026-11-25T12:00:00+00:00",
        "wait": 60.0,
        "not a number": None,
        "huge": 2.0**80,
        "ab": "cd?",
        "class": "x",
        "nested": {"times": ["2026-11-25T12:00:00+00:00"]},
        "is": True,
        "none": None,
    }
    assert json.loads(json.dumps(plain_ones, allow_nan=False)) == plain_ones
    assert plain(plain_ones) == plain_ones
