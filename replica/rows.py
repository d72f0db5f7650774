"""A store as a row of a list, with the site's oddities as often as they were measured."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any
from zlib import crc32

from replica.gazetteer import area_of
from replica.hours import status_on
from replica.opinions import write_display_review
from replica.pictures import NOIMAGE, write_images, write_pictures
from replica.search import metres
from replica.shapes import MIXED, write_count, write_url
from replica.vocabulary import TAGS

if TYPE_CHECKING:
    from datetime import date

    from replica.query import Query
    from replica.shapes import Shapes
    from replica.store import Store

SIDO_WEIGHTS = (843, 96, 33)  # 서울특별시, 서울시, 서울: as often as they were seen
LOST_ZERO_SHARE = 0.04  # of the 050x numbers


class Rows:
    """Writes rows; what does not depend on the query is drawn once per store and generation."""

    def __init__(self, today: date, shapes: Shapes = MIXED) -> None:
        self._today = today
        self._shapes = shapes
        self._fixed: tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]] = {}, {}

    def write(self, store: Store, query: Query, *, is_new: bool | None = None) -> dict[str, Any]:
        """Return a row of the generation that its answer is of; None = the one that its store is of."""
        is_new = self._shapes.is_new(store.key) if is_new is None else is_new
        fixed = self._fixed[is_new].get(store.ref)
        if fixed is None:
            fixed = self._fixed[is_new][store.ref] = _write_fixed(store, self._today, is_new=is_new)
        chance = crc32(store.key, crc32(query.text.encode()))
        row = {**fixed, "keyword": _keywords(store, query, chance)}
        if chance % 3 == 0:
            row["category"] = _highlight(row["category"], query.words)
        if query.center:
            away = metres(query.center, store)
            row["distance"] = f"{away:.0f}m" if away < 1000 else f"{away / 1000:.1f}km"
        return row


def write_addresses(store: Store) -> tuple[str, str | None]:
    """Return lot-number and road address; the two spell the city differently in every ninth store."""
    rng = Random(store.seed + 1 if store.address_seed is None else store.address_seed)  # noqa: S311  # invented data
    city = store.district.region
    sido = rng.choices(city.spellings, SIDO_WEIGHTS)[0]
    place = store.concept.building
    lot = f"{store.dong.name} {rng.randint(1, 980)}" + (f"-{rng.randint(1, 60)}" if rng.random() < 0.85 else "")
    stem = store.dong.name.rstrip("동가0123456789") or store.dong.name
    road = f"{stem.removesuffix('로')}로" + (f"{rng.randint(1, 60)}길" if rng.random() < 0.6 else "")
    road_sido = sido if rng.random() < 0.2 else city.name
    number = f"{rng.randint(1, 240)}" + (f"-{rng.randint(1, 20)}" if rng.random() < 0.2 else "")
    road_addr = f"{road_sido} {store.district.name} {road} {number}{place}" if rng.random() > 0.02 else None
    return f"{sido} {store.district.name} {lot}{place if rng.random() < 0.3 else ''}", road_addr


def write_phone(store: Store) -> str | None:
    """Return the phone as the site has it: some 0507 numbers were once read as numbers and lost their zero."""
    lost = store.phone and store.phone.startswith("05") and store.seed * 2654435761 % 1000 < LOST_ZERO_SHARE * 1000
    return store.phone[1:] if lost and store.phone else store.phone


def write_user_score(store: Store) -> float:
    """Return 4 for 4.0, as PHP's JSON does."""
    score = store.standing.user_score
    return int(score) if score == int(score) else score


def _write_fixed(store: Store, today: date, *, is_new: bool) -> dict[str, Any]:
    rng = Random(store.seed + 3)  # noqa: S311  # invented data
    says, standing = store.concept, store.standing
    addr, road_addr = write_addresses(store)
    images = write_images(store)
    return {
        "v_rid": store.ref,
        "nm": says.name + " " * (rng.random() < 0.03),
        "branch": says.branch,
        "addr": addr,
        "road_addr": road_addr,
        "phone": write_phone(store),
        "category": ", ".join(says.categories),
        "area": [area_of(store.dong)],
        "lat": store.lat,
        "lng": store.lon,
        "score": standing.score,
        "user_score": write_user_score(store),
        "review_cnt": write_count(standing.review_count, rng.random(), is_new=is_new),
        "open_status": status_on(store.open_status, store.week, today),
        "image": write_url(images[0] if images else NOIMAGE, rng.random(), is_new=is_new),
        "image_list": write_pictures(store, images, is_new=is_new),
        "display_review": write_display_review(store) if standing.review_count and rng.random() < 0.7 else None,
    }


def _keywords(store: Store, query: Query, chance: int) -> list[dict[str, Any]]:
    """Return up to four terms: those asked for that the store has, then its tags and others, as chance has it."""
    asked = [word for word in query.words if word in store.text]
    first = chance % len(TAGS)
    terms = dict.fromkeys([*asked, *store.concept.tags[chance % 2 :], TAGS[first], TAGS[first - 7]])
    return [{"term": term, "mark": int(term in asked)} for term in list(terms)[: 4 - chance % 2]]


def _highlight(category: str, words: tuple[str, ...]) -> str:
    entries = category.split(", ")
    return ", ".join(f"<em>{entry}</em>" if any(word in entry for word in words) else entry for entry in entries)
