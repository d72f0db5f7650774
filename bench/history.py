"""What history takes on disk: daily crawls of many stores, of which a share changes each day. `python -m bench.history`

Each crawl sees every store, as pages that are what they were and others in which the price of a line, the hours or the
phone is another one: a third of them each. Sizes are those of PostgreSQL, indexes included, after the last crawl and
VACUUM; the stores' before the first and after the last one. With `--changed-only` no store is looked at that is what it
was: such a look changes a time in place, and takes minutes of the processor for 30 days of 100,000 stores. Sizes grow
with the number of stores: what those looks add to the table, `--stores 10000` tells in a tenth of the time.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import psycopg

from bench import runner
from bench.storage import GROUP, dearer, make_stores
from bench.worker import empty_database, running_services
from refillspot.clock import Clock
from refillspot.items import Day, OpeningHours
from refillspot.postgres.database import migrate_database
from refillspot.postgres.store_row import StoreRow
from refillspot.postgres.stores import StoreTable

if TYPE_CHECKING:
    from bench.runner import Figures
    from refillspot.items import Store

MADE = 10_000  # by the generator; the others are these again under other ids
MOST_BYTES_A_CHANGE = 1000  # a page that is kept takes three times as much
SIZES = """
    SELECT pg_total_relation_size('refillspot.stores'), pg_total_relation_size('refillspot.store_history'),
        (SELECT count(*) FROM refillspot.store_history)
"""


def main() -> int:
    parser = runner.parser(__doc__, rounds=1)
    parser.add_argument("--stores", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--changed", type=float, default=0.02, help="share of the stores that change on a day")
    parser.add_argument("--changed-only", action="store_true", help="leave out what is seen again as it was")
    given = parser.parse_args()
    made = make_stores(min(given.stores, MADE))
    stores = [replace(made[number % MADE], ref=f"{number:012}") for number in range(given.stores)]
    with running_services() as services, empty_database(services.database_url) as url:
        migrate_database(url)
        figures = asyncio.run(crawl(url, stores, given.days, given.changed, changed_only=given.changed_only))
    conditions = {"stores": given.stores, "days": given.days, "changed a day": given.changed}
    conditions["seen again as they were"] = 0 if given.changed_only else 1 - given.changed
    goals = [runner.at_most("bytes of history a change", figures["bytes a change"], MOST_BYTES_A_CHANGE)]
    report = runner.Report("history", conditions, {"history": figures}, goals, {"history": [figures]})
    return runner.publish(report, given.json)


async def crawl(url: str, stores: list[Store], days: int, share: float, *, changed_only: bool) -> Figures:
    rows, random = list(map(StoreRow.of, stores)), Random(7)  # noqa: S311  # invented data
    await write(url, rows, 0)
    before, _history, _changes = sizes(url)
    for day in range(1, days + 1):
        numbers = random.sample(range(len(rows)), round(len(rows) * share))
        for number in numbers:
            rows[number] = StoreRow.of(changed(rows[number].store, day))
        await write(url, [rows[number] for number in numbers] if changed_only else rows, day)
    after, history, changes = sizes(url)
    return {
        "stores MB, day 0": before / 1e6,
        f"stores MB, day {days}": after / 1e6,
        "history MB": history / 1e6,
        "changes": changes,
        "bytes a change": history / changes,
    }


def changed(store: Store, day: int) -> Store:
    if day % 3 == 0:
        return dearer(store)
    if day % 3 == 1:
        return replace(store, phone=f"02-555-{day:04}")
    hours = OpeningHours({weekday: Day([("11:00", f"{20 + day % 4}:00")]) for weekday in range(7)})
    return replace(store, hours=hours, hours_text=f"매일 11:00 - {20 + day % 4}:00")


async def write(url: str, rows: list[StoreRow], day: int) -> None:
    table = StoreTable(url, Clock(timedelta(days=day)))
    for first in range(0, len(rows), GROUP):
        some = rows[first : first + GROUP]
        for row in some:
            row.store.read_ago(0)
        await table.write_rows(some)
    await table.close()


def sizes(url: str) -> tuple[int, int, int]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM refillspot.stores, refillspot.store_history")
        return connection.execute(SIZES).fetchone() or (0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
