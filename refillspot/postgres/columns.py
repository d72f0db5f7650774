"""How a `Store` becomes a row: one line a column, and what a later crawl may do to a known value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from refillspot.items import StoreKey

Policy = Literal["replace", "keep", "derived", "list", "menu", "terms", "refill", "hours"]
"""What a merge does to a row that exists.

replace: the new value counts. keep: the new value counts unless it is NULL or empty, because a poorer page never
erases what is known. derived: the new value counts where that is said from which it is worked out. list, menu, terms:
as keep; but from a page for people, which says less than the API, a part of a list is no news, a line of the menu keeps
its marks and description, and terms are added to those known. refill: as the page and its menu allow. hours: as keep;
but a week with closings of single dates (a festival) is no news of its days beside hours that are known, nor is a part
of them, such as today's. Each of them
comes to the same whether a page is merged once or twice in a row.

Of a list that could not be read whole, what is missing is no news either. A value that `CAN_VANISH` is gone when
`PAGES` of them had its place without it.
"""
BY_WEB = "EXCLUDED.channel = 'web'"
MARKED_MENU = """(
    SELECT jsonb_agg(line || coalesce((
        SELECT jsonb_build_object('recommended', known -> 'recommended', 'description', known -> 'description')
        FROM jsonb_array_elements(s.menu) AS known WHERE known ->> 'name' = line ->> 'name' LIMIT 1
    ), '{}') ORDER BY place)
    FROM jsonb_array_elements(EXCLUDED.menu) WITH ORDINALITY AS lines (line, place)
)"""
MENU_READ_IN_PART = """(
    SELECT jsonb_agg(CASE WHEN line ->> 'price_text' IS NULL THEN coalesce((
        SELECT known FROM jsonb_array_elements(s.menu) AS known WHERE known ->> 'name' = line ->> 'name' LIMIT 1
    ), line) ELSE line END ORDER BY place)
    FROM jsonb_array_elements(EXCLUDED.menu) WITH ORDINALITY AS lines (line, place)
) || (
    SELECT coalesce(jsonb_agg(line ORDER BY place), '[]')
    FROM jsonb_array_elements(coalesce(s.menu, '[]')) WITH ORDINALITY AS lines (line, place)
    WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(EXCLUDED.menu) AS new WHERE new ->> 'name' = line ->> 'name')
)"""


def has_exceptions(row: str) -> str:
    """Return the condition that a page tells of closings of single dates, beside a row that knows hours."""
    return f"{row}.hours IS NOT NULL AND jsonb_array_length(coalesce(EXCLUDED.hours -> 'exceptions', '[]')) > 0"


def lacks_days(old: str, new: str) -> str:
    """Return the condition that one value of `hours` tells nothing of a weekday that another one knows."""
    return f"NOT coalesce({new} -> 'days' ?& ARRAY(SELECT jsonb_object_keys({old} -> 'days')), true)"


def has_other_days(old: str, new: str) -> str:
    """Return the condition that two values of `hours` differ in a weekday that both know."""
    return f"""EXISTS (
        SELECT FROM jsonb_each({old} -> 'days') AS old_day JOIN jsonb_each({new} -> 'days') AS new_day USING (key)
        WHERE old_day.value <> new_day.value
    )"""


SAYS_FEWER_DAYS = f"""s.hours <> EXCLUDED.hours AND s.hours -> 'days' ?| ARRAY(
    SELECT jsonb_object_keys(EXCLUDED.hours -> 'days')
) AND {lacks_days("s.hours", "EXCLUDED.hours")} AND NOT {has_other_days("s.hours", "EXCLUDED.hours")}"""
KEEPS_HOURS = f"({has_exceptions('s')} OR {SAYS_FEWER_DAYS})"
CAN_VANISH = (
    "branch", "addr", "road_addr", "lat", "lon", "phone", "categories", "hours_text", "menu", "refill_prices",
    "refill_price_krw", "refill_terms", "tags", "facilities",
)  # fmt: skip
PAGES = 3


def is_gone(name: str) -> str:
    """Return the condition that a value has vanished by this page; `looked` is what `UNSAID` comes to."""
    return f"""looked.unsaid @> '{{"{name}": {{"pages": {PAGES}}}}}'"""


def is_partial(name: str) -> str:
    """Return the condition that something of a list could not be read."""
    return f"'{name}' = ANY(EXCLUDED.partial)"


def lacks(name: str) -> str:
    """Return the condition that a page does not tell of a list that is known, or not all of it."""
    is_short = f"coalesce(EXCLUDED.{name}, {EMPTY[name]}) = {EMPTY[name]} OR {is_partial(name)}"
    return (
        f"({is_short}) AND coalesce(s.{name}, {EMPTY[name]}) <> {EMPTY[name]} AND NOT coalesce({is_gone(name)}, false)"
    )


EMPTY = {"menu": "'[]'", "tags": "'{}'"}
RANKS = "ARRAY['unlikely', 'likely', 'confirmed']"
IS_WEAKER = f"array_position({RANKS}, EXCLUDED.refill_verdict) < array_position({RANKS}, s.refill_verdict)"
# A page without a menu or its tags knows less: it may confirm a verdict, never weaken one that they support. A page for
# people may strengthen it only.
KEEPS_VERDICT = f"""
    {lacks("menu")} AND EXCLUDED.refill_verdict <> 'confirmed' OR ({BY_WEB} OR {lacks("tags")}) AND {IS_WEAKER}
