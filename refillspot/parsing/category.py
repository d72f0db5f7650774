"""Categories of a store: the site's own, of which there are thousands, and the ten words of docs/fields.md."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from refillspot.parsing.cuisine_words import COOKED, OUTSIDE, WORDS
from refillspot.parsing.text import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BY_WORD = {word: cuisine for cuisine, words in WORDS.items() for word in words.split()}
_BY_WORD |= dict.fromkeys(OUTSIDE.split(), "")
_LONGEST = max(map(len, _BY_WORD))
_ENDING = re.compile(r"(?:전문점|전문|맛집|요리|음식점|음식|식당|집|점)$")
LONGEST_NAME = 40  # characters that are read, from the end: there a name says its kind
BUFFET = "뷔페"
_BUFFET = re.compile(r"(?:[뷔부]페|샐러드바){1,4}$")


class Cuisines(NamedTuple):
    """`known` in the order of `WORDS`, each once; `unknown` the categories that no word of the table explains."""

    known: list[str]
    unknown: list[str]


def parse_categories(text: str | Sequence[str]) -> list[str]:
    """Return the categories in the site's order, each once: "중식, <em>군만두</em>" -> ["중식", "군만두"]."""
    texts = [text] if isinstance(text, str) else text
    names = (clean_text(name) for part in texts for name in (clean_text(part) or "").split(","))
    return list(dict.fromkeys(name for name in names if name))


def find_cuisines(categories: Iterable[str]) -> Cuisines:
    """Return what categories come down to: ["고기뷔페", "삼겹살", "흠"] is (["고기", "뷔페"], ["흠"])."""
    found: set[str] = set()
    unknown = []
    for category in categories:
        cuisines = _cuisines_of("".join(category.split())[-LONGEST_NAME:])
        if cuisines is None:
            unknown.append(category)
        else:
            found |= cuisines
    return Cuisines([cuisine for cuisine in WORDS if cuisine in found], unknown)


@lru_cache(maxsize=4096)
def _cuisines_of(category: str) -> frozenset[str] | None:
    """Return what a category comes down to, empty for one outside the ten, None for an unknown one."""
    whole = category.removesuffix("무한리필") or category
    buffet = _BUFFET.search(whole)
    dish = whole[: buffet.start()] if buffet else whole  # 고기뷔페 is both
    cuisine = _at_the_end(dish)
    if cuisine is None:
        cuisine = _at_the_end(_ENDING.sub("", dish))
    if buffet:
        return frozenset(filter(None, (BUFFET, cuisine)))
    return None if cuisine is None else frozenset(filter(None, (cuisine,)))


def _at_the_end(name: str) -> str | None:
    """Return the cuisine of the longest word that a name ends with, "" for one outside the ten."""
    starts = range(max(0, len(name) - _LONGEST), len(name))
    word = next((name[start:] for start in starts if name[start:] in _BY_WORD), None)
    cooked = next((way for way in COOKED if name.endswith(way) and name != way), None)
    if cooked and (word is None or word == cooked):
        return _cooked(name.removesuffix(cooked), cooked)
    return _BY_WORD[word] if word else None


def _cooked(dish: str, way: str) -> str | None:
    cuisine = _at_the_end(dish)
    return "한식" if way == "찜" and cuisine == "고기" else cuisine  # 갈비찜 is a stew as 갈비탕 is
