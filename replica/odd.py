"""Odd parts: an optional part of an answer that is missing, or of another kind than was due.

A path names a part: sections and fields joined by ".", "[]" for an entry of a list. A part that is replaced is never of
the kind that was due there, and never what the site gives there on an ordinary day, so that counting them is exact.
"""

from __future__ import annotations

from math import inf, log
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from replica.shapes import chance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MISSING = object()
ODD = 0x0DD  # apart from the other draws of the same seed
CAME: dict[str, Any] = {
    "missing": MISSING, "null": None, "[]": [], "{}": {}, '""': "", "number": 7, "text": "뜻밖의 글", "true": True,
    "object": {"unexpected": 1}, "array": ["뜻밖의 글"],
}  # fmt: skip
# What may come in place of what is due. "?" = null is ordinary there. Numbers may be texts, `[]` stands for an empty
# object, and "texts" are a list or a single one: none of that is odd.
INSTEAD: dict[str, tuple[str, ...]] = {
    "text": ("missing", "null", "[]", "{}", "number", "true", "object"),
    "text?": ("missing", "[]", "{}", "number", "true", "object"),
    "number": ("missing", "null", "[]", "{}", '""', "true", "object"),
    "flag": ("missing", "null", "[]", "{}", "object"),
    "object": ("missing", "null", '""', "number", "text", "true", "array"),
    "object?": ("missing", '""', "number", "text", "true", "array"),
    "list": ("missing", "null", "{}", '""', "number", "text", "true", "object"),
    "texts": ("missing", "null", "{}", "number", "true", "object"),
    "text or number": ("missing", "null", "[]", "{}", "true", "object"),
    "section": ("null", "text", "object"),
    "section of one": ("null", "text"),
    "a text": ("null", "number", "object", "array"),
    "an object": ("null", "number", "text", "array"),
    "a picture": ("null", "number", "array"),
    "a line": ("null",),
}


class Slot(NamedTuple):
    """An optional part: `due` is a key of INSTEAD."""

    path: str
    steps: tuple[str, ...]
    due: str


class Odd(NamedTuple):
    """A part that was replaced, and what came instead: a key of CAME."""

    path: str
    came: str


class Hit(NamedTuple):
    """A part that is to be replaced, if it is there; `roll` draws the entry of a list, and what comes instead."""

    slot: Slot
    roll: int

    @property
    def came(self) -> str:
        instead = INSTEAD[self.slot.due]
        return instead[self.roll % len(instead)]


def read_slots(table: Mapping[str, str]) -> tuple[Slot, ...]:
    """Return the slots of a table of paths and what is due at each.

    Entries that stand beside the good ones come last: by then what is chosen among the good ones has been chosen.
    """
    slots = [Slot(path, tuple(path.replace("[]", ".[]").lstrip(".").split(".")), due) for path, due in table.items()]
    return tuple(sorted(slots, key=lambda slot: slot.path.endswith("[]")))


def draw_numbers(rng: Random, share: float, count: int) -> Iterator[int]:
    """Yield each of 0 … count - 1 with a probability of `share`; what is passed over costs nothing."""
    number = _pass_over(rng.random(), share)
    while number < count:
        yield int(number)
        number += 1 + _pass_over(rng.random(), share)


def draw_hits(seed: int, share: float, slots: Sequence[Slot]) -> list[Hit]:
    """Return what is to be replaced of an answer; most have nothing, and to see that is cheap."""
    number = _pass_over(chance(seed.to_bytes(16, "big"), ODD), share)
    if number >= len(slots):
        return []
    rng = Random(seed)  # noqa: S311  # invented data
    hits = []
    while number < len(slots):
        hits.append(Hit(slots[int(number)], rng.getrandbits(32)))
        number += 1 + _pass_over(rng.random(), share)
    return hits


def _pass_over(roll: float, share: float) -> float:
    """Return how many are passed over until the next is hit, each with a probability of `share`."""
    if share <= 0:
        return inf
    return log(1 - roll) // log(1 - share) if share < 1 else 0


def spoil(tree: dict[str, Any], hits: Iterable[Hit]) -> tuple[dict[str, Any], list[Odd]]:
    """Return a copy of the tree with the parts replaced that are there, and which they are.

    Nothing inside of a part that was replaced is one any more.
    """
    done: list[Odd] = []
    for hit in hits:
        path = hit.slot.path
        if any(path.startswith((f"{odd.path}.", f"{odd.path}[]")) for odd in done):
            continue
        new = _section(path, hit.came) if hit.slot.due.startswith("section") else CAME[hit.came]
        try:
            tree = _put(tree, hit.slot.steps, new, hit.roll)
        except LookupError:  # this answer has no such part
            continue
        done.append(Odd(path, hit.came))
    return tree, done


def _section(key: str, came: str) -> Any:
    """Return what stands in place of a section; its key is all that is left of it."""
    return {"null": None, "text": key, "object": {"key": key}}[came]


def _put(value: Any, steps: Sequence[str], new: Any, roll: int) -> Any:
    """Return a copy of the value with `new` at the end of the steps.

    Raises:
        LookupError: the steps lead nowhere.
    """
    if isinstance(value, msgspec.Raw):
        value = msgspec.json.decode(value)
    step, *rest = steps
    if step == "[]":
        return _put_entry(value, rest, new, roll)
    if not isinstance(value, dict) or step not in value:
        raise LookupError(step)
    if rest:
        return {**value, step: _put(value[step], rest, new, roll)}
    if new is MISSING:
        return {key: kept for key, kept in value.items() if key != step}
    return {**value, step: new}


def _put_entry(value: Any, rest: Sequence[str], new: Any, roll: int) -> list[Any]:
    """Return the list with `new` inside of an entry, or as one more entry where the steps end."""
    if not isinstance(value, list) or not value:
        raise LookupError("[]")
    at = (roll >> 8) % len(value)
    if rest:
        return [*value[:at], _put(value[at], rest, new, roll), *value[at + 1 :]]
    return [*value[:at], new, *value[at:]]