"""


@dataclass(slots=True, frozen=True)
class Column:
    name: str
    type: str = "text"
    """Of the staging table: integers have room there for what the table will refuse."""
    policy: Policy = "keep"
    attribute: str | None = None
    """Of a `Store`; None = the column's name."""
    empty: str | None = None
    """SQL literal that says no more than NULL."""
    of: tuple[str, ...] = ()
    """Columns from which it is worked out."""


KEY = ("site", "ref")
KEY_LIST = ", ".join(KEY)
ADDRESSES = ("addr", "road_addr")
STORE_COLUMNS = (
    Column("site", policy="replace"),
    Column("ref", policy="replace"),
    Column("name", policy="replace"),
    Column("branch"),
    Column("addr"),
    Column("road_addr"),
    Column("district_code", policy="derived", of=ADDRESSES),
    Column("district", policy="derived", of=ADDRESSES),
    Column("region", policy="derived", of=ADDRESSES),
    Column("dong", of=ADDRESSES),
    Column("dong_confirmed", "bool", of=ADDRESSES),
    Column("lat", "float8"),
    Column("lon", "float8"),
    Column("phone"),
    Column("categories", "text[]", "list", empty="'{}'"),
    Column("cuisines", "text[]", "list", empty="'{}'", of=("categories",)),
    Column("score", "int8"),
    Column("user_score", "float8"),
    Column("review_count", "int8"),
    Column("images", "text[]", "list", empty="'{}'"),
    Column("hours", "jsonb", "hours", of=("hours_text",)),
    Column("hours_text", policy="hours"),
    Column("open_status"),
    Column("menu", "jsonb", "menu", empty="'[]'"),
    Column("refill_verdict", policy="refill", attribute="refill.verdict"),
    Column("refill_evidence", "jsonb", policy="refill", attribute="refill.evidence"),
    Column("refill_prices", "jsonb", empty="'[]'", of=("menu",)),
    Column("refill_price_krw", "int8", of=("menu",)),
    Column("refill_terms", "jsonb", "terms", of=("menu",)),
    Column("tags", "text[]", "list", empty="'{}'"),
    Column("facilities", "text[]", "list", empty="'{}'"),
    Column("source_url", policy="replace"),
    Column("channel", policy="replace"),
)
COLUMNS = (
    *STORE_COLUMNS,
    Column("hours_osm", policy="hours", of=("hours_text",)),
    Column("digest", "int8", "replace"),
    Column("parser_version", "int8", "replace"),
)
"""Those of a `Store`, then those that a `StoreRow` adds."""


def by_key(keys: Iterable[StoreKey]) -> dict[str, list[str]]:
    """Return the parameters `sites` and `refs` of a statement about these stores."""
    pairs = list(keys)
    return {"sites": [site for site, _ref in pairs], "refs": [ref for _site, ref in pairs]}


NUL = b"\\u0000"
NUL_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
"""NUL as JSON writes it; an even number of backslashes before it are text."""


def encode_json(value: object) -> bytes:
    """Return JSON that jsonb accepts: PostgreSQL cannot hold NUL, so it is taken out."""
    encoded = msgspec.json.encode(value)
    return NUL_ESCAPE.sub(rb"\1", encoded) if NUL in encoded else encoded


