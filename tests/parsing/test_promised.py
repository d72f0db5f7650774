"""Hundreds of short cases, written from what the parsers promise alone: labelled/promised.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import yaml

from refillspot.items import Address
from refillspot.parsing.address import parse_address
from refillspot.parsing.phone import parse_phone
from refillspot.parsing.price import parse_prices
from refillspot.parsing.refill import assess_refill
from tests.parsing.hours.labels import say

if TYPE_CHECKING:
    from refillspot.items import Price

CASES = yaml.decode((Path(__file__).parent / "labelled" / "promised.yaml").read_bytes())
STORE: dict[str, Any] = {
    "name": "달맞이식당",
    "branch": None,
    "categories": ["한식"],
    "menu": ["제육볶음"],
    "tags": [],
}


@pytest.mark.parametrize(("text", "phone"), CASES["phones"])
def test_phone(text: str, phone: str | None) -> None:
    assert parse_phone(text) == phone


@pytest.mark.parametrize(("text", "parts"), CASES["addresses"])
def test_address(text: str, parts: list[str | None] | None) -> None:
    assert parse_address(text) == (Address(*parts) if parts else None)


@pytest.mark.parametrize(("text", "prices"), CASES["prices"])
def test_prices(text: str, prices: list[str]) -> None:
    assert [write_price(price) for price in parse_prices(text)] == prices


@pytest.mark.parametrize(("value", "label"), CASES["hours"], ids=str)
def test_hours(value: str | dict[str, str], label: str | None) -> None:
    assert say(value) == label


@pytest.mark.parametrize(("said", "verdict"), CASES["refill"], ids=str)
def test_refill(said: dict[str, Any], verdict: str) -> None:
    parts = STORE | said
    if "line" in parts:
        parts["menu"] = [*STORE["menu"], parts.pop("line")]

    assert assess_refill(**parts).verdict == verdict


def write_price(price: Price) -> str:
    krw = str(price.krw_min) if price.krw_min == price.krw_max else f"{price.krw_min}~{price.krw_max}"
    return " ".join(filter(None, (krw, price.audience, price.meal, price.day)))
