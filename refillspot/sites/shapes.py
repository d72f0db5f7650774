"""What the site sent, as shapes alone: which parts, of which types, how long, how often; never what they say. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

FIELD_NAME = re.compile(r"@?[A-Za-z_][A-Za-z0-9_-]{0,40}")
MOST_FIELDS = 60  # of one object; with more, its names are data themselves
MOST_PATHS = 2_000
DEEPEST = 30
ENUMERATIONS = ("result_code", "open_status", "order", "@type")
"""Fields whose values are a few words of the site's own: these are told too."""
LONGEST_WORD, MOST_WORDS = 20, 30


@dataclass(slots=True)
class Shape:
    """Of one part, over all answers."""

    kinds: Counter[str] = field(default_factory=Counter)
    shortest: int | None = None
    """Characters of a text, entries of a list."""
    longest: int | None = None
    words: set[str] = field(default_factory=set)

    def note(self, value: Any, *, tells_words: bool) -> None:
        self.kinds[json_type(value)] += 1
        if isinstance(value, str | list):
            size = len(value)
            self.shortest = size if self.shortest is None else min(self.shortest, size)
            self.longest = size if self.longest is None else max(self.longest, size)
        if tells_words and isinstance(value, str | int) and len(self.words) < MOST_WORDS:
            self.words.add(str(value)[:LONGEST_WORD])

    def __str__(self) -> str:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.kinds.items()))
        return f"{kinds} ({self.shortest}-{self.longest})" if self.longest else kinds


class Shapes:
    """Gathers the shapes of answers. Paths are written as those of an `Oddity`: "detail.bhour[].time"."""

    def __init__(self) -> None:
        self.of: dict[str, Shape] = {}

    def note(self, value: Any, path: str = "", depth: int = 0) -> None:
        """Take in a value and all its parts."""
        if path not in self.of and len(self.of) >= MOST_PATHS:
            return
        tells_words = path.rpartition(".")[2] in ENUMERATIONS
        self.of.setdefault(path, Shape()).note(value, tells_words=tells_words)
        if depth >= DEEPEST:
            return
        if isinstance(value, list):
            for entry in value:
                self.note(entry, f"{path}[]", depth + 1)
        elif isinstance(value, dict):
            for name, entry in value.items():
                place = name if len(value) <= MOST_FIELDS and FIELD_NAME.fullmatch(name) else "*"
                self.note(entry, f"{path}.{place}".lstrip("."), depth + 1)

    def lines(self) -> dict[str, str]:
        """Return {path: its shape in words}."""
        return {path: str(shape) for path, shape in sorted(self.of.items())}


class Oddity(NamedTuple):
    """A part that is not as known. There are only as many paths as the known types have."""

    path: str
    """"detail.bhour[].time": from the section on, "[]" for an entry of a list."""
    came: str
    """What came, as a type of JSON: "object", "empty array" … Never the content."""
    due: str


@dataclass(slots=True)
class Differences:
    """Paths, as those of an `Oddity`. Of an unknown part its own parts are not named."""

    unknown: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def json_type(value: Any) -> str:
    """Return the type of a JSON value in words."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return "text" if value else "empty text"
    if isinstance(value, dict):
        return "object" if value else "empty object"
    if isinstance(value, list):
        return "array" if value else "empty array"
    return "number"