def without_nul(value: Any) -> Any:
    """Return the value of a column as PostgreSQL accepts it; JSON is left to `encode_json`."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [without_nul(element) for element in value]
    return value


def reread_expression(column: Column) -> str:
    """Return what a column is set to when the newest page is read again.

    What another parser made of the same words is no knowledge: it goes, even where nothing comes in its place.
    """
    if column.policy == "hours" and column.of:
        is_other = f"{has_exceptions('s')} AND s.hours_text IS DISTINCT FROM EXCLUDED.hours_text"
        return f"CASE WHEN {is_other} THEN s.{column.name} ELSE {_derived(column)} END"
    return _derived(column) if column.of else merge_expression(column)


def _derived(column: Column) -> str:
    is_said = " OR ".join(f"EXCLUDED.{name} IS NOT NULL" for name in column.of)
    return f"CASE WHEN {is_said} THEN EXCLUDED.{column.name} ELSE s.{column.name} END"


def merge_expression(column: Column) -> str:
    """Return what a column is set to when its row exists; `s` is the row, EXCLUDED the newcomer."""
    gone = [is_gone(name) for name in (column.name, *column.of) if name in CAN_VANISH and column.of != ADDRESSES]
    kept = _kept_expression(column)
    return f"CASE WHEN {' OR '.join(gone)} THEN EXCLUDED.{column.name} ELSE {kept} END" if gone else kept


def _kept_expression(column: Column) -> str:
    new, old = f"EXCLUDED.{column.name}", f"s.{column.name}"
    if column.policy == "replace":
        return new
    if column.policy == "derived":
        return _derived(column)
    kept = f"coalesce({said(column, 'EXCLUDED')}, {old})"
    if column.policy == "menu":
        kept = f"CASE WHEN {is_partial(column.name)} THEN coalesce({MENU_READ_IN_PART}, {old}) ELSE {kept} END"
        return f"CASE WHEN {BY_WEB} THEN coalesce({MARKED_MENU}, {old}) ELSE {kept} END"
    if column.of == ("menu",):
        kept = f"CASE WHEN {is_partial('menu')} THEN coalesce({old}, {new}) ELSE {kept} END"
    keeps_old = {
        "hours": KEEPS_HOURS,
        "list": f"({BY_WEB} OR {is_partial(column.name)}) AND {old} @> {new}",
    }.get(column.policy)
    if keeps_old:
        return f"CASE WHEN {keeps_old} THEN {old} ELSE {kept} END"
    if column.policy == "terms":
        return f"CASE WHEN {BY_WEB} THEN coalesce({old} || jsonb_strip_nulls({new}), {new}, {old}) ELSE {kept} END"
    return f"CASE WHEN {KEEPS_VERDICT} THEN {old} ELSE {new} END" if column.policy == "refill" else kept


def said(column: Column, row: str) -> str:
    """Return the value of a column in a row, NULL where it says nothing."""
    return f"nullif({row}.{column.name}, {column.empty})" if column.empty else f"{row}.{column.name}"


def _unsaid_entry(column: Column) -> str:
    """Return the entry of a value that the newcomer does not say and the row has, or had."""
    name = column.name
    says_nothing = f"{said(column, 'EXCLUDED')} IS NULL"
    if column.policy == "hours":
        says_nothing = f"({says_nothing} OR {has_exceptions('old')})"
    return f"""'{name}', CASE
        WHEN {says_nothing} AND ({said(column, "old")} IS NOT NULL OR old.unsaid ? '{name}')
        THEN jsonb_build_object(
            'since', coalesce(old.unsaid #> '{{{name},since}}', to_jsonb({SHOWN_AT})),
            'pages', least({PAGES}, coalesce((old.unsaid #>> '{{{name},pages}}')::int, 0)
                + ('{name}' = ANY(EXCLUDED.blank) AND EXCLUDED.fetched_at > {SHOWN_AT} + interval '1 second')::int)
        )
    END"""


SHOWN_AT = "coalesce(old.fetched_at, old.last_seen_at)"
UNSAID = f"""nullif(jsonb_strip_nulls(jsonb_build_object(
    {", ".join(_unsaid_entry(column) for column in STORE_COLUMNS if column.name in CAN_VANISH)}
)), '{{}}')"""
"""What `stores.unsaid` is set to; `old` is the row."""
IS_COUNTING = f"""coalesce(jsonb_path_exists(s.unsaid, '$.*.pages ? (@ > 0 && @ < {PAGES})'), false)"""
"""The next page decides whether something has vanished, even if it says what the last one said."""
