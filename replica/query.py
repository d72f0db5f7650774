"""What a search asks, read from form fields as leniently as the site reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from replica.gazetteer import split_region
from replica.vocabulary import EMPTY_WORDS, TERMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refillspot.regions import Region

MAX_SIZE = 100
DEFAULT_SIZE = 20
HANGUL = re.compile("[ᄀ-ᇿ가-힣]")
TERM = re.compile("|".join(sorted(TERMS, key=len, reverse=True)))


@dataclass(frozen=True)
class Query:
    """What is asked for, without the page. `codes` None = no region is named."""

    text: str
    """The words as sent; they seed the ranking's noise."""
    codes: frozenset[str] | None
    words: tuple[str, ...]
    order: str = "r_score"
    rect: tuple[float, ...] | None = None
    """South, west, north, east."""
    center: tuple[float, float] | None = None
    radius: float | None = None
    """Metres."""


def parse_form(body: str) -> dict[str, str]:
    """Return the fields; bytes that are not UTF-8 come out as U+FFFD."""
    return dict(parse_qsl(body, keep_blank_values=True, errors="replace"))


def asks_nothing(form: Mapping[str, str]) -> bool:
    return not any(form.get(field, "").strip() for field in ("query", "keyword", "addr"))


def is_misencoded(form: Mapping[str, str]) -> bool:
    """Whether the words were sent in another encoding than UTF-8, so that the site sees no Korean in them."""
    text = "".join(form.get(field, "") for field in ("query", "keyword", "addr"))
    return "\ufffd" in text or (not text.isascii() and not HANGUL.search(text))


def read_query(form: Mapping[str, str], city: Region) -> Query:
    query, keyword, addr = (form.get(field, "") for field in ("query", "keyword", "addr"))
    codes, words = split_region(query, city)
    if addr.strip():
        within = split_region(addr, city)[0] or frozenset()
        codes = within if codes is None else codes & within
    lat, lon, radius = (_number(form.get(field)) for field in ("lat", "lng", "distance"))
    rect = tuple(number for number in map(_number, form.get("rect", "").split(",")) if number is not None)
    return Query(
        text=f"{query}|{keyword}|{addr}",
        codes=codes,
        words=split_words(f"{words} {keyword.replace('#', ' ')}"),
        order=form.get("order") or "r_score",
        rect=rect if len(rect) == 4 else None,
        center=None if lat is None or lon is None else (lat, lon),
        radius=radius,
    )


def read_window(form: Mapping[str, str]) -> tuple[int, int]:
    """Return offset and size: from `from` and `size`, else from `page` and `size`."""
    size = min(max(int(_number(form.get("size")) or DEFAULT_SIZE), 1), MAX_SIZE)
    offset = _number(form.get("from"))
    if offset is None:
        offset = (max(int(_number(form.get("page")) or 1), 1) - 1) * size
    return max(int(offset), 0), size


def split_words(text: str) -> tuple[str, ...]:
    """Return the terms a text asks for, whatever its white space: "무한 리필" and "무한리필" are one."""
    joined = "".join(word for word in text.split() if word not in EMPTY_WORDS)
    unknown = TERM.split(joined)
    return tuple(dict.fromkeys(term for term in (*TERM.findall(joined), *unknown) if term))


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if abs(number) < 1e9 else None  # no infinity, no NaN
