"""Stores as everything outside a crawl reads them: filters become one statement on the outward views.

For commands: this blocks. An account that may only read is enough, see `scrapy db grant-reader`.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import psycopg
from psycopg import IsolationLevel, errors, sql
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from refillspot.parsing.text import clean_text
from refillspot.postgres.connection import open_connection
from refillspot.postgres.database import migrate_database
from refillspot.postgres.suitability import errors_told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import LiteralString

    from refillspot.items import Verdict
    from refillspot.postgres.changes import ChangeFilter
    from refillspot.regions import District, Region

Sort = Literal["key", "distance", "name", "price", "seen"]

BATCH = 1000  # rows in memory
COLUMNS = (
    "site", "ref", "name", "branch", "region", "district_code", "district", "dong", "dong_confirmed", "addr",
    "road_addr", "lat", "lon", "phone", "phone_is_mobile", "categories", "cuisines", "refill_verdict",
    "refill_evidence", "refill_price_krw", "refill_prices", "refill_terms", "menu", "hours", "hours_osm",
    "hours_text", "open_status", "tags", "facilities", "score", "user_score", "review_count", "images",
    "source_url", "channel", "status", "first_seen_at", "last_seen_at",
)  # fmt: skip
"""Of `refillspot.v_stores`, in its order: docs/fields.md."""
DISTANCE = "distance_m"
"""A column more, where the filter has a circle: metres from its centre."""
METRES = sql.SQL("refillspot.metres_between(%(lat)s, %(lon)s, s.lat, s.lon)")
ORDERS: dict[Sort, sql.Composable] = {
    "key": sql.SQL("s.site, s.ref"),
    "distance": sql.SQL("{}, s.site, s.ref").format(METRES),
    "name": sql.SQL("s.name, s.branch NULLS FIRST, s.site, s.ref"),
    "price": sql.SQL("s.refill_price_krw NULLS LAST, s.site, s.ref"),
    "seen": sql.SQL("s.last_seen_at DESC, s.site, s.ref"),
}
CLOSER = sql.SQL("""(
    SELECT CASE count(*) WHEN %(limit)s THEN max(metres) ELSE %(metres)s END AS metres FROM (
        SELECT {metres} AS metres FROM refillspot.v_stores AS s WHERE {where}
        ORDER BY point(s.lon, s.lat) <-> point(%(lon)s, %(lat)s) LIMIT %(limit)s
    ) AS nearby
) AS circle JOIN refillspot.v_stores AS s
    ON refillspot.lies_within(s.lat, s.lon, %(lat)s, %(lon)s, circle.metres)""")
"""The circle of those that are nearest in degrees, which the index knows: the nearest in metres lie in it, too."""
CRAWLS = """
    SELECT id, spider, arguments, state, started_at, ended_at FROM refillspot.crawls, (
        SELECT site, min(last_seen_at) AS first, max(last_seen_at) AS last FROM ({}) AS meant GROUP BY site
    ) AS seen
    WHERE spider = site AND started_at <= last AND coalesce(ended_at, 'infinity') >= first ORDER BY started_at, id
"""
ENDED_CRAWLS = """
    SELECT count(*) FROM refillspot.crawls
    WHERE state = 'complete' AND accepted AND ended_at >= %s AND (%s::text IS NULL OR spider = %s)
"""
BY_ID = sql.SQL("s.ref = %(ref)s AND (%(site)s::text IS NULL OR s.site = %(site)s) ORDER BY s.site")
LISTED = sql.SQL("SELECT {}, true AS listed FROM refillspot.v_stores AS s WHERE {}").format(
    sql.SQL(", ").join(sql.Identifier("s", name) for name in COLUMNS), BY_ID
)
NOT_SHOWN = "NOT EXISTS (SELECT FROM refillspot.v_stores AS v WHERE (v.site, v.ref) = (s.site, s.ref))"
UNLISTED = sql.SQL(
    f"SELECT {{}}, false AS listed FROM refillspot.accepted_stores AS s WHERE {NOT_SHOWN} AND {{}}"
).format(sql.SQL(", ").join(sql.Identifier("s", name) for name in COLUMNS if name != "phone_is_mobile"), BY_ID)
UNLISTED_OF = sql.SQL(f"""
    SELECT {{}} FROM refillspot.accepted_stores AS s WHERE {NOT_SHOWN} AND (%(site)s::text IS NULL OR s.site = %(site)s)
        AND (%(region)s::text IS NULL OR s.region = %(region)s) ORDER BY s.site, s.ref
