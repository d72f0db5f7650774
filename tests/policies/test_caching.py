from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from refillspot.policies.caching import SKEW_SECONDS, CachePolicy, Kind, kind_of

NOW = datetime(2026, 7, 9, tzinfo=UTC)
POLICY = CachePolicy(list_seconds=100, store_seconds=1000, robots_seconds=500, permanent_seconds=200)


@pytest.mark.parametrize(
    ("kind", "permanent", "seconds"),
    [(Kind.LIST, False, 100), (Kind.STORE, False, 1000), (Kind.ROBOTS, False, 500), (Kind.STORE, True, 200)],
)
def test_a_page_is_fresh_until_its_kind_is_old(kind: Kind, permanent: bool, seconds: int) -> None:  # noqa: FBT001
    ages = (0, seconds - 1, seconds)

    assert [POLICY.is_fresh(kind, NOW - timedelta(seconds=age), NOW, permanent=permanent) for age in ages] == [
        True,
        True,
        False,
    ]
    assert POLICY.keep_seconds(kind, permanent=permanent) > seconds


def test_a_page_from_the_future_is_not_fresh() -> None:
    """A simulation moved the clock on, and wrote it; a little is the difference between two machines."""
    assert POLICY.is_fresh(Kind.STORE, NOW + timedelta(seconds=SKEW_SECONDS), NOW, permanent=False)
    assert not POLICY.is_fresh(Kind.STORE, NOW + timedelta(seconds=SKEW_SECONDS + 1), NOW, permanent=False)


def test_a_lifetime_of_zero_keeps_nothing_fresh() -> None:
    policy = CachePolicy(list_seconds=0, store_seconds=0, robots_seconds=0, permanent_seconds=0)

    assert not policy.is_fresh(Kind.LIST, NOW, NOW, permanent=False)


def test_an_old_page_stands_in_for_an_error_only_where_that_is_set() -> None:
    lenient = CachePolicy(100, 1000, 500, 200, stale_if_error_seconds=50)
    old, older = NOW - timedelta(seconds=149), NOW - timedelta(seconds=150)

    assert not POLICY.stands_in(Kind.LIST, NOW, NOW, permanent=False)
    assert lenient.stands_in(Kind.LIST, old, NOW, permanent=False)
    assert not lenient.stands_in(Kind.LIST, older, NOW, permanent=False)


@pytest.mark.parametrize(
    ("url", "meta", "kind"),
    [
        ("http://127.0.0.1/API/isearch/", {"cache_kind": "list"}, Kind.LIST),
        ("http://127.0.0.1/API/profile/", {"cache_kind": "store"}, Kind.STORE),
        ("http://127.0.0.1/robots.txt", {}, Kind.ROBOTS),
        ("http://127.0.0.1/v2/local/search/address.json", {}, None),
        ("http://127.0.0.1/", {"cache_kind": "surprise"}, None),
        ("http://127.0.0.1/", {"cache_kind": ["list"]}, None),
    ],
)
def test_the_kind_is_what_the_request_says(url: str, meta: dict[str, object], kind: Kind | None) -> None:
    assert kind_of(url, meta) is kind
