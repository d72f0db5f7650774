"""The queue is in no backup: what a crawl and a PostgreSQL that was restored make of each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg

from tests.crawl.moments import fetched
from tests.crawl.test_upgrade import ARGUMENTS, left_behind

if TYPE_CHECKING:
    from pathlib import Path

    from tests.crawl.conftest import Crawl, Site

__all__ = ["left_behind"]

ONE_BY_ONE = (
    "CONCURRENT_REQUESTS=1",
    "CONCURRENT_REQUESTS_PER_DOMAIN=1",
    "FRONTIER_PREFETCH=1",
    "POSTGRES_COPY_MAX_ROWS=1",
)
FEW = [part for setting in (*ONE_BY_ONE, "CLOSESPIDER_ITEMCOUNT=3") for part in ("-s", setting)]


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def back_up(crawl: Crawl, directory: Path) -> Path:
    made = crawl.operate("db", "backup", str(directory))
    assert made.returncode == 0, made.stderr
    (file,) = directory.iterdir()
    return file


def test_a_crawl_that_ended_after_the_backup_is_not_called_complete(
    crawl: Crawl, site: Site, database_url: str, tmp_path: Path
) -> None:
    assert crawl.run(*ARGUMENTS, *FEW).returncode == 0
    file = back_up(crawl, tmp_path)
    ((before,),) = rows(database_url, "SELECT count(*) FROM refillspot.stores")
    assert crawl.run(*ARGUMENTS).returncode == 0
    ((after,),) = rows(database_url, "SELECT count(*) FROM refillspot.stores")
    assert after > before  # else there is nothing to be gone
    rows(database_url, "UPDATE refillspot.crawl_workers SET ended_at = now() RETURNING 1")  # whatever the machine
    restored = crawl.operate("db", "restore", str(file), "--replace")
    assert restored.returncode == 0, restored.stderr
    ((one,),) = rows(database_url, "SELECT id FROM refillspot.crawls")
    assert f"Crawl {one} was not complete then" in restored.stdout
    assert rows(database_url, "SELECT count(*) FROM refillspot.stores") == [(before,)]

    again = crawl.run(*ARGUMENTS)
    assert again.returncode == 0, again.stderr[-3000:]
    states = dict(rows(database_url, "SELECT id, state FROM refillspot.crawls"))
    assert states.pop(one) == "abandoned"
    assert list(states.values()) == ["complete"]
    truth = {store["ref"] for store in site.truth("금천구", "무한리필,뷔페") if store["reached_by"]}
    assert truth <= {ref for (ref,) in rows(database_url, "SELECT ref FROM refillspot.stores")}
    report = crawl.operate("stats", one)
    assert "gone" in report.stdout


def test_the_way_from_the_version_before_and_back(
    crawl: Crawl, site: Site, left_behind: dict[str, Any], empty_database_url: str, tmp_path: Path
) -> None:
    """Its tables are backed up as they are, restored after they were migrated, and its interrupted crawl goes on."""
    crawl = replace(crawl, environment=crawl.environment | {"DATABASE_URL": empty_database_url})
    file = back_up(crawl, tmp_path)
    assert rows(empty_database_url, "SELECT max(number) FROM refillspot.migrations") == [(8,)]
    assert crawl.operate("db", "migrate").returncode == 0
    rows(empty_database_url, "DELETE FROM refillspot.stores RETURNING 1")
    restored = crawl.operate("db", "restore", str(file), "--replace")
    assert restored.returncode == 0, restored.stderr

    result = crawl.run(*ARGUMENTS, "-s", "FRONTIER_LEASE_SECONDS=2")
    assert result.returncode == 0, result.stderr[-3000:]
    queued = {request["cb_kwargs"]["row"]["v_rid"] for request in left_behind["requests"]}
    assert set(fetched(site)) == queued
    known = {row["ref"] for row in left_behind["tables"]["stores"]}
    assert {ref for (ref,) in rows(empty_database_url, "SELECT ref FROM refillspot.stores")} == known | queued
    assert rows(empty_database_url, "SELECT state FROM refillspot.crawls") == [("complete",)]
