"""Plain text out of the site's: no tags, no entities, one Unicode normal form."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

# Known names only: "<A세트>" and "<점심>" on a menu are no tags.
_TAG = re.compile(
    r"</?(?:a|b|br|div|em|font|h[1-6]|i|img|li|mark|ol|p|small|span|strong|sub|sup|td|tr|u|ul)(?:[\s/][^<>]*)?>|<!--[^<>]*>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)  # bounded: int() is too
_LINE_BREAK = re.compile(r"<(?:br\b|/p\b|/div\b|/li\b|/tr\b)", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
# Control, invisible and half characters; PostgreSQL refuses NUL and lone surrogates. The joiner belongs to emoji.
_DROPPED_CATEGORIES = {"Cc", "Cf", "Cs"}
_JOINER = "\u200d"
_FILLERS = str.maketrans(dict.fromkeys("\u115f\u1160\u3164\uffa0", " "))  # letters of Hangul that look blank
# Full-width ASCII, the ideographic space, and the many dashes and waves that all mean "-" and "~".
_ASCII = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_ASCII |= dict.fromkeys(map(ord, "‐‑‒–—―−"), ord("-")) | dict.fromkeys(map(ord, "〜∼˜"), ord("~"))
_MOST_MARKS = 30  # on one letter, as Unicode's stream-safe text has (UAX #15); sorting more takes the square of them
_COULD_BE_MARKS = re.compile(rf"[^\s!-~가-힣]{{{_MOST_MARKS + 1}}}")
# Most texts are of these only, and need no cleaning but of their spaces.
_ORDINARY = re.compile(r"[ !-%'-;=?-}가-힣ㄱ-ㅎㅏ-ㅣ·★☆※…₩]*").fullmatch


def strip_tags(text: str) -> str:
    """Return `text` without HTML tags and with its entities resolved; a line break tag becomes a line break."""
    text = _TAG.sub(lambda tag: "\n" if _LINE_BREAK.match(tag[0]) else "", text)
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


@lru_cache(maxsize=8192)  # tags, prices and hours repeat from store to store
def clean_text(text: str | None) -> str | None:
    """Return one line of NFC text without tags and control characters; None when nothing is left."""
    if text and _ORDINARY(text):
        return " ".join(text.split()) or None
    return _SPACES.sub(" ", _visible(strip_tags(text or ""))).strip() or None


def plain_text(text: str) -> str:
    """Return `text` as the parsers read it: as `clean_text`, with ASCII digits, signs and dashes; lines are kept."""
    if _ORDINARY(text):
        return " ".join(text.split())
    lines = _visible(strip_tags(text)).translate(_ASCII).splitlines()
    return "\n".join(line for raw in lines if (line := _SPACES.sub(" ", raw).strip()))


def _visible(text: str) -> str:
    kept = (
        c
        for c in text.translate(_FILLERS)
        if c.isspace() or c == _JOINER or unicodedata.category(c) not in _DROPPED_CATEGORIES
    )
    return normalize("NFC", "".join(kept))


def normalize(form: Literal["NFC", "NFKC"], text: str) -> str:
    """Return a normal form of a text; of the marks on one letter the first thirty."""
    return unicodedata.normalize(form, "".join(_with_few_marks(text)) if _COULD_BE_MARKS.search(text) else text)


def _with_few_marks(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(unicodedata.normalize("NFKD", char)[0]) else 0
        if marks <= _MOST_MARKS:
            yield char
