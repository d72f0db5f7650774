"""`/_truth`: what is true of the city, and by which words each store can be reached, independent of any plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from replica.search import is_match
from replica.vocabulary import SEARCH_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from replica.store import Store


def write_truth(seed: int, stores: Iterable[Store], district: str | None, keywords: Sequence[str] | None) -> bytes:
    """Return the stores, of one district (name or code) if given; `reached_by` only where keywords are given."""
    chosen = [store for store in stores if not district or district in {store.district.name, store.district.code}]
    return msgspec.json.encode(
        {"synthetic": True, "seed": seed, "stores": [_write_store(store, keywords) for store in chosen]}
    )


def _write_store(store: Store, keywords: Sequence[str] | None) -> dict[str, Any]:
    says = store.concept
    truth = {
        "ref": store.ref,
        "name": says.name,
        "branch": says.branch,
        "district": store.district.name,
        "district_code": store.district.code,
        "dong": store.dong.name,
        "lat": store.lat,
        "lon": store.lon,
        "refill": says.refill,
        "verdict": says.verdict,
        "refill_price_krw": says.refill_price_krw,
        "phone": store.phone,
        "words": [word for word in SEARCH_WORDS if is_match(store, word)],
    }
    if keywords is not None:
        truth["reached_by"] = [word for word in keywords if is_match(store, word)]
    return truth
