"""Figures of a crawl, out of made-up snapshots."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from refillspot.monitoring.display import Display
from refillspot.monitoring.figures import FiguresOfCrawl, RecentRates
from refillspot.monitoring.snapshot import Snapshot
from refillspot.monitoring.top import TopView, write_bytes
from refillspot.stats.crawl import Crawl, Progress
from tests.stats.test_totals import NOON, worker

if TYPE_CHECKING:
    from refillspot.monitoring.figures import Figures
    from refillspot.stats.worker_stats import WorkerStats

CRAWL = Crawl(
    id="20261125-120000-abcd",
    spider="diningcode",
    arguments={"districts": ["11680", "11440"], "keywords": ["무한리필"]},
    state="running",
    stored=0,
    rejected=0,
    counts=None,
    started_at=NOON,
    ended_at=None,
)
PACE = {"requests_per_second": 1.0, "ceiling": 2.0, "held_seconds": 0.0, "held_because": ""}


def beat(seconds: int, **stats: Any) -> WorkerStats:
    known = {"politeness__permits": seconds, "politeness__ceiling": 2.0}
    return worker("one", seen=seconds, **{**known, **stats})


def snapshot(seconds: int, *workers: WorkerStats, **progress: Any) -> Snapshot:
    known = {"state": "open", "done": seconds, "queued": 60, "workers": 1, **progress}
    crawl = replace(CRAWL, stored=2 * seconds)
    return Snapshot(NOON + timedelta(seconds=seconds), crawl, list(workers), Progress(**known), dict(PACE))


def test_rates_are_of_the_last_two_minutes() -> None:
    rates = RecentRates()
    assert rates.per_second("done") is None
    for seconds, done in ((0, 0), (100, 100), (100, 500), (200, 300), (220, 340)):
        rates.add(seconds, {"done": done})

    assert rates.per_second("done") == 2.0  # since 100; what came at the same time is left out
    assert rates.per_second("never counted") == 0.0
    assert rates.seconds_left("done", 10) == 5.0
    assert rates.seconds_left("never counted", 10) is None


def test_figures_of_two_looks() -> None:
    figures_of = FiguresOfCrawl()
    once = figures_of.take(snapshot(60, beat(60)))
    again = figures_of.take(snapshot(120, beat(120, postgres__rows=60, postgres__seconds=0.5)))

    assert (once.site.per_second.now, once.site.per_second.so_far) == (None, 1.0)
    assert once.seconds_left == 60.0  # as fast as so far
    assert (again.site.per_second.now, again.site.budget_used.now) == (1.0, 0.5)
    assert (again.stores_per_hour.now, again.stores_per_hour.so_far) == (7200.0, 7200.0)
    assert (again.database.rows_per_second.now, again.database.rows_per_second.so_far) == (120.0, 120.0)
    assert again.seconds_left == 60.0


def test_a_paused_and_an_ended_crawl() -> None:
    paused = FiguresOfCrawl().take(snapshot(60, beat(60), paused=True))
    over = replace(snapshot(60, beat(60)), crawl=replace(CRAWL, state="complete"))
    ended = FiguresOfCrawl().take(over)

    assert (paused.state, paused.seconds_left) == ("paused", None)
    assert (ended.state, ended.seconds_left, ended.workers[0].state) == ("complete", 0.0, "ended")


def test_without_a_limit_there_is_no_budget() -> None:
    figures = FiguresOfCrawl().take(snapshot(60, worker("one", downloader__response_count=60)))

    assert figures.site.budget is None
    assert figures.site.budget_used.so_far is None
    assert figures.site.requests == 60


def test_bytes_for_people() -> None:
    assert [write_bytes(count) for count in (0, 999, 12_345, 5_600_000, 7.8e9)] == [
        "0 B",
        "999 B",
        "12.3 kB",
        "5.6 MB",
        "7.8 GB",
    ]


def busy_figures() -> Figures:
    """Large numbers everywhere, thirty workers, and every kind of note."""
    stats: dict[str, Any] = {
        "downloader__request_count": 123_456,
        "politeness__permits": 123_456,
        "politeness__ceiling": 2.0,
        "site__bytes": 12_345_678_901,
        "postgres__rows": 98_765,
        "postgres__flushes": 12_345,
        "postgres__seconds": 1234.5,
        "memory__uss_mb": 118.4,
        "memory__uss_max_mb": 119.5,
        "cpu__percent": 99.9,
        "concurrency__level": 64,
        "site__status__503": 1234,
        "downloader__exception_type_count__scrapy.exceptions.DownloadTimeoutError": 567,
    }
    workers = [worker(f"a-long-host-name.example-{number}-abcdef", seen=60, **stats) for number in range(30)]
    looked_at = snapshot(60, *workers, done=1_234_567, queued=765_432, leased=12_345, waiting=1234, dead=5)
    held = {
        **PACE,
        "held_seconds": 170.0,
        "held_because": "https://im.diningcode.com/API/isearch/ is a verification page",
    }
    return FiguresOfCrawl().take(replace(looked_at, pace=held, away=["Redis"]))


@pytest.mark.parametrize("width", [80, 120])
def test_a_screen_is_not_overrun(width: int) -> None:
    console = Console(width=width, height=24, file=StringIO(), force_terminal=False)
    with console.capture() as captured:
        console.print(TopView(busy_figures(), fits=True))
    lines = captured.get().splitlines()

    assert len(lines) <= 24
    assert all(cell_len(line) <= width for line in lines)
    assert "강남구,마포구" in lines[0]
    assert cell_len(lines[0].rstrip()) == width  # the time is at the right edge, Korean or not
    assert any("and 2" in line for line in lines)  # more workers than there is room for
    assert "37,020 × HTTP 503" in captured.get()
    assert "nothing leaves for 170 s: https://im" in " ".join(captured.get().split())
    assert lines[-1].startswith("Redis does not answer")
    assert any("….example-0-abcdef" in line and line.rstrip().endswith("98,765") for line in lines)


def shown(figures: Figures) -> str:
    console = Console(width=120, file=StringIO())
    with console.capture() as captured:
        console.print(TopView(figures))
    return captured.get()


def test_the_screen_says_for_what_a_crawl_would_be_held() -> None:
    departures = [["fields", "hours", "", [24, 200], 0.89, 8], ["refill", "", "11680", [3, 60], 0.5, 8]]

    held = FiguresOfCrawl().take(snapshot(10, beat(9, gate__departures=departures)))
    unheard_of = FiguresOfCrawl().take(snapshot(10, beat(9, gate__departures=[["of another version"]])))

    assert "would be held: opening hours: 12 % of 200 (usually 89 %); all-you-can-eat stores" in shown(held)
    assert "would be held" not in shown(unheard_of)


def test_workers_that_joined_under_a_block_have_sent_nothing_and_the_screen_says_why() -> None:
    waiting = beat(60, politeness__permits=0, politeness__ceiling=2.0, downloader__request_count=8)
    pace = PACE | {"held_seconds": 170.0, "held_because": "a verification page"}
    figures = FiguresOfCrawl().take(replace(snapshot(60, waiting), pace=pace))

    assert figures.site.requests == 0
    assert figures.seconds_left is None
    assert "no limit" not in shown(figures)
    assert "Nothing leaves until 21:03:50 KST (02:50): a verification page" in shown(figures)


@pytest.mark.parametrize("is_terminal", [False, True])
def test_the_panel_and_the_plain_line_say_why_nothing_leaves(*, is_terminal: bool) -> None:
    file = StringIO()
    console = Console(width=120, file=file, force_terminal=is_terminal)
    pace = PACE | {"held_seconds": 170.0, "held_because": "a verification page"}
    looked_at = replace(snapshot(60, beat(60, politeness__ceiling=2.0)), pace=pace)
    with Display(console, "a crawl") as display:
        display.show(10, FiguresOfCrawl().take(looked_at))

    assert "Nothing leaves until 21:03:50 KST (02:50): a verification page" in file.getvalue()
    assert is_terminal or "\n21:01:00  Nothing leaves" in file.getvalue()


def test_without_a_screen_every_worker_is_there() -> None:
    console = Console(width=80, file=StringIO())
    with console.capture() as captured:
        console.print(TopView(busy_figures()))

    assert captured.get().count(" at work ") == 30
