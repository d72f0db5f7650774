"""Plain text out of the site's: no tags, no entities, one Unicode normal form."""

from __future__ import annotations

import html
import re
import unicodedata

_TAG = re.compile(r"<(?:/?[A-Za-z]|!)[^<>]*>")
_LINE_BREAK = re.compile(r"<(?:br\b|/p\b|/div\b|/li\b|/tr\b)", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
# Control, invisible and half characters; PostgreSQL refuses NUL and lone surrogates. The joiner belongs to emoji.
_DROPPED_CATEGORIES = {"Cc", "Cf", "Cs"}
_JOINER = "\u200d"
# Full-width ASCII, the ideographic space, and the many dashes and waves that all mean "-" and "~".
_ASCII = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_ASCII |= dict.fromkeys(map(ord, "‐‑‒–—―−"), ord("-")) | dict.fromkeys(map(ord, "〜∼˜"), ord("~"))


def strip_tags(text: str) -> str:
    """Return `text` without HTML tags and with its entities resolved; a line break tag becomes a line break."""
    return html.unescape(_TAG.sub(lambda tag: "\n" if _LINE_BREAK.match(tag[0]) else "", text))


def clean_text(text: str | None) -> str | None:
    """Return one line of NFC text without tags and control characters; None when nothing is left."""
    return _SPACES.sub(" ", _visible(strip_tags(text or ""))).strip() or None


def plain_text(text: str) -> str:
    """Return `text` as the parsers read it: as `clean_text`, with ASCII digits, signs and dashes; lines are kept."""
    lines = _visible(strip_tags(text)).translate(_ASCII).splitlines()
    return "\n".join(line for raw in lines if (line := _SPACES.sub(" ", raw).strip()))


def _visible(text: str) -> str:
    kept = (c for c in text if c.isspace() or c == _JOINER or unicodedata.category(c) not in _DROPPED_CATEGORIES)
    return unicodedata.normalize("NFC", "".join(kept))
