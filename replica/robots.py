"""robots.txt, per host: known for www, unknown for im."""

from __future__ import annotations

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
