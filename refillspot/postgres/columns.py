"""How a `Store` becomes a row: one line a column, and what a later crawl may do to a known value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from refillspot.items import Store

Policy = Literal["replace", "keep", "list", "menu", "terms", "refill"]
"""What a merge does to a row that exists.

replace: the new value counts. keep: the new value counts unless it is NULL or empty, because a poorer page never
erases what is known. list, menu, terms: as keep; but from a page for people, which says less than the API, a part of a
list is no news, a line of the menu keeps its marks and description, and terms are added to those known. refill: as the
page and its menu allow.
"""
BY_PAGES = "EXCLUDED.road = 'pages'"
MARKED_MENU = """(
    SELECT jsonb_agg(line || coalesce((
        SELECT jsonb_build_object('recommended', known -> 'recommended', 'description', known -> 'description')
        FROM jsonb_array_elements(s.menu) AS known WHERE known ->> 'name' = line ->> 'name' LIMIT 1
    ), '{}') ORDER BY place)
    FROM jsonb_array_elements(EXCLUDED.menu) WITH ORDINALITY AS lines (line, place)
)"""
# A page without a menu knows less: it may confirm a verdict, never weaken one that a menu supports. A page for people
# may strengthen it only.
KEEPS_VERDICT = f"""
    EXCLUDED.menu IS NULL AND s.menu IS NOT NULL AND EXCLUDED.refill_verdict <> 'confirmed'
    OR {BY_PAGES} AND array_position(ARRAY['unlikely', 'likely', 'confirmed'], EXCLUDED.refill_verdict)
        < array_position(ARRAY['unlikely', 'likely', 'confirmed'], s.refill_verdict)
"""


@dataclass(slots=True, frozen=True)
class Column:
    name: str
    value: Callable[[Store], Any]
    policy: Policy = "keep"
    empty: str | None = None
    """SQL literal that says no more than NULL."""


NUL_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
"""NUL as JSON writes it; an even number of backslashes before it are text."""


def to_json(value: object) -> str | None:
    """Return JSON that jsonb accepts: PostgreSQL cannot hold NUL, so it is taken out."""
    return None if value is None else NUL_ESCAPE.sub(r"\1", msgspec.json.encode(value).decode())


COLUMNS = (
    Column("ref", lambda store: store.ref, "replace"),
    Column("name", lambda store: store.name, "replace"),
    Column("branch", lambda store: store.branch),
    Column("addr", lambda store: store.addr),
    Column("road_addr", lambda store: store.road_addr),
    Column("district_code", lambda store: store.district_code, "replace"),
    Column("district", lambda store: store.district, "replace"),
    Column("dong", lambda store: store.dong),
    Column("dong_confirmed", lambda store: store.dong_confirmed),
    Column("lat", lambda store: store.lat),
    Column("lon", lambda store: store.lon),
    Column("phone", lambda store: store.phone),
    Column("categories", lambda store: store.categories, "list", empty="'{}'"),
    Column("cuisines", lambda store: store.cuisines, "list", empty="'{}'"),
    Column("score", lambda store: store.score),
    Column("user_score", lambda store: store.user_score),
    Column("review_count", lambda store: store.review_count),
    Column("images", lambda store: store.images, "list", empty="'{}'"),
    Column("hours", lambda store: to_json(store.hours)),
    Column("hours_osm", lambda store: (store.hours.to_osm() or None) if store.hours else None),
    Column("hours_text", lambda store: store.hours_text),
    Column("open_status", lambda store: store.open_status),
    Column("menu", lambda store: to_json(store.menu), "menu", empty="'[]'"),
    Column("refill_verdict", lambda store: store.refill.verdict, "refill"),
    Column("refill_evidence", lambda store: to_json(store.refill.evidence), "refill"),
    Column("refill_prices", lambda store: to_json(store.refill_prices), empty="'[]'"),
    Column("refill_price_krw", lambda store: store.refill_price_krw),
    Column("refill_terms", lambda store: to_json(store.refill_terms), "terms"),
    Column("tags", lambda store: store.tags, "list", empty="'{}'"),
    Column("facilities", lambda store: store.facilities, empty="'{}'"),
    Column("source_url", lambda store: store.source_url, "replace"),
    Column("road", lambda store: store.road, "replace"),
)


def copy_row(store: Store) -> tuple[Any, ...]:
    """Return the values of one COPY row. PostgreSQL cannot hold NUL, so it is taken out."""
    return tuple(_without_nul(column.value(store)) for column in COLUMNS)


def merge_expression(column: Column) -> str:
    """Return what a column is set to when its row exists; `s` is the row, EXCLUDED the newcomer."""
    new, old = f"EXCLUDED.{column.name}", f"s.{column.name}"
    if column.policy == "replace":
        return new
    if column.policy == "refill":
        return f"CASE WHEN {KEEPS_VERDICT} THEN {old} ELSE {new} END"
    kept = f"coalesce({f'nullif({new}, {column.empty})' if column.empty else new}, {old})"
    if column.policy == "list":
        return f"CASE WHEN {BY_PAGES} AND {old} @> {new} THEN {old} ELSE {kept} END"
    if column.policy == "menu":
        return f"CASE WHEN {BY_PAGES} THEN coalesce({MARKED_MENU}, {old}) ELSE {kept} END"
    if column.policy == "terms":
        return f"CASE WHEN {BY_PAGES} THEN coalesce({old} || jsonb_strip_nulls({new}), {new}, {old}) ELSE {kept} END"
    return kept


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_without_nul(element) for element in value]
    return value
