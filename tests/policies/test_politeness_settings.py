from __future__ import annotations

from typing import Any

import pytest

from refillspot.exceptions import ArgumentError
from refillspot.policies.politeness_settings import FAST, FASTEST, allowed_pace, live_pace, most_believed

LOOPBACK = {"SITE_ADDRESSES": ["http://127.0.0.1:8080", "http://localhost:8081"]}
REAL = {"SITE_ADDRESSES": ["https://im.diningcode.com", "https://www.diningcode.com"]}
MIXED = {"SITE_ADDRESSES": ["http://127.0.0.1:8080", "https://www.diningcode.com"]}


def pace_of(given: Any, hosts: dict[str, list[str]], **more: Any) -> float:
    return allowed_pace({"POLITENESS_REQUESTS_PER_SECOND": given, **hosts, **more})


@pytest.mark.parametrize(("given", "expected"), [("0", 0), (0.0, 0), ("500", 500), ("0.5", 0.5)])
def test_a_replica_on_loopback_may_be_asked_as_fast_as_one_likes(given: Any, expected: float) -> None:
    assert pace_of(given, LOOPBACK) == expected


@pytest.mark.parametrize(("given", "expected"), [("1", 1), (10.0, 10), ("0.01", 0.01)])
def test_another_site_is_asked_at_most_ten_times_a_second(given: Any, expected: float) -> None:
    assert pace_of(given, REAL) == expected


@pytest.mark.parametrize("hosts", [REAL, MIXED], ids=["real", "mixed"])
@pytest.mark.parametrize("given", ["0", 0.0, "10.1", 500])
def test_what_would_burden_another_site_is_refused(given: Any, hosts: dict[str, list[str]]) -> None:
    with pytest.raises(ArgumentError, match=r"www\.diningcode\.com"):
        pace_of(given, hosts)


@pytest.mark.parametrize("hosts", [REAL, LOOPBACK], ids=["real", "loopback"])
@pytest.mark.parametrize("given", ["-1", -0.5, "fast", "", "1,5", "nan", "inf", "-inf", None])
def test_a_pace_that_is_none_is_refused_everywhere(given: Any, hosts: dict[str, list[str]]) -> None:
    with pytest.raises(ArgumentError, match="requests per second"):
        pace_of(given, hosts)


def test_more_than_ten_a_second_may_be_meant_but_no_limit_never_is() -> None:
    assert pace_of("50", REAL, POLITENESS_FAST_ALLOWED="True") == 50
    with pytest.raises(ArgumentError):
        pace_of("0", REAL, POLITENESS_FAST_ALLOWED="True")


@pytest.mark.parametrize("given", ["0", "-1", "1001", "nan", "inf", "fast"])
def test_a_live_pace_is_a_number_above_nothing(given: str) -> None:
    with pytest.raises(ArgumentError, match="requests per second"):
        live_pace(given)


@pytest.mark.parametrize(
    ("given", "settings", "expected"),
    [
        (1, REAL, FAST),
        (1, MIXED, FAST),
        (1, REAL | {"POLITENESS_FAST_ALLOWED": "True"}, FASTEST),
        (50, REAL | {"POLITENESS_FAST_ALLOWED": "True"}, FASTEST),
        (1, LOOPBACK, FASTEST),
        (5000, LOOPBACK, 5000),
    ],
)
def test_of_redis_no_more_is_believed_than_a_slip_may_set(
    given: int, settings: dict[str, Any], expected: float
) -> None:
    assert most_believed({"POLITENESS_REQUESTS_PER_SECOND": given, **settings}) == expected
