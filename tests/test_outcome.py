from __future__ import annotations

from typing import Any

import pytest

from refillspot.outcome import COMPLETE, COULD_NOT_RUN, HELD, INCOMPLETE, INTERRUPTED, crawl_outcome


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
    assert crawl_outcome(stats).exit_code == exit_code
