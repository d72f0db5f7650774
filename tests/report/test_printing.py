"""How a report is printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from refillspot.clock import write_kst
from refillspot.postgres.audits import Audited
from refillspot.report.printing import crawl_table, print_report
from refillspot.report.report import report_on
from refillspot.report.tables import crawls_as_markdown, report_as_markdown
from tests.stats.making import BEGUN, HOUR, crawl_stats

if TYPE_CHECKING:
    from rich.console import RenderableType

    from refillspot.report.report import Report

GOOD: dict[str, Any] = {
    "downloader/response_count": 900, "downloader/response_status_count/200": 900,
    "cache/hits": 800, "cache/misses": 100,
    "postgres/rows": 700, "postgres/seconds": 0.7, "politeness/permits": 3500, "politeness/ceiling": 1.0,
    "memory/max_mb": 105.0, "memory/limit_mb": 1728,
}  # fmt: skip
TROUBLES = {
    "site/status/429": 8,
    "spider_exceptions/LayoutChangedError": 1,
    "postgres/unread": 1,
    "cache/stale": 1,
}


@pytest.fixture(params=["en", "ko"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("REFILLSPOT_LANG", request.param)
    return str(request.param)


def printed(one: Report, *, with_figures: bool = False) -> str:
    console = Console(width=80, highlight=False)
    with console.capture() as capture:
        print_report(console, one, with_figures=with_figures)
    return capture.get()


def shown(thing: RenderableType) -> str:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(thing)
    return capture.get()


def test_what_people_have_found_stands_beside_the_figures() -> None:
    audited = [Audited("hours", 29, 1, 0, BEGUN), Audited("phone", 0, 0, 2, BEGUN)]
    clean, troubled = (report_on(crawl_stats(stats), None, audited) for stats in (GOOD, GOOD | TROUBLES))
    told = f"Checked by hand, last on {write_kst(BEGUN)[:10]}: hours right 29 of 30."

    assert all(told in text for text in (printed(clean), printed(troubled), report_as_markdown(clean)))
    (hours, phone) = clean.as_json()["audited"]
    assert (hours["field"], hours["right"], hours["wrong"], phone["unknown"]) == ("hours", 29, 1, 2)


def test_a_clean_crawl_says_so_in_five_lines(language: str) -> None:  # noqa: ARG001  # both
    first = printed(report_on(crawl_stats(GOOD)))
    again = printed(
        report_on(crawl_stats(GOOD, stored=703), crawl_stats(GOOD, crawl_id="before", begun=BEGUN - 2 * HOUR))
    )

    assert len(first.splitlines()) == len(again.splitlines()) == 5
    assert max(map(cell_len, (first + again).splitlines())) <= 80
    assert "20261124-153000-ab12" in first
    assert "2026-11-25 00:30 KST" in first
    assert "before" in again
    assert "+3" in again


def test_long_arguments_are_cut() -> None:
    text = printed(report_on(crawl_stats(GOOD, district="강남구,서초구,송파구,강동구,마포구,용산구,은평구")))

    assert "용산구" in text
    assert "…" in text
    assert max(map(cell_len, text.splitlines())) <= 80


def test_figures_are_shown_when_asked_for() -> None:
    lines = printed(report_on(crawl_stats(GOOD)), with_figures=True).splitlines()

    assert len(lines) > 20
    assert "Nothing went wrong" in lines[0]


def test_troubles_are_told_first_then_the_figures(language: str) -> None:  # noqa: ARG001  # both
    lines = printed(report_on(crawl_stats(GOOD | TROUBLES), crawl_stats(GOOD, crawl_id="before"))).splitlines()
    text = " ".join(word for line in lines for word in line.split())  # whatever was wrapped
    told = ["before", "refillspot", "429", "CACHE_STALE_IF_ERROR_SECONDS", "MiB"]

    assert max(map(cell_len, lines)) <= 80
    assert sorted(told, key=text.index) == told


def test_columns_fit_below_each_other() -> None:
    text = printed(report_on(crawl_stats(GOOD), crawl_stats(GOOD, crawl_id="before")), with_figures=True)
    rows = [line for line in text.splitlines() if line.rstrip().endswith("=")]

    assert len(rows) > 5
    assert len({cell_len(row.rstrip()) for row in rows}) == 1


def test_a_crawl_under_way_is_not_called_clean() -> None:
    going_on = report_on(crawl_stats(GOOD, state="running"))

    assert not going_on.is_clean
    assert len(printed(going_on).splitlines()) > 5


def test_json_has_what_the_text_says() -> None:
    one = report_on(crawl_stats(GOOD | TROUBLES), crawl_stats(GOOD, crawl_id="before"))
    told = json.loads(json.dumps(one.as_json()))
    figures = {figure["name"]: figure for figure in told["figures"]}

    assert [(each["kind"], each["severity"], each["count"]) for each in told["findings"]] == [
        ("unread_stores", "error", 1),
        ("too_many_requests", "warning", 8),
        ("stale_pages", "note", 1),
    ]
    assert told["against"] == "before"
    assert figures["stores_per_hour"]["target"] == {"at_least": 500}
    assert (figures["stores_per_hour"]["value"], figures["stores_per_hour"]["met"]) == (700, True)
    assert figures["stores"]["before"] == 700


def test_markdown_is_tables() -> None:
    text = report_as_markdown(report_on(crawl_stats(GOOD | TROUBLES), crawl_stats(GOOD, crawl_id="before")))
    tables = [line for line in text.splitlines() if line.startswith("|")]

    assert text.startswith("# Crawl 20261124-153000-ab12: 금천구\n")
    assert "**error**" in text
    assert all(line.endswith("|") for line in tables)
    assert "## Findings\n\nNothing went wrong." in report_as_markdown(report_on(crawl_stats(GOOD)))


def test_all_crawls_are_a_table() -> None:
    reports = [
        report_on(crawl_stats(GOOD | TROUBLES)),
        report_on(crawl_stats(GOOD, crawl_id="20261123-120000-cd34", district="all")),
    ]
    text = shown(crawl_table(reports))

    assert max(map(cell_len, text.splitlines())) <= 80
    assert len(text.splitlines()) == 3
    assert "20261124-153000-ab12" in text
    assert "2026-11-25 00:30" in text
    assert len(crawls_as_markdown(reports).splitlines()) == 4
