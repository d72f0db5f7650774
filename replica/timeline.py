"""The city through time: as it is on a day, as it was before, and what happened between two moments."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from replica.changes import USUAL, apply_changes, draw_day
from replica.shapes import MIXED
from replica.truth import write_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from replica.changes import Change, Course
    from replica.shapes import Shapes
    from replica.store import Store


class Timeline:
    """`today` is a day in KST; the city changes as it begins. A timeline stays as it is: the next day is another one.

    So whoever reads one is not disturbed by a clock that moves meanwhile.
    """

    def __init__(
        self, seed: int, stores: Iterable[Store], today: date, shapes: Shapes = MIXED, course: Course = USUAL
    ) -> None:
        self.seed = seed
        self.course = course
        self.shapes = shapes
        self._first = {store.ref: store for store in stores}
        self._history: list[Change] = []
        self.stores = dict(self._first)
        self.today = today

    def advance(self, today: date) -> Timeline:
        """Return the timeline of a later day, lived through day by day."""
        later = Timeline(self.seed, self._first.values(), self.today, self.shapes, self.course)
        later.stores, later._history = dict(self.stores), list(self._history)
        while later.today < today:
            later.today += timedelta(days=1)
            changes = draw_day(self.seed, later.today, later.stores, self.course, later._history)
            apply_changes(changes, later.stores)
            later._history += changes
        return later

    def stores_on(self, day: date) -> dict[str, Store]:
        if day >= self.today:
            return self.stores
        stores = dict(self._first)
        apply_changes((change for change in self._history if change.day <= day), stores)
        return stores

    def tell_changes(self, after: date, until: date) -> Iterator[dict[str, Any]]:
        """Yield what differs in the truth, field by field; a store that comes or goes is one entry, field None."""
        for change in self._history:
            if after < change.day <= until:
                event = _tell_event(change)
                yield from ({**event, **difference} for difference in _differences(change, self.shapes))


def _tell_event(change: Change) -> dict[str, Any]:
    store = change.after or change.before
    return {"ref": store and store.ref, "at": f"{change.day}T00:00:00+09:00", "kind": change.kind}


def _differences(change: Change, shapes: Shapes) -> Iterator[dict[str, Any]]:
    old, new = (write_store(store, shapes=shapes) if store else None for store in (change.before, change.after))
    if old is None or new is None:
        yield {"field": None, "old": old, "new": new}
        return
    for field in old:
        if old[field] != new[field]:
            yield {"field": field, "old": old[field], "new": new[field]}
