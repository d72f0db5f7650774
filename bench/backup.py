"""`scrapy db backup` and `restore` of 100,000 stores with their pages and 30 days of history. `python -m bench.backup`

Beside them, on the same rows and server, pg_dump -Fc and pg_restore of the wheel, which are programs of their own, and
write nothing that an older PostgreSQL reads. A backup is synced, read again and checked, as a user gets it. Each is
a process of its own, whose start does not count. The stores are 5,000 of the replica's, each twenty times under other
names, with 2,000 pages as they are kept; a store has three changes in a month.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic, process_time
from typing import TYPE_CHECKING

import msgspec
import psycopg
from psycopg.conninfo import make_conninfo

from bench import runner
from bench.export import fill
from bench.site import PROJECT, TODAY
from bench.worker import empty_database, running_services
from refillspot.items import ReadPage
from refillspot.postgres.backup import back_up
from refillspot.postgres.columns import COLUMNS as TABLE
from refillspot.postgres.kept_pages import PackedPage
from refillspot.postgres.restoring import restore
from refillspot.services.binaries import find_postgres
from refillspot.sites.diningcode.kept_page import kept_page
from replica import profile
from replica.city import build_city

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.runner import Figures

DIFFERENT, FEW, CHANGES = 2_000, 10, 3  # pages of the replica; the share with which memory is compared; of a store
BACKUP, DUMP, RESTORE, PG_RESTORE = "scrapy db backup", "pg_dump -Fc", "scrapy db restore", "pg_restore"
PAGE = "https://im.diningcode.com/API/profile/"
MIXED = """
    CREATE TEMP TABLE mixed AS SELECT * FROM refillspot.stores;
    TRUNCATE refillspot.stores;
    INSERT INTO refillspot.stores ({names}) SELECT {names} FROM mixed ORDER BY md5(ref)
"""  # copies of a store beside each other would compress as no table does
PAGES = """
    INSERT INTO refillspot.store_pages (site, ref, row, body, digest, kept_at)
    SELECT s.site, s.ref, jsonb_build_object('v_rid', s.ref, 'nm', s.name, 'addr', s.addr), p.body, s.digest, now()
    FROM (SELECT *, row_number() OVER (ORDER BY site, ref) AS n FROM refillspot.stores) AS s
    JOIN page AS p ON p.n = s.n % (SELECT count(*) FROM page) ORDER BY md5(s.ref)
"""
HISTORY = """
    INSERT INTO refillspot.store_history (site, ref, field, old, new, last_seen_old, first_seen_new, crawl)
    SELECT site, ref, 'review_count', to_jsonb(n * 7), to_jsonb(n * 7 + 3), day - interval '1 day', day,
        to_char(day, 'YYYYMMDD-HH24MISS') || '-ab12'
    FROM refillspot.stores, generate_series(1, %s) AS n, LATERAL (SELECT now() - n * interval '10 days' AS day) AS at
