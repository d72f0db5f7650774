"""`/_truth`: what is true of the city, and by which words each store can be reached, independent of any plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from replica.search import is_match
from replica.vocabulary import SEARCH_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from replica.store import Store

CHUNK_STORES = 100


def write_truth(
    seed: int, stores: Iterable[Store], district: str | None, keywords: Sequence[str] | None
) -> Iterator[bytes]:
    """Yield, in pieces, the stores of one district (name or code) or all; `reached_by` only for given keywords."""
    chosen = [store for store in stores if not district or district in {store.district.name, store.district.code}]
    yield b'{"synthetic":true,"seed":%d,"stores":[' % seed
    for first in range(0, len(chosen), CHUNK_STORES):
        written = [_write_store(store, keywords) for store in chosen[first : first + CHUNK_STORES]]
        yield b"," * (first > 0) + msgspec.json.encode(written)[1:-1]
    yield b"]}"


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
