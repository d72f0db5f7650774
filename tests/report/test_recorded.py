"""Which crawl is meant, and which one it is compared with."""

from __future__ import annotations

import pytest

from refillspot.exceptions import ArgumentError
from refillspot.report.recorded import find, previous
from tests.stats.making import BEGUN, HOUR, crawl

NEWEST = crawl("20261124-17", begun=BEGUN + 3 * HOUR)
RUNNING = crawl("20261124-16", begun=BEGUN + 2 * HOUR, state="running")
OTHER = crawl("20261124-15b", begun=BEGUN + HOUR, district="강남구")
OLDEST = crawl("20261124-15", begun=BEGUN)
CRAWLS = [NEWEST, RUNNING, OTHER, OLDEST]


def test_last_is_the_newest() -> None:
    assert find(CRAWLS, "last") is NEWEST


def test_a_beginning_is_enough_where_only_one_has_it() -> None:
    assert find(CRAWLS, "20261124-16") is RUNNING
    assert find(CRAWLS, "20261124-15") is OLDEST  # it is the whole id
    with pytest.raises(ArgumentError, match=r"20261124-17, 20261124-16, 20261124-15b, …"):
        find(CRAWLS, "2026")


def test_what_is_not_there() -> None:
    with pytest.raises(ArgumentError, match="there is no crawl nonsense"):
        find(CRAWLS, "nonsense")
    with pytest.raises(ArgumentError, match="no crawl yet"):
        find([], "last")


def test_compared_is_the_complete_one_of_the_same_before() -> None:
    assert previous(CRAWLS, NEWEST) is OLDEST
    assert previous(CRAWLS, OTHER) is None
    assert previous(CRAWLS, OLDEST) is None