"""


def main() -> int:
    parser = runner.parser(__doc__, rounds=3)
    parser.add_argument("--stores", type=int, default=100_000, help="stores of a database (default 100000)")
    parser.add_argument("--case", nargs=3, help="measure one case in this process: its name, a database, a directory")
    arguments = parser.parse_args()
    if arguments.case:
        print(msgspec.json.encode(measure(*arguments.case)).decode())
        return 0
    few = arguments.stores // FEW
    with running_services() as services, empty_database(services.database_url) as many, \
            empty_database(services.database_url) as small, tempfile.TemporaryDirectory() as directory:  # fmt: skip
        cases: dict[str, Callable[[], Figures]] = {}
        for url, count, suffix in ((many, arguments.stores, ""), (small, few, f", {few} stores")):
            fill_database(url, count)
            place = Path(directory, str(count))
            place.mkdir()
            cases |= {name + suffix: partial(measured_apart, name, url, place) for name in (BACKUP, DUMP)}
            for name in cases:  # something to restore
                cases[name]()
            into = partial(restored_apart, services.database_url, place)
            cases |= {name + suffix: partial(into, name) for name in (RESTORE, PG_RESTORE)}
        runs = runner.interleave(cases, arguments.rounds, warm_up=False)
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    beside = runner.ratio(runs, "seconds", of=BACKUP, baseline=DUMP)
    goals = [
        runner.at_most(f"seconds, {BACKUP}", rows[BACKUP]["seconds"], 10.0, DUMP),
        runner.at_most(f"seconds, {RESTORE}", rows[RESTORE]["seconds"], 30.0, PG_RESTORE),
        runner.at_most(f"seconds, {BACKUP} ÷ {DUMP}", beside, 2.0, DUMP),
        *(
            runner.at_most(f"MiB of {name} ÷ those with a tenth of the stores",
                           rows[name]["MiB"] / rows[f"{name}, {few} stores"]["MiB"], 1.2, f"{few} stores")
            for name in (BACKUP, RESTORE)
        ),
    ]  # fmt: skip
    conditions = {"stores": arguments.stores, "rounds": arguments.rounds}
    return runner.publish(runner.Report("backup", conditions, rows, goals, runs), arguments.json)


def fill_database(url: str, count: int) -> None:
    asyncio.run(fill(url, count))
    city = build_city(7, refill_stores=DIFFERENT, ordinary_stores=0)
    bodies = [
        PackedPage.of(ReadPage({}, kept_page(PAGE, 200, profile.answer(store, TODAY)))).body
        for store in city[:DIFFERENT]
    ]
    names = ", ".join(column.name for column in TABLE)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(MIXED.format(names=names).encode())
        connection.execute("CREATE TEMP TABLE page (n int, body bytea)")
        connection.cursor().executemany("INSERT INTO page VALUES (%s, %s)", list(enumerate(bodies)))
        connection.execute(PAGES.encode())
        connection.execute(HISTORY, [CHANGES])
        connection.execute("VACUUM ANALYZE")
        (size,) = connection.execute("SELECT pg_database_size(current_database()) / 1e6").fetchone() or (0,)
    print(f"{count} stores: {size:.0f} MB", file=sys.stderr)


def measured_apart(name: str, url: str, directory: Path) -> Figures:
    command = [sys.executable, "-m", "bench.backup", "--case", name, url, str(directory)]
    done = subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE)
    return msgspec.json.decode(done.stdout, type=dict[str, float])


def restored_apart(server: str, directory: Path, name: str) -> Figures:
    with empty_database(server) as url:
        return measured_apart(name, url, directory)


def measure(name: str, url: str, directory: str) -> Figures:
    place = Path(directory)
    work = {BACKUP: backup, DUMP: pg_dump, RESTORE: restore_archive, PG_RESTORE: pg_restore}[name]
    began, own = monotonic(), process_time()
    file = work(url, place)
    figures = {"seconds": monotonic() - began, "MB of the file": file.stat().st_size / 1e6}
    if name in {DUMP, PG_RESTORE}:
        return figures
    return figures | {"own CPU s": process_time() - own, "MiB": most_memory_mib()}


def most_memory_mib() -> float:
    """Return what this process has had at most: getrusage would begin with what its parent had."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def backup(url: str, directory: Path) -> Path:
    made = back_up(url, directory, datetime.now(UTC)).path
    return made.replace(directory / "backup.zip")


def restore_archive(url: str, directory: Path) -> Path:
    restore(url, directory / "backup.zip")
    return directory / "backup.zip"


def pg_dump(url: str, directory: Path) -> Path:
    file = directory / "pg.dump"
    command: list[str | Path] = [find_postgres() / "pg_dump", "--dbname", make_conninfo(url), "--file", file]
    subprocess.run([*command, "--format", "custom", "--schema", "refillspot"], check=True)
    return file


def pg_restore(url: str, directory: Path) -> Path:
    file = directory / "pg.dump"
    command: list[str | Path] = [find_postgres() / "pg_restore", "--dbname", make_conninfo(url), file]
    subprocess.run(command, check=True)
    return file


if __name__ == "__main__":
    sys.exit(main())
