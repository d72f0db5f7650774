"""The Lua scripts, each with the names of a crawl's keys before it."""

from __future__ import annotations

from importlib.resources import files


def script_source(name: str) -> str:
    """Return the script `lua/<name>.lua`. KEYS[1] is the crawl's prefix, `<REDIS_KEY_PREFIX>:<crawl>`."""
    folder = files("refillspot.frontier").joinpath("lua")
    return "\n".join(folder.joinpath(f"{part}.lua").read_text(encoding="utf-8") for part in ("keys", name))
