"""A store on its way into the table, and what tells whether the table has it already."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha1
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from refillspot.parsing import PARSER_VERSION
from refillspot.parsing.hours.osm import write_osm
from refillspot.postgres.columns import COLUMNS, NUL, STORE_COLUMNS, merge_expression, without_nul
from refillspot.postgres.kept_pages import PackedPage

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Self

    from refillspot.items import Store, StoreKey

ATTRIBUTES = attrgetter(*(column.attribute or column.name for column in STORE_COLUMNS))
RULES = sha1("\n".join([f"{PARSER_VERSION}", *map(merge_expression, COLUMNS)]).encode(), usedforsecurity=False)
"""Of who reads and what a merge does: under other rules, a page that was merged is merged again."""


class StoreRow(NamedTuple):
    """A store as a page showed it. Made as stores arrive: a thousand at once would hold the event loop."""

    site: str
    ref: str
    digest: int
    """64 bits of all that is said; equal to that of the table's row = a merge would change nothing."""
    hours_osm: str | None
    store: Store
    may_have_nul: bool
    page: PackedPage | None

    @classmethod
    def of(cls, store: Store) -> Self:
        hours_osm = (write_osm(store.hours) or None) if store.hours else None
        said = msgspec.json.encode((store, hours_osm, sorted(store.blank), sorted(store.partial)))
        sum_ = RULES.copy()
        sum_.update(said)
        digest = int.from_bytes(sum_.digest()[:8], "big", signed=True)
        page = PackedPage.of(store.page) if store.page else None
        return cls(store.site, store.ref.replace("\0", ""), digest, hours_osm, store, NUL in said, page)

    def seen_at(self, zero: datetime) -> datetime:
        """Return when the store was read. By the one clock of the database: those of its clients may differ.

        `zero`: what that clock showed when `time.monotonic` was 0.
        """
        return zero + timedelta(seconds=self.store.read_at)

    def fetched_at(self, zero: datetime) -> datetime:
        """Return when the site sent what was read."""
        return self.seen_at(zero) - timedelta(seconds=self.store.age)

    @property
    def key(self) -> StoreKey:
        return self.site, self.ref

    def values(self) -> tuple[Any, ...]:
        """Return the value of each column; for jsonb, what `encode_json` takes."""
        values = (*ATTRIBUTES(self.store), self.hours_osm, self.digest, PARSER_VERSION)
        return tuple(map(without_nul, values)) if self.may_have_nul else values