""")
UNBELIEVED = sql.SQL("SELECT count(*) FROM refillspot.held_rows WHERE row IS NULL")
REFS_LIKE = sql.SQL(
    "SELECT ref FROM refillspot.v_stores WHERE left(lower(ref), 4) = left(lower(%(ref)s), 4)"
    " OR right(lower(ref), 4) = right(lower(%(ref)s), 4) ORDER BY ref LIMIT 100"
)


@dataclass(slots=True, frozen=True)
class Circle:
    """What lies within `metres` of a point, WGS84 degrees."""

    lat: float
    lon: float
    metres: float


@dataclass(slots=True, frozen=True)
class StoreFilter:
    """Which stores are meant, in which order; without anything all of `refillspot.v_stores`."""

    site: str | None = None
    region: Region | None = None
    districts: tuple[District, ...] = ()
    """One of them; empty = any."""
    cuisine: str | None = None
    """One of the ten words of docs/fields.md."""
    max_price: int | None = None
    """Won; a store whose price is not known is none."""
    verdict: Verdict | None = None
    near: Circle | None = None
    text: str | None = None
    """In name and branch, a category or a line of the menu; capitals and spaces make no difference."""
    sort: Sort = "key"
    """distance: only with `near`."""
    limit: int | None = None

    def statement(self, columns: Sequence[str], *, in_any_order: bool = False) -> tuple[sql.Composed, dict[str, Any]]:
        """Return the statement that reads these columns of the stores, and its parameters."""
        names = [METRES if name == DISTANCE else sql.Identifier("s", name) for name in columns]
        where = sql.SQL(" AND ").join([sql.SQL("true"), *self._conditions()])
        is_few = self.near and self.limit and self.sort == "distance" and not self.text
        is_sorted = self.limit is not None or not in_any_order  # a limit takes the first of them
        chosen = sql.SQL("SELECT {} FROM {} WHERE {} {} LIMIT %(limit)s").format(
            sql.SQL(", ").join(
                sql.SQL("{} AS {}").format(what, sql.Identifier(name))
                for what, name in zip(names, columns, strict=True)
            ),
            CLOSER.format(where=where, metres=METRES) if is_few else sql.SQL("refillspot.v_stores AS s"),
            where,
            sql.SQL("ORDER BY {}").format(ORDERS[self.sort]) if is_sorted else sql.SQL(""),
        )
        return chosen, self._parameters()

    def _conditions(self) -> Iterator[sql.Composable]:
        if self.site:
            yield sql.SQL("s.site = %(site)s")
        if self.region:
            yield sql.SQL("s.region = %(region)s")
        if self.districts:
            yield sql.SQL("s.district_code = ANY(%(districts)s)")
        if self.cuisine:
            yield sql.SQL("%(cuisine)s = ANY(s.cuisines)")
        if self.max_price is not None:
            yield sql.SQL("s.refill_price_krw <= %(max_price)s")
        if self.verdict:
            yield sql.SQL("s.refill_verdict = %(verdict)s")
        if self.text:
            yield sql.SQL("refillspot.says(s.name, s.branch, s.categories, s.menu, %(text)s)")
        if self.near and self.text:  # the text's index alone: to look into the text of each store nearby takes longer
            yield sql.SQL("{} <= %(metres)s").format(METRES)
        elif self.near:
            yield sql.SQL("refillspot.lies_within(s.lat, s.lon, %(lat)s, %(lon)s, %(metres)s)")

    def _parameters(self) -> dict[str, Any]:
        return {
            "site": self.site,
            "region": self.region and self.region.name,
            "districts": [district.code for district in self.districts],
            "cuisine": self.cuisine,
            "max_price": self.max_price,
            "verdict": self.verdict,
            "lat": self.near and self.near.lat,
            "lon": self.near and self.near.lon,
            "metres": self.near and self.near.metres,
            "text": clean_text(self.text),
            "limit": self.limit,
        }


ALL = StoreFilter()


class StoreSnapshot:
    """The stores as they are at one moment, however long it takes to read them."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def rows(self, wanted: StoreFilter = ALL, columns: Sequence[str] = COLUMNS) -> Iterator[dict[str, Any]]:
        """Yield the stores that are meant; memory does not grow with their number."""
        with self._connection.cursor("stores", row_factory=dict_row) as cursor:
            cursor.itersize = BATCH
            cursor.execute(*wanted.statement(columns))
            yield from cursor

    def values(self, wanted: StoreFilter = ALL, columns: Sequence[str] = COLUMNS) -> Iterator[tuple[Any, ...]]:
        """Yield the same as tuples, while the server goes on reading. Until the last one nothing else can be asked."""
        yield from self._connection.cursor().stream(*wanted.statement(columns))

    def records(self, wanted: StoreFilter, cells: Mapping[str, LiteralString]) -> Iterator[bytes]:
        """Yield the same as records of CSV without line ends, which the server writes; else as `values`.

        `cells` says for each column what its cell is made of, in SQL, with {0} for the column.
        """
        statement, parameters = wanted.statement(list(cells))
        made = [sql.SQL(cell).format(sql.Identifier("s", name)) for name, cell in cells.items()]
        copying = sql.SQL("COPY (SELECT {} FROM ({}) AS s) TO STDOUT (FORMAT csv)")
        with self._connection.cursor().copy(copying.format(sql.SQL(", ").join(made), statement), parameters) as copy:
            for record in copy:  # libpq hands on one at a time
                yield bytes(record).removesuffix(b"\n")

    def lines(self, wanted: StoreFilter = ALL, columns: Sequence[str] = COLUMNS) -> Iterator[bytes]:
        """Yield the same as JSON in UTF-8 without line breaks, which the server writes; else as `values`."""
        statement, parameters = wanted.statement(columns)
        copying = sql.SQL("COPY (SELECT to_json(s) FROM ({}) AS s) TO STDOUT (FORMAT binary)").format(statement)
        with self._connection.cursor().copy(copying, parameters) as copy:
            copy.set_types(["bytea"])  # as it comes: what is binary of JSON is its text
            for (line,) in copy.rows():
                yield line

    def crawls(self, wanted: StoreFilter = ALL) -> list[dict[str, Any]] | None:
        """Return the crawls that ran when these stores were last seen; None: this account may not read them."""
        may_read = "SELECT has_table_privilege('refillspot.crawls', 'SELECT')"
        if not (self._connection.execute(may_read).fetchone() or (False,))[0]:
            return None
        statement, parameters = wanted.statement(["site", "last_seen_at"], in_any_order=True)
        return self._read(sql.SQL(CRAWLS).format(statement), parameters)

    def counts(self, wanted: StoreFilter = ALL) -> dict[Verdict, int]:
        """Return how many of each verdict are meant."""
        statement, parameters = wanted.statement(["refill_verdict"], in_any_order=True)
        counting = sql.SQL("SELECT refill_verdict, count(*) FROM ({}) AS meant GROUP BY 1").format(statement)
        return dict(self._connection.execute(counting, parameters).fetchall())

    def ended_crawls(self, since: datetime, site: str | None) -> int:
        """Return how many complete crawls have ended since then whose stores are shown to others."""
        found = self._connection.execute(ENDED_CRAWLS, [since, site, site]).fetchone()
        return int(found[0]) if found else 0

    def changes(self, wanted: ChangeFilter) -> Iterator[dict[str, Any]]:
        """Yield what has changed, the oldest first, by the columns of `refillspot.v_changes`; else as `rows`."""
        with self._connection.cursor("changes", row_factory=dict_row) as cursor:
            cursor.itersize = BATCH
            cursor.execute(*wanted.statement())
            yield from cursor

    def known(self, ref: str, site: str | None = None) -> list[dict[str, Any]]:
        """Return the stores with this id, one a site; `listed` is False for those that the view leaves out."""
        parameters = {"ref": clean_text(ref), "site": site}
        return self._read(LISTED, parameters) + self._read_if_allowed(UNLISTED, parameters)

    def unlisted(self, wanted: StoreFilter, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Return stores of a site and a region that the view leaves out; none where this account may not read them."""
        statement = UNLISTED_OF.format(sql.SQL(", ").join(sql.Identifier("s", name) for name in columns))
        return self._read_if_allowed(statement, {"site": wanted.site, "region": wanted.region and wanted.region.name})

    def unbelieved(self) -> int:
        """Return how many stores are known only by crawls that have not ended, or are held; 0 for who may not look."""
        return sum(row["count"] for row in self._read_if_allowed(UNBELIEVED, {}))

    def refs_like(self, ref: str) -> list[str]:
        """Return ids of listed stores that begin or end as this one does."""
        return [row["ref"] for row in self._read(REFS_LIKE, {"ref": clean_text(ref)})]

    def _read_if_allowed(self, statement: sql.SQL | sql.Composed, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        """Return nothing where the account may read the outward views and nothing else."""
        try:
            with self._connection.transaction():
                return self._read(statement, parameters)
        except errors.InsufficientPrivilege:
            return []

    def _read(self, statement: sql.SQL | sql.Composed, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement, parameters).fetchall()


@contextmanager
def snapshot(database_url: str, *, json_as_text: bool = False) -> Iterator[StoreSnapshot]:
    """Look at the stores as they are now; with `json_as_text`, columns of JSON are left as text.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer, or this account may not read them.
    """
    with errors_told():
        with suppress(errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction):
            migrate_database(database_url)  # who may only read takes the views as they are
        with open_connection(database_url) as connection:
            connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
            set_json_loads(_as_text if json_as_text else msgspec.json.decode, connection)
            yield StoreSnapshot(connection)


def read(database_url: str, wanted: StoreFilter = ALL, columns: Sequence[str] = COLUMNS) -> list[dict[str, Any]]:
    """Return the stores that are meant; for many of them, see `snapshot`."""
    with snapshot(database_url) as stores:
        return list(stores.rows(wanted, columns))


def _as_text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()
