"""robots.txt, per host: known for www, unknown for im."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replica.shapes import ROBOTS_BOM_SHARE

if TYPE_CHECKING:
    from datetime import date

    from replica.shapes import Shapes

EVERYONE = """\
# Synthetic Diningcode: invented data for tests
User-agent: *
Allow: /
Disallow: /urlShortener
Disallow: /review
Disallow: /mobile/iframe/
"""
LANGUAGE_MODELS = """
User-agent: GPTBot
User-agent: ClaudeBot
User-agent: CCBot
Disallow: /
"""
# What `im.` may answer; None = it has no such file.
IM_ANSWERS = {"missing": None, "allow": "User-agent: *\nAllow: /\n", "disallow": "User-agent: *\nDisallow: /\n"}


def write_robots(host: str, im: str) -> str | None:
    """Return the file for a Host header, None = 404. `im` is a key of `IM_ANSWERS`."""
    if host.lower().startswith("im."):
        return IM_ANSWERS[im]
    return EVERYONE + (LANGUAGE_MODELS if host.lower().startswith("www.") else "")


def mark_robots(text: str, seed: int, today: date, shapes: Shapes) -> bytes:
    """Return the file as it is sent on a day, to all who ask: on some behind a byte-order mark."""
    return shapes.mark(f"robots {seed} {today}".encode(), text.encode(), ROBOTS_BOM_SHARE)
