"""Menus as the site has them. They are measured only; none of them is part of the repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from refillspot.items import MenuItem
from refillspot.parsing.price import is_plausible_krw
from refillspot.parsing.refill import assess_refill
from refillspot.parsing.refill.terms import find_offers, headline_price_krw, refill_prices, refill_terms

CAPTURE = Path(__file__).parents[4] / "shared" / "captures" / "profile_menus.json"
pytestmark = pytest.mark.skipif(not CAPTURE.exists(), reason="the captures are not part of the repository")


def test_the_two_refill_stores_are_found_and_no_other() -> None:
    found = []
    for lines in json.loads(CAPTURE.read_text()).values():
        menu = [MenuItem(name, krw) for name, krw in lines]
        verdict = assess_refill(name="", branch=None, categories=None, menu=[i.name for i in menu], tags=None)
        refill_terms(menu, find_offers(menu, verdict))
        if verdict.verdict != "unlikely":
            found.append(headline_price_krw(refill_prices(find_offers(menu, verdict))))

    assert sorted(map(str, found)) == ["23900", "52000"]


def test_outliers_are_few() -> None:
    amounts = [krw for lines in json.loads(CAPTURE.read_text()).values() for _, krw in lines if krw]
    outliers = [krw for krw in amounts if not is_plausible_krw(krw)]

    assert 0 < len(outliers) < len(amounts) * 0.01
