"""`/_truth`: what is true of the city, and by which words each store can be reached, independent of any plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from replica.hours import FIRST_DAY, write_hours
from replica.html_store import find_odd_html
from replica.profile import find_odd
from replica.rows import write_addresses
from replica.search import is_match
from replica.shapes import MIXED
from replica.vocabulary import SEARCH_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from replica.odd import Odd
    from replica.shapes import Shapes
    from replica.store import Store


def tell_truth(
    stores: Iterable[Store], district: str | None, keywords: Sequence[str] | None, shapes: Shapes = MIXED
) -> Iterator[dict[str, Any]]:
    """Yield the stores of one district (name or code) or all; `reached_by` only for given keywords."""
    for store in stores:
        if not district or district in {store.district.name, store.district.code}:
            yield write_store(store, keywords, shapes)


def write_store(store: Store, keywords: Sequence[str] | None = None, shapes: Shapes = MIXED) -> dict[str, Any]:
    truth = {**_write_identity(store), **_write_offer(store), **_write_hours(store), **_write_odd(store, shapes)}
    truth["words"] = [word for word in SEARCH_WORDS if is_match(store, word)]
    if keywords is not None:
        truth["reached_by"] = [word for word in keywords if is_match(store, word)]
    return truth


def _write_identity(store: Store) -> dict[str, Any]:
    address, road_address = write_addresses(store)
    return {
        "ref": store.ref,
        "same_as": store.same_as,
        "ends": store.ends and store.ends.isoformat(),
        "name": store.concept.name,
        "branch": store.concept.branch,
        "district": store.district.name,
        "district_code": store.district.code,
        "dong": store.dong.name,
        "address": address,
        "road_address": road_address,
        "lat": store.lat,
        "lon": store.lon,
        "phone": store.phone,
    }


def _write_offer(store: Store) -> dict[str, Any]:
    says = store.concept
    return {
        "refill": says.refill,
        "verdict": says.verdict,
        "refill_price_krw": says.refill_price_krw,
        "prices": [rate._asdict() for rate in says.rates],
        "menu": [(line.name, line.price) for line in says.menu],
    }


def _write_hours(store: Store) -> dict[str, Any]:
    """`hours_today_only`: the page shows no other day than today, though the truth knows the week."""
    week = store.week
    return {"hours": week and write_hours(week), "hours_today_only": bool(week and week.only_today)}


def tell_odd(store: Store, shapes: Shapes) -> list[Odd]:
    """Return what is odd of a store's two pages; it is the same on every day."""
    return [*find_odd(store, FIRST_DAY, shapes), *find_odd_html(store, FIRST_DAY, shapes)]


def _write_odd(store: Store, shapes: Shapes) -> dict[str, Any]:
    """`odd` are the paths, `odd_as` what came instead of each."""
    odd = tell_odd(store, shapes)
    return {"odd": [path for path, _ in odd], "odd_as": [came for _, came in odd]}
