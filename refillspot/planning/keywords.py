"""The words that refill stores are searched by: `data/keywords.toml`, and what a user gives in their place."""

from __future__ import annotations

import tomllib
import unicodedata
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, get_args

from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["offer", "dish", "buffet", "salad_bar", "chain"]
"""What a keyword says of the stores that it finds, see `data/keywords.toml`."""
ADD = "+"


def _read() -> dict[str, Kind]:
    table = tomllib.loads(files("refillspot").joinpath("data/keywords.toml").read_text(encoding="utf-8"))
    return {keyword: kind for kind in get_args(Kind) for keyword in table[kind]}


KINDS = _read()
KEYWORDS = tuple(KINDS)
"""The standard keywords, in the order in which stores are credited to them."""


def parse_keywords(text: str | None) -> tuple[str, ...]:
    """Return what `keywords=` names, each once: a list in place of the standard one, or with a leading + besides it.

    Raises:
        ArgumentError: nothing is named.
    """
    if text is None:
        return KEYWORDS
    text = unicodedata.normalize("NFC", text).strip()
    words = (" ".join(word.split()) for word in text.removeprefix(ADD).split(","))
    given = tuple(dict.fromkeys(word for word in words if word))
    if not given:
        raise ArgumentError(
            _("keywords= is empty: use, for example, -a keywords=무한리필,고기뷔페, or +수제맥주 무한리필")
        )
    return tuple(dict.fromkeys((*KEYWORDS, *given))) if text.startswith(ADD) else given


def narrow_ones(keywords: Sequence[str]) -> frozenset[str]:
    """Return those that hold the words of another, which finds their stores as far as the site takes words literally.

    Of two with the same words, the second is narrow: "무한 리필" beside "무한리필".
    """
    joined = ["".join(keyword.split()) for keyword in keywords]
    return frozenset(
        keyword
        for number, (keyword, text) in enumerate(zip(keywords, joined, strict=True))
        if any(other in text for index, other in enumerate(joined) if other != text or index < number)
    )


def write_keywords(keywords: frozenset[str]) -> str | None:
    """Return the argument that names these keywords, None for the standard ones."""
    added = sorted(keywords.difference(KEYWORDS))
    if not keywords.issuperset(KEYWORDS):
        return ",".join(sorted(keywords))
    return ADD + ",".join(added) if added else None
