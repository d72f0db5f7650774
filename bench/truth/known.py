"""How often each field of a store is known: on the replica's pages, and on the list rows of the captures."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING

import msgspec

from bench.truth.captured import read_rows
from bench.truth.synthetic import WEB_URL, draw_pages
from refillspot.items import Store
from refillspot.sites.diningcode.answers import decode_store
from refillspot.sites.diningcode.page_types import Row
from refillspot.sites.diningcode.stores import build_store

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMES = [field.name for field in fields(Store)]


def report(seed: int, *, refill: int, ordinary: int) -> None:
    pages = draw_pages(seed, refill=refill, ordinary=ordinary)
    by_page = _shares(build_store(row, decode_store(body), WEB_URL) for _, row, body in pages)
    by_row = _shares(build_store(msgspec.convert(row, Row), None, WEB_URL) for row in read_rows())
    print(f"\nhow often a field is known\n{'field':22} {'replica':>8}   captured list rows")
    for name in NAMES:
        print(f"{name:22} {by_page[name]:8.0%}   {by_row[name]:.0%}" if by_row else f"{name:22} {by_page[name]:8.0%}")


def _shares(stores: Iterable[Store]) -> dict[str, float]:
    """Return the share of stores of which each field is known; empty for no stores."""
    known: Counter[str] = Counter()
    total = 0
    for store in stores:
        total += 1
        known.update(name for name in NAMES if getattr(store, name) not in (None, [], ""))
    return {name: known[name] / total for name in NAMES} if total else {}
