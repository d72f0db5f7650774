"""Visitors, and their words, taken out of what an answer says. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from refillspot.sites.diningcode.json_parts import DEEPEST, loose_json, write_json

WORDS = ("user", "review", "comment", "blog", "writer", "author", "nick", "member")
OF_PEOPLE = re.compile("|".join(WORDS), re.IGNORECASE)
COUNTED = re.compile(r"(?:cnt|count|total|score|rate|average)$", re.IGNORECASE)
"""Names of fields beside them whose figures are the site's own: `review_cnt`, `user_score`."""
FIGURE = re.compile(r"[\d,.]{1,12}")
ESCAPED_ASCII = rb"\u00"
"""Behind it a letter of one of the words may hide."""


@lru_cache(maxsize=1024)
def is_of_people(name: str) -> bool:
    """Tell by the name of a field whether it holds a visitor, or a visitor's words."""
    return bool(OF_PEOPLE.search(name))


def without_people(value: Any, depth: int = 0) -> Any:
    """Return a copy of a JSON value without the fields that are of people, and without what is nested without end."""
    if depth > DEEPEST and isinstance(value, list | dict):
        return None
    if isinstance(value, list):
        return [without_people(entry, depth + 1) for entry in value]
    if isinstance(value, dict):
        return {
            name: without_people(entry, depth + 1)
            for name, entry in value.items()
            if not is_of_people(name) or (COUNTED.search(name) and _is_figure(entry))
        }
    return value


def json_without_people(body: bytes) -> bytes:
    """Return JSON without them; as it came where none of the words stands in it."""
    lower = body.lower()
    if ESCAPED_ASCII not in lower and not any(word.encode() in lower for word in WORDS):
        return body
    return write_json(without_people(loose_json(body)))


def _is_figure(value: Any) -> bool:
    return not isinstance(value, str | list | dict) or (isinstance(value, str) and bool(FIGURE.fullmatch(value)))
