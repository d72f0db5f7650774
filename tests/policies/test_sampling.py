"""Shares with their intervals, and samples by district."""

from __future__ import annotations

import math
from collections import Counter
from statistics import NormalDist

import pytest

from refillspot.policies.sampling import Share, draw, share_out

Z = NormalDist().inv_cdf(0.975)


@pytest.mark.parametrize(("count", "total"), [(29, 30), (0, 30), (30, 30), (1, 2), (950, 1000)])
def test_the_bounds_are_the_shares_of_which_the_count_is_just_not_unlikely(count: int, total: int) -> None:
    """What Wilson's interval is, by its definition: |found − p| is z standard deviations of p."""
    for bound in Share(count, total).interval:
        off = abs(count / total - bound)

        assert off == pytest.approx(Z * math.sqrt(bound * (1 - bound) / total), abs=1e-9)


def test_as_others_print_it() -> None:
    """R: prop.test(29, 30, correct = FALSE)."""
    assert Share(29, 30).interval == pytest.approx((0.8332961, 0.9940914), abs=1e-6)
    assert Share(0, 0).interval == (0, 1)
    assert Share(0, 0).value is None


def district_of(store: str) -> str:
    return store.partition(" ")[0]


def test_each_district_has_its_share() -> None:
    districts = {"강남구": 500, "금천구": 30, "중구": 270, "종로구": 200}
    stores = [f"{name} {number}" for name, count in districts.items() for number in range(count)]

    def drawn(seed: int, size: int = 30) -> list[str]:
        return draw(stores, district_of, lambda store: store, size, seed)

    assert Counter(map(district_of, drawn(1))) == share_out(30, districts)
    assert share_out(30, districts) == {"강남구": 15, "금천구": 1, "중구": 8, "종로구": 6}
    assert drawn(1) == drawn(1)
    assert set(drawn(1)) != set(drawn(2))
    assert len(drawn(1, size=9999)) == len(stores)
    assert draw([], str, str, 30, 1) == []
    with_one_more = draw([*stores, "강남구 new"], district_of, lambda store: store, 30, 1)
    assert len(set(drawn(1)) & set(with_one_more)) >= 29
