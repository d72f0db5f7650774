"""Visitors' names and words stand where people speak, and nowhere else."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.regions import SEOUL
from replica.city import build_city
from replica.hours import FIRST_DAY
from replica.html_store import write_store_page
from replica.listing import Listing
from replica.people import PHRASES, REVIEWERS
from replica.profile import answer
from replica.search import Search
from replica.shapes import name_shapes
from replica.truth import write_store

if TYPE_CHECKING:
    from collections.abc import Iterator

CITY = build_city(3, refill_stores=200, ordinary_stores=200)
ANYBODY = re.compile("|".join(map(re.escape, (*REVIEWERS, *PHRASES))))
PEOPLE = {"review", "blog", "user_name", "display_review"}


def texts(value: Any) -> Iterator[str]:
    """Yield each text of JSON but for what people's parts hold."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from texts(entry)
    elif isinstance(value, dict) and value.get("key") not in PEOPLE:
        for name, entry in value.items():
            if name not in PEOPLE:
                yield from texts(entry)


@pytest.mark.parametrize("name", ["2025", "2026", "mixed"])
def test_store_pages_hold_them_in_peoples_parts_alone(name: str) -> None:
    shapes = name_shapes(name, 0.1)
    said: set[str] = set()
    for store in CITY:
        body = answer(store, FIRST_DAY, shapes).decode("utf-8-sig")
        said |= set(ANYBODY.findall(body))

        assert not [text for text in texts(json.loads(body)) if ANYBODY.search(text)]

    assert len(said & set(REVIEWERS)) > 0.9 * len(REVIEWERS)
    assert len(said & set(PHRASES)) > 0.9 * len(PHRASES)


@pytest.mark.parametrize("name", ["2025", "2026", "mixed"])
def test_lists_hold_them_in_peoples_parts_alone(name: str) -> None:
    listing = Listing(Search(CITY), 100, FIRST_DAY, SEOUL, name_shapes(name, 0.1))
    body = listing.answer({"query": "서울 무한리필", "size": "100"}).decode("utf-8-sig")

    assert ANYBODY.search(body)
    assert not [text for text in texts(json.loads(body)) if ANYBODY.search(text)]


@pytest.mark.parametrize("name", ["2025", "2026"])
def test_pages_for_people_hold_them_in_cards_posts_and_reviews_alone(name: str) -> None:
    for store in CITY[::4]:
        page = write_store_page(store, FIRST_DAY, name_shapes(name))
        rest = re.sub(r'<div id="div_review">.*?</ul>', "", page, flags=re.DOTALL)
        rest = re.sub(r'"review":\[.*?\}\]', "", rest, flags=re.DOTALL)

        assert bool(ANYBODY.search(page)) == bool(store.standing.review_count)
        assert not ANYBODY.search(rest)


def test_no_store_is_called_like_a_visitor() -> None:
    assert not [store for store in CITY if ANYBODY.search(json.dumps(write_store(store), ensure_ascii=False))]
    assert len(set(REVIEWERS)) == len(REVIEWERS) == 80
    assert all(re.match("가상손님|합성맛객|모의방문자|시험미식가", name) for name in REVIEWERS)
    assert all(re.match("합성후기: |합성블로그: ", phrase) for phrase in PHRASES)
