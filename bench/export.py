"""Files of 100,000 stores, all columns: seconds and memory of `scrapy export`. `python -m bench.export`

An export is written, synced, read again and given its manifest, as a user gets it. Beside it, without any of that:
Scrapy's own exporter of CSV, of the same rows, and geopandas, which holds all stores in memory and has nested values as
text. Each case is a process of its own, whose start does not count; "own CPU s" is what it computed, without the server
and without waiting for a processor. The stores are 5,000 of the replica's, each twenty times under other names.
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, process_time
from typing import TYPE_CHECKING, Any, cast

import msgspec
import psycopg
from psycopg.rows import dict_row

from bench import runner
from bench.site import PROJECT
from bench.storage import make_stores
from bench.worker import empty_database, running_services
from refillspot.clock import Clock
from refillspot.export.files import ExportFile, describe
from refillspot.export.formats import find_format
from refillspot.export.rows import Chosen
from refillspot.postgres.columns import COLUMNS as TABLE
from refillspot.postgres.outward import COLUMNS, StoreFilter, snapshot
from refillspot.postgres.stores import StoreTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BytesIO

    from bench.runner import Figures

DIFFERENT, FEW = 5_000, 10  # stores of the replica; the share of them with which memory is compared
CSV, PARQUET, FEED, GEOPANDAS = "scrapy export, CSV", "scrapy export, GeoParquet", "Scrapy's CSV", "geopandas"
FILES = {CSV: "stores.csv", PARQUET: "stores.parquet", FEED: "feed.csv", GEOPANDAS: "geopandas.parquet"}
if not find_spec("geopandas"):  # bench/requirements.txt has it
    del FILES[GEOPANDAS]
CHANGED = {"ref": "left(ref, 7) || lpad(n::text, 5, '0')", "name": "name || n", "hours_text": "hours_text || n"}
AGAIN = (
    "INSERT INTO refillspot.stores ({names}) SELECT {values} FROM refillspot.stores, generate_series(1, {times}) AS n"
)


def main() -> int:
    parser = runner.parser(__doc__, rounds=3)
    parser.add_argument("--stores", type=int, default=100_000, help="stores of a file (default 100000)")
    parser.add_argument("--case", nargs=3, help="measure one case in this process: its name, a database, a file")
    arguments = parser.parse_args()
    if arguments.case:
        print(msgspec.json.encode(measure(*arguments.case)).decode())
        return 0
    few = arguments.stores // FEW
    with running_services() as services, empty_database(services.database_url) as many, \
            empty_database(services.database_url) as small, tempfile.TemporaryDirectory() as directory:  # fmt: skip
        asyncio.run(fill(many, arguments.stores))
        asyncio.run(fill(small, few))
        cases: dict[str, Callable[[], Figures]] = {
            name: partial(measured_apart, name, many, Path(directory)) for name in FILES
        }
        fewer = {f"{name}, {few} stores": partial(measured_apart, name, small, Path(directory)) for name in FILES}
        runs = runner.interleave(cases | fewer, arguments.rounds, warm_up=False)
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    goals = [runner.at_most(f"seconds, {name}", rows[name]["seconds"], 4.0) for name in (CSV, PARQUET)]
    goals += [
        runner.at_most(
            f"MiB of {name} ÷ those with a tenth of the stores",
            rows[name]["MiB"] / rows[f"{name}, {few} stores"]["MiB"], 1.2, f"{few} stores",
        )
        for name in (CSV, PARQUET)
    ]  # fmt: skip
    spared = runner.ratio(runs, "own CPU s", of=CSV, baseline=FEED)
    goals.append(runner.at_most(f"own CPU s, {CSV} ÷ {FEED}", spared, 1.0, FEED))
    conditions = {"stores": arguments.stores, "rounds": arguments.rounds}
    return runner.publish(runner.Report("export", conditions, rows, goals, runs), arguments.json)


async def fill(database_url: str, count: int) -> None:
    stores = make_stores(min(count, DIFFERENT))
    table = StoreTable(database_url, Clock())
    await table.open()
    for first in range(0, len(stores), 1000):
        await table.write(stores[first : first + 1000])
    await table.close()
    names = [column.name for column in TABLE]
    values = ", ".join(CHANGED.get(name, name) for name in names)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(AGAIN.format(names=", ".join(names), values=values, times=count // len(stores) - 1))
        connection.execute("VACUUM ANALYZE refillspot.stores")


def measured_apart(name: str, database_url: str, directory: Path) -> Figures:
    file = directory / FILES[name]
    file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "bench.export", "--case", name, database_url, str(file)]
    done = subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE)
    return msgspec.json.decode(done.stdout, type=dict[str, float])


def measure(name: str, database_url: str, file: str) -> Figures:
    work = {CSV: export, PARQUET: export, FEED: feed, GEOPANDAS: geopandas_file}[name]
    prepare(name)
    began, own = monotonic(), process_time()
    count = work(database_url, Path(file))
    seconds, own = monotonic() - began, process_time() - own
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "seconds": seconds,
        "own CPU s": own,
        "MiB": used,
        "MB written": Path(file).stat().st_size / 1e6,
        "stores": count,
    }


def prepare(name: str) -> None:
    """Import what takes a while, which is no part of the work."""
    if name == PARQUET:
        find_format("geoparquet", Path())
    if name == GEOPANDAS:
        import geopandas  # noqa: F401, PLC0415  # large


def export(database_url: str, file: Path) -> int:
    target = ExportFile(file)
    target.check(overwrite=False)
    with snapshot(database_url, json_as_text=True) as stores:
        chosen = Chosen(stores, StoreFilter(), COLUMNS)
        manifest = target.write(find_format(None, file)[1], chosen, describe(chosen, datetime.now(UTC)))
    return int(manifest["stores"])


def rows_of(database_url: str) -> Iterator[dict[str, Any]]:
    with psycopg.connect(database_url) as connection:
        yield from connection.cursor(row_factory=dict_row).stream(
            "SELECT * FROM refillspot.v_stores ORDER BY site, ref"
        )


def feed(database_url: str, file: Path) -> int:
    from scrapy.exporters import CsvItemExporter  # noqa: PLC0415  # of this case alone

    with file.open("wb") as target:
        exporter, count = CsvItemExporter(cast("BytesIO", target)), 0
        exporter.start_exporting()
        for row in rows_of(database_url):
            exporter.export_item(row)
            count += 1
        exporter.finish_exporting()
    return count


def geopandas_file(database_url: str, file: Path) -> int:
    import geopandas as gpd  # noqa: PLC0415  # of this case alone
    import pandas as pd  # noqa: PLC0415  # of this case alone

    with snapshot(database_url, json_as_text=True) as stores:  # it cannot write an empty mapping
        frame = pd.DataFrame(list(stores.rows()))
    points = gpd.points_from_xy(frame["lon"], frame["lat"])
    whole = gpd.GeoDataFrame(frame, geometry=points, crs="OGC:CRS84")
    whole.to_parquet(file, compression="zstd", write_covering_bbox=True)
    return len(whole)


if __name__ == "__main__":
    sys.exit(main())
