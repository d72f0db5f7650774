"""Days of a city, each crawled once at noon, some of them under kills; then the history is held against the truth."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import Request, urlopen

import psycopg
from psycopg.rows import dict_row

from tests.crawl.moments import PACED, fetched, wait_for_store_pages
from tests.programs import completed
from tests.ten_days.belief import READ_BETWEEN_LINES, Beliefs, Change
from tests.ten_days.city import KEYWORDS, MENU, digits, hours_of, number_lines, price_of

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from typing import LiteralString

    Row = dict[str, Any]

    from tests.crawl.conftest import Site
    from tests.own_postgres import OwnPostgres
    from tests.programs import Program
    from tests.ten_days.city import City, Shown

OF_MENU = {"refill_prices", "refill_terms", "refill_price_krw"}
"""They are worked out from the menu, whose lines the truth lists."""
NOT_TOLD = {"score", "user_score", "review_count"}
OF_TRUTH = {
    "name": {"name"}, "addr": {"address"}, "road_addr": {"road_address"}, "lat": {"lat"}, "lon": {"lon"},
    "phone": {"phone"}, "hours": {"hours"}, "menu": {"menu"}, "refill_verdict": {"verdict"},
    **{name: {"menu", "prices", "refill_price_krw"} for name in OF_MENU},
}  # fmt: skip
"""By a field of the history, those of `/_changes`; what is not here may follow from any."""
KILLED = (*PACED, "-s", "FRONTIER_LEASE_SECONDS=2", "-s", "POSTGRES_COPY_MAX_SECONDS=0.2")


class Look(NamedTuple):
    """A crawl, by the city's clock."""

    began: datetime
    ended: datetime

    def holds(self, moment: datetime) -> bool:
        return self.began <= moment <= self.ended


