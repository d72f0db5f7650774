"""Categories of a store, from the site's comma-separated text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.parsing.text import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse_categories(text: str | Sequence[str]) -> list[str]:
    """Return the categories in the site's order, each once: "중식, <em>군만두</em>" -> ["중식", "군만두"]."""
    texts = [text] if isinstance(text, str) else text
    names = (clean_text(name) for part in texts for name in (clean_text(part) or "").split(","))
    return list(dict.fromkeys(name for name in names if name))
