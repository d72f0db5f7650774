"""Which changes of stores are asked for: a filter becomes a statement on `refillspot.v_changes`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from refillspot.items import StoreKey
    from refillspot.regions import District, Region

COLUMNS = (
    "site", "ref", "name", "branch", "region", "district_code", "district", "field", "old", "new", "last_seen_old",
    "first_seen_new", "crawl",
)  # fmt: skip
"""Of `refillspot.v_changes`, in its order: docs/fields.md."""
MENU = "menu"
"""Stands for all lines of a menu, each of which is a field of its own: `menu:<name>`."""

FIELDS = (
    "status", "refill_verdict", "name", "branch", "addr", "road_addr", "lat", "lon", "phone", "categories", "hours",
    MENU, "refill_price_krw", "refill_prices", "refill_terms", "score", "user_score", "review_count",
)  # fmt: skip
"""What a change can be of."""


@dataclass(slots=True, frozen=True)
class ChangeFilter:
    """Which changes are meant; without anything all of `refillspot.v_changes`. The oldest come first."""

    since: datetime | None = None
    """Those that were noticed then or later."""
    site: str | None = None
    region: Region | None = None
    districts: tuple[District, ...] = ()
    """One of them; empty = any."""
    field: str | None = None
    store: StoreKey | None = None

    def statement(self) -> tuple[sql.Composed, dict[str, Any]]:
        """Return the statement that reads them, and its parameters."""
        reading = sql.SQL("SELECT {} FROM refillspot.v_changes AS c WHERE {} ORDER BY first_seen_new, site, ref, field")
        columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
        return reading.format(columns, sql.SQL(" AND ").join([sql.SQL("true"), *self._conditions()])), {
            "since": self.since,
            "site": self.site,
            "region": self.region and self.region.name,
            "districts": [district.code for district in self.districts],
            "field": self.field,
            "lines": f"{MENU}:",
            "store": self.store and list(self.store),
        }

    def _conditions(self) -> Iterator[sql.Composable]:
        if self.since:
            yield sql.SQL("first_seen_new >= %(since)s")
        if self.site:
            yield sql.SQL("site = %(site)s")
        if self.region:
            yield sql.SQL("region = %(region)s")
        if self.districts:
            yield sql.SQL("district_code = ANY(%(districts)s)")
        if self.field == MENU:
            yield sql.SQL("starts_with(field, %(lines)s)")
        elif self.field:
            yield sql.SQL("field = %(field)s")
        if self.store:
            yield sql.SQL("site = (%(store)s::text[])[1] AND ref = (%(store)s::text[])[2]")
