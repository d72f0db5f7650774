"""What a merge writes down besides the rows: what has changed of a store, and how it was before a crawl.

A change happened between two looks, and carries both. Of a value that was not known before nobody can tell whether it
is new, and of a row that other parsers have read whether the store has changed or the reader: neither is written.
"""

from __future__ import annotations

from refillspot.postgres.columns import ADDRESSES, COLUMNS, SHOWN_AT, has_other_days, lacks_days

OF_PLACE = tuple(column.name for column in COLUMNS if column.of == ADDRESSES)
NOTICED: dict[str, tuple[str, ...]] = {
    "name": (),
    "branch": (),
    "addr": OF_PLACE,
    "road_addr": OF_PLACE,
    "lat": (),
    "lon": (),
    "phone": (),
    "categories": ("cuisines",),
    "hours": ("hours_text", "hours_osm"),
    "refill_verdict": ("refill_evidence",),
    "refill_prices": (),
    "refill_price_krw": (),
    "refill_terms": (),
}
"""Columns that a person would notice, besides the lines of the menu, each with those that change along with it."""
MONTHLY = ("score", "user_score", "review_count")
"""They change every day: of each month the first change is written."""
OF_STATUS = ("status_reason", "status_at")
SAME_POINT = 0.00001  # degrees, some metre
READ = dict.fromkeys(
    [*NOTICED, *(name for along in NOTICED.values() for name in along), *MONTHLY, "menu", "tags", "status", *OF_STATUS]
)
CHANGED = f"""
    s.site, s.ref, EXCLUDED.fetched_at, {SHOWN_AT} AS shown_at, old.last_seen_at, old.unsaid,
    old.channel AS old_channel, old.parser_version IS NOT DISTINCT FROM s.parser_version AS is_comparable,
    {", ".join(f"old.{name} AS old_{name}, s.{name} AS new_{name}" for name in READ)}
"""
"""Of each row that a merge has changed, what `NOTE_CHANGES` reads."""


def _is_other(name: str) -> str:
    """Return the condition that a person would see another value."""
    old, new = f"old_{name}", f"new_{name}"
    if name in {"lat", "lon"}:
        return f"abs({old} - {new}) > {SAME_POINT} OR {new} IS NULL"
    if name == "categories":  # in whatever order
        return f"NOT coalesce({old} @> {new} AND {new} @> {old}, false)"
    if name == "hours":  # other words for the same hours are none, nor are other weekdays than those known before
        without_days = "- ARRAY['days', 'notes', 'exceptions']"
        return f"""old_hours_text IS DISTINCT FROM new_hours_text AND CASE
            WHEN {old} IS NULL OR {new} IS NULL
            THEN old_hours_osm IS DISTINCT FROM new_hours_osm OR old_hours_osm IS NULL
            ELSE {old} <> {new} AND ({has_other_days(old, new)}
                OR {old} {without_days} <> {new} {without_days} AND NOT {lacks_days(old, new)})
        END"""
    if name == "refill_verdict":  # without a menu or tags less was known
        return f"""{old} <> {new} AND ({_was_told("menu")} OR {_known("new_menu")} IS NULL)
            AND ({_was_told("tags")} OR new_tags IS NULL)"""
    return f"{old} IS DISTINCT FROM {new}"


def _known(menu: str) -> str:
    """Return a menu, NULL where a page had its place and no line: one such page may say less than the next."""
    return f"nullif({menu}, '[]')"


def _was_told(name: str) -> str:
    """Return the condition that the old value was known, also if there was none."""
    of_menu = {column.name for column in COLUMNS if column.of == ("menu",)}
    column = "hours_text" if name == "hours" else "menu" if name in of_menu else name
    told = f"{_known('old_menu') if column == 'menu' else f'old_{column}'} IS NOT NULL"
    nameless = "old_channel = 'api'" if name == "branch" else "false"  # most stores have none, and their pages say so
    return f"({told} OR {nameless} OR unsaid ? '{'hours_text' if name == 'hours' else name}')"