@dataclass
class Days:
    """`start` starts `scrapy …`; it, the site and PostgreSQL are this run's own."""

    city: City
    site: Site
    postgres: OwnPostgres
    start: Callable[..., Program]
    key_prefix: str
    day: int = 0
    """The next one."""
    looks: list[Look] = field(default_factory=list)
    shown: list[dict[str, Shown]] = field(default_factory=list)
    tables: list[dict[str, Row]] = field(default_factory=list)
    """The stores after each look, by ref."""

    def live(self, *, under_kills: bool = False) -> None:
        """Move on to the noon of the next day, and crawl."""
        options, begun = self.begin(), monotonic()
        if under_kills:
            self._kill(options)
        done = self.crawl(options)
        assert done.returncode == 0, done.stderr[-3000:]
        asked, reached = set(fetched(self.site)), self.city.reached(self.day)
        assert asked >= reached, reached - asked
        self.shown.append(self.city.show(self.day, asked))
        self.looks.append(Look(noon := self.city.noon(self.day), noon + timedelta(seconds=monotonic() - begun)))
        self.tables.append(self.rows())
        self.day += 1

    def miss(self) -> None:
        """Let a day pass on which nobody crawls."""
        self.day += 1

    def begin(self) -> list[str]:
        """Move the site's clock on to noon, and return the options of a crawl then."""
        noon = self.city.noon(self.day)
        with urlopen(Request(f"{self.site.url}/_clock", json.dumps({"to": noon.isoformat()}).encode(), method="POST")):
            pass
        self.site.clear_log()
        return [*self._options, *self.at(noon)]

    def at(self, moment: datetime) -> list[str]:
        """Return the options with which a program believes that it is that time."""
        return ["-s", f"CLOCK_OFFSET_SECONDS={(moment - datetime.now(UTC)).total_seconds()}"]

    def crawl(self, options: list[str]) -> subprocess.CompletedProcess[str]:
        with self.start("crawl", "diningcode", *options) as program:
            return completed(program)

    def rows(self) -> dict[str, Row]:
        """Return the stores that the table has now."""
        return {row["ref"]: row for row in self._read("SELECT * FROM refillspot.stores")}

    @property
    def _options(self) -> list[str]:
        arguments = {"region": self.city.region, "district": "all", "keywords": KEYWORDS}
        settings = {
            "DININGCODE_API_URL": self.site.url,
            "DININGCODE_WEB_URL": self.site.url,
            "POLITENESS_REQUESTS_PER_SECOND": 0,
            "REDIS_KEY_PREFIX": self.key_prefix,
            "UNLIKELY_SAMPLE_SHARE": 1,
            "CACHE_ENABLED": False,
            "LOG_LEVEL": "INFO",
        }
        given = [part for name, value in arguments.items() for part in ("-a", f"{name}={value}")]
        return given + [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]

    def _kill(self, options: list[str]) -> None:
        """Kill a worker, then PostgreSQL under another one, and that one too."""
        pages = len(self.shown[-1])
        for share, victim in ((4, "worker"), (2, "PostgreSQL")):
            with self.start("crawl", "diningcode", *options, *KILLED) as program:
                wait_for_store_pages(self.site, pages // share)
                if victim == "PostgreSQL":
                    self.postgres.kill()
                    self.postgres.start()
                program.kill()
                program.communicate()

    # --- what came of it

    def faults(self) -> Iterator[str]:
        """Yield what is not as the truth has it."""
        history = self._read("SELECT * FROM refillspot.store_history ORDER BY id")
        beliefs = Beliefs()
        for number, shown in enumerate(self.shown):
            rows = self.tables[number].items()
            beliefs.look(number, shown, {ref for ref, row in rows if row["refill_verdict"] != "unlikely"})
            yield from self._wrong_rows(number, beliefs)
        yield from self._wrong_lines(history, beliefs.changes)
        yield from self._invented(history)

    def _wrong_lines(self, history: list[Row], expected: list[Change]) -> Iterator[str]:
        """Compare the history with what the looks come to, change by change."""
        told = defaultdict(list)
        for row in history:
            told[row["ref"], row["field"], self._number(row["first_seen_new"])].append(row)
        for one in expected:
            found = told.pop((one.ref, one.field, one.first_seen_new), [])
            if not found and one.is_certain:
                yield f"not listed: {one}"
            if len(found) > 1:
                yield f"listed {len(found)} times: {one}"
            for row in found:
                yield from self._differences(one, row)
        for (_ref, name, _number), found in told.items():
            if name not in NOT_TOLD | OF_MENU | READ_BETWEEN_LINES | {"hours"}:  # they are still to span a change
                yield f"invented: {found[0]}"
            if len(found) > 1:
                yield f"listed {len(found)} times: {found[0]}"

    def _differences(self, one: Change, row: Row) -> Iterator[str]:
        values = _plain(one.field, row["old"]), _plain(one.field, row["new"])
        if one.is_certain and values != (one.old, one.new):
            yield f"other values: {one}: {values}"
        if not self.looks[one.last_seen_old].holds(row["last_seen_old"]):
            yield f"another look showed the old value last: {one}: {row['last_seen_old']}"

    def _invented(self, history: list[Row]) -> Iterator[str]:
        """Yield the lines during which the truth lists no change that they could be of."""
        true = defaultdict(list)
        for change in self.city.changes(self.day - 1):
            true[change["ref"]].append((change["field"], datetime.fromisoformat(change["at"])))
        for row in history:
            of = OF_TRUTH.get(row["field"].partition(":")[0])
            moments = [at for name, at in true[row["ref"]] if of is None or name in of]
            if row["field"] not in NOT_TOLD and not any(
                row["last_seen_old"] <= at <= row["first_seen_new"] for at in moments
            ):
                yield f"spans no change of the truth: {row}"

    def _number(self, moment: datetime) -> int | None:
        return next((number for number, look in enumerate(self.looks) if look.holds(moment)), None)

    def _wrong_rows(self, number: int, beliefs: Beliefs) -> Iterator[str]:
        """Compare the table after a look with what is to be believed, and with what is said of that moment now."""
        there = self.tables[number]
        then = {
            row["ref"]: row for row in self._read("SELECT * FROM refillspot.stores_at(%s)", self.looks[number].ended)
        }
        for ref in beliefs.stores.keys() | there.keys() | then.keys():
            if not (ref in beliefs.stores and ref in there and ref in then):
                yield f"after look {number}: {ref}: {ref in beliefs.stores}, {ref in there}, {ref in then}"
                continue
            belief = beliefs.stores[ref]
            for name, value in (*belief.values.items(), ("status", belief.status)):
                now, again = _column(there[ref], name), _column(then[ref], name)
                source = "menu" if name in READ_BETWEEN_LINES else name
                is_as_then = now == again or source not in belief.known  # what comes first is no change
                if not is_as_then or (now != value and name not in READ_BETWEEN_LINES):
                    yield f"after look {number}: {ref} {name} is {now!r}, not {value!r}; stores_at: {again!r}"

    def changes_of_looked_at(self) -> list[Row]:
        """Return what the truth lists of stores that were looked at."""
        refs = set().union(*self.shown)
        return [change for change in self.city.changes(self.day - 1) if change["ref"] in refs]

    def counts(self) -> Counter[str]:
        """Count the lines of the history by what they are of."""
        fields = self._read("SELECT split_part(field, ':', 1) AS of FROM refillspot.store_history")
        return Counter(row["of"] for row in fields)

    def _read(self, statement: LiteralString, *values: Any) -> list[Row]:
        with psycopg.connect(self.postgres.url, row_factory=dict_row) as connection:
            return connection.execute(statement, values).fetchall()


def _plain(name: str, value: Any) -> Any:
    """Return a value of the history as a `Belief` has it."""
    if value is None:
        return None
    if name.startswith(MENU):
        return price_of(value["price_text"])
    if name == "hours":
        return hours_of(value["days"])
    if name == "phone":
        return digits(value)
    return frozenset(value) if name == "categories" else value


def _column(row: Row, name: str) -> Any:
    """Return a column of a row as a `Belief` has it."""
    value = row[name]
    if name == "menu":
        return number_lines((line["name"], line["price_text"]) for line in value or ()) or None
    return _plain(name, value)
