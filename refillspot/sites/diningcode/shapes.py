"""What the site sent, as shapes alone: which parts, of which types, how long, how often; never what they say. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from refillspot.exceptions import MalformedAnswerError
from refillspot.sites.diningcode.json_parts import kind_of, loose_json, whole_json

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
        self.kinds[kind_of(value)] += 1
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


def note_list(body: bytes, shapes: Shapes) -> None:
    """Take in the answer to a search, the parts that are read by the paths that their oddities have."""
    data = _note_around(body, shapes)
    section = data.pop("poi_section", None) if isinstance(data, dict) else None
    rows = section.pop("list", None) if isinstance(section, dict) else None
    shapes.note(data, "result_data")
    shapes.note(section, "poi_section")
    shapes.note(rows, "list")


def note_store(body: bytes, shapes: Shapes) -> None:
    """Take in a store page, each section under its key."""
    data = _note_around(body, shapes)
    if not isinstance(data, list):
        shapes.note(data, "result_data")
        return
    for section in data:
        key = str(section.get("key")) if isinstance(section, dict) else ""
        shapes.note(section, key if FIELD_NAME.fullmatch(key) else "result_data[]")


def _note_around(body: bytes, shapes: Shapes) -> Any:
    """Take in what is around the result of an answer; return the result, None of an answer that has none."""
    try:
        answer = loose_json(whole_json(body))
    except MalformedAnswerError:
        shapes.note(body.decode("utf-8", "replace"), "no JSON")
        return None
    if not isinstance(answer, dict):
        shapes.note(answer, "answer")
        return None
    left_out = answer.pop("left_out", None)  # of a page that was kept: shapes already
    if isinstance(left_out, dict):
        for name in left_out:
            shapes.of.setdefault(name, Shape()).kinds["left out"] += 1
    data = answer.pop("result_data", None)
    for name, value in answer.items():
        shapes.note(value, name if FIELD_NAME.fullmatch(name) else "*")
    return data
