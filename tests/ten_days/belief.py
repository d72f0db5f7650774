"""What has to be believed after so many looks, and what the history has to list: worked out anew from the truth.

What a page has no place for was not looked at. A value whose place is there, and empty, has vanished with the third
such page. A store that three complete crawls in a row did not find is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.ten_days.city import PAGES_UNTIL_GONE

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from tests.ten_days.city import Shown

CRAWLS_UNTIL_MISSING = 3
READ_BETWEEN_LINES = {"refill_verdict", "refill_price_krw"}
"""No page says them in so many words: that parsers find them is measured elsewhere, and they may not have."""


class Change(NamedTuple):
    """What is believed from look `first_seen_new` on; the old value was shown by `last_seen_old` last."""

    ref: str
    field: str
    old: Any
    new: Any
    last_seen_old: int
    first_seen_new: int
    is_certain: bool = True
    """False: it may have been so all the time, and never said."""


@dataclass
class Belief:
    """Of one store."""

    ref: str
    values: dict[str, Any] = field(default_factory=dict)
    said_at: dict[str, int] = field(default_factory=dict)
    """The look that said it last."""
    known: set[str] = field(default_factory=set)
    """Fields that have ever had a value."""
    empty_pages: dict[str, int] = field(default_factory=dict)
    status: str = "operating"
    seen_at: int = 0
    missed: int = 0

    def look(self, number: int, shown: Shown | None, *, is_refill: bool) -> Iterator[Change]:
        """Take in what a look showed, None: the store was not there. Yield what has changed by it.

        Of a store that is believed to be no all-you-can-eat one nobody waits for it.
        """
        if shown is None:
            self.missed += 1
            if self.missed == CRAWLS_UNTIL_MISSING and is_refill:
                self.status = "missing"
                yield Change(self.ref, "status", "operating", "missing", self.seen_at, number)
            return
        if self.status != "operating":
            yield Change(self.ref, "status", self.status, "operating", self.seen_at, number)
        self.status, self.missed = "operating", 0
        for name, value in shown.items():
            if name != "refill_verdict" or shown["menu"] or not self.values["menu"]:  # without its menu less is known
                yield from self._say(name, value, number)
        self.seen_at = number

    def _say(self, name: str, value: Any, number: int) -> Iterator[Change]:
        old = self.values.get(name)
        if value is None and old is not None:
            self.empty_pages[name] = self.empty_pages.get(name, 0) + 1
            if self.empty_pages[name] < PAGES_UNTIL_GONE:
                return
        self.empty_pages.pop(name, None)
        if name in self.values and value != old:
            yield from self._differences(name, old, value, number)
        self.values[name], self.said_at[name] = value, number
        if value is not None:
            self.known.add(name)
        if name == "menu" and value is None and (price := self.values.get("refill_price_krw")) is not None:
            yield Change(
                self.ref, "refill_price_krw", price, None, self.said_at["refill_price_krw"], number, is_certain=False
            )
            self.values["refill_price_krw"] = None

    def _differences(self, name: str, old: Any, new: Any, number: int) -> Iterator[Change]:
        looks = self.said_at[name], number
        if name != "menu":
            is_certain = old is not None and name not in READ_BETWEEN_LINES
            yield Change(self.ref, name, old, new, *looks, is_certain=is_certain)
            return
        was, has = old or {}, new or {}
        for line in {**was, **has}:
            if was.get(line) != has.get(line):
                yield Change(self.ref, line, was.get(line), has.get(line), *looks, is_certain=old is not None)


class Beliefs:
    """Of a whole city, look by look."""

    def __init__(self) -> None:
        self.stores: dict[str, Belief] = {}
        self.changes: list[Change] = []

    def look(self, number: int, shown: Mapping[str, Shown], refill: Container[str]) -> None:
        """Take in a look; `refill` are the stores that are believed to be all-you-can-eat."""
        for ref in shown.keys() | self.stores.keys():
            belief = self.stores.setdefault(ref, Belief(ref))
            self.changes += belief.look(number, shown.get(ref), is_refill=ref in refill)