def _since(name: str) -> str:
    """Return when the old value was shown last; a verdict by all that it is read from."""
    columns = {"hours": ("hours_text",), "refill_verdict": ("menu", "tags")}.get(name, (name,))
    unsaid = ", ".join(f"(unsaid #>> '{{{column},since}}')::timestamptz" for column in columns)
    return f"coalesce(least({unsaid}), shown_at)"


def _along(names: tuple[str, ...]) -> str:
    pairs = ", ".join(f"'{name}', old_{name}" for name in names)
    return f"jsonb_build_object({pairs})" if names else "NULL::jsonb"


def _change(name: str, along: tuple[str, ...]) -> str:
    return f"""
        SELECT '{name}', to_jsonb(old_{name}), to_jsonb(new_{name}), {_along(along)}, {_since(name)}
        WHERE is_comparable AND {_was_told(name)} AND ({_is_other(name)})
    """


def _count_change(name: str) -> str:
    return f"""
        SELECT '{name}', to_jsonb(old_{name}), to_jsonb(new_{name}), NULL, shown_at
        WHERE CASE WHEN is_comparable AND old_{name} <> new_{name} THEN NOT EXISTS (
            SELECT FROM refillspot.store_history AS h
            WHERE (h.site, h.ref) = (changed.site, changed.ref) AND h.field = '{name}'
                AND h.first_seen_new >= date_trunc('month', changed.fetched_at, 'Asia/Seoul')
        ) END
    """  # only then is it looked for


def _lines(menu: str) -> str:
    """Return the lines of a menu, those of one name counted from the cheapest on."""
    return f"""(
        SELECT line ->> 'name' AS name, line,
            row_number() OVER (PARTITION BY line ->> 'name' ORDER BY line -> 'price_krw') AS nr
        FROM jsonb_array_elements(CASE jsonb_typeof({menu}) WHEN 'array' THEN {menu} ELSE '[]' END) AS line
    )"""


MENU_CHANGES = f"""
    SELECT 'menu:' || name || CASE WHEN nr > 1 THEN '#' || nr ELSE '' END, was.line, has.line,
        NULL::jsonb, {_since("menu")}
    FROM {_lines("old_menu")} AS was FULL JOIN {_lines("new_menu")} AS has USING (name, nr)
    WHERE is_comparable AND {_was_told("menu")} AND old_menu IS DISTINCT FROM new_menu AND (
        was.line IS NULL OR has.line IS NULL OR was.line -> 'price_krw' <> has.line -> 'price_krw'
        OR was.line ->> 'price_krw' IS NULL AND was.line -> 'price_text' <> has.line -> 'price_text'
    )
"""
STATUS_CHANGE = f"""
    SELECT 'status', to_jsonb(old_status), to_jsonb(new_status), {_along(OF_STATUS)}, changed.last_seen_at
    WHERE old_status <> new_status
"""
NOTE = """
    INSERT INTO refillspot.store_history (site, ref, field, old, new, along, last_seen_old, first_seen_new, crawl)
"""
CHANGES = (
    *(_change(name, along) for name, along in NOTICED.items()),
    MENU_CHANGES,
    STATUS_CHANGE,
    *map(_count_change, MONTHLY),
)
NOTE_CHANGES = f"""{NOTE}
    SELECT site, ref, field, nullif(old, 'null'), nullif(new, 'null'), along, least(since, fetched_at), fetched_at,
        %(crawl)s
    FROM changed CROSS JOIN LATERAL ({" UNION ALL ".join(CHANGES)}) AS change (field, old, new, along, since)
"""
NOTE_REOPENED = f"""{NOTE}
    SELECT site, ref, 'status', to_jsonb(status), '"operating"',
        jsonb_build_object('status_reason', status_reason, 'status_at', status_at),
        least(last_seen_at, fetched_at), fetched_at, %(crawl)s
    FROM known WHERE status <> 'operating'
"""
"""Of stores that are seen again as they were, in `known`."""
