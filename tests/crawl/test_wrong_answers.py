"""Answers that are about something else than what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from refillspot.planning import KEYWORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crawl.conftest import Crawl, Faults, Site

    Rows = Callable[[], dict[str, dict[str, Any]]]


@pytest.mark.parametrize(("kind", "stat"), [("misencoded", "rows_generic"), ("widened", "rows_widened")])
def test_a_query_that_got_another_answer_is_asked_again(
    kind: str, stat: str, crawl: Crawl, site: Site, rows: Rows, faults: Faults
) -> None:
    faults.add(kind=kind, first=2)  # the first two lists
    result = crawl.run("-a", "district=금천구")

    truth = site.truth("금천구", ",".join(KEYWORDS))
    assert result.returncode == 0, result.stderr[-2000:]
    assert f"diningcode/{stat}" in result.stderr
    assert "diningcode/queries_doubtful" in result.stderr
    assert {store["ref"] for store in truth if store["refill"] and store["reached_by"]} <= rows().keys()
    assert {row["district_code"] for row in rows().values()} == {"11545"}
