"""Statistics, new indexes, and what is wrong with tables: each made wrong here, on a real server."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import psycopg
import pytest

from refillspot.doctor.tables import judge
from refillspot.exceptions import ServiceUnavailableError, UnsuitableServerError
from refillspot.postgres import care
from refillspot.postgres.care import analyze, examine, reindex
from tests.postgres.accounts import RIGHTS, account
from tests.postgres.test_stores import query, store, write

if TYPE_CHECKING:
    from refillspot.doctor import Check

ROWS = """
    INSERT INTO refillspot.crawl_commits (writer, batch, crawl) SELECT 'w', n, NULL FROM generate_series(1, 20000) AS n;
    INSERT INTO refillspot.rejects (site, ref, store, error) SELECT 'x', n, '{}', '' FROM generate_series(1, 20000) AS n
"""
THINNED = """
    DELETE FROM refillspot.crawl_commits WHERE batch %% 100 <> 0;
    DELETE FROM refillspot.rejects WHERE id %% 100 <> 0
"""
INVALID = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.replace("%%", "%").encode())


def told(url: str, *, least_bytes: int = 10**9, long_seconds: float = 10**6) -> dict[str, list[Check]]:
    areas: dict[str, list[Check]] = {}
    for check in judge(examine(url, least_bytes=least_bytes, long_seconds=long_seconds)):
        assert check.remedy or check.state == "ok"
        areas.setdefault(check.area, []).append(check)
    return areas


def test_what_is_in_order_is_one_line(database_url: str) -> None:
    write(database_url, store("A"))

    assert [check.state for check in told(database_url)["tables"]] == ["ok"]


def test_bloat_is_found_and_reindexing_ends_that_of_indexes(database_url: str) -> None:
    run(database_url, ROWS, THINNED, "VACUUM ANALYZE")  # in the midst of the files, where nothing is cut off
    bloat = {check.what.split()[2] for check in told(database_url, least_bytes=100_000)["bloat"]}
    assert {"crawl_commits_pkey", "crawl_commits", "rejects_pkey", "rejects"} <= bloat

    sizes = {one.name: (one.before, one.after) for one in reindex(database_url)}
    assert sizes["crawl_commits_pkey"][1] < sizes["crawl_commits_pkey"][0] / 3
    assert {"stores_pkey", "stores_by_text"} <= sizes.keys()
    run(database_url, "VACUUM FULL ANALYZE refillspot.rejects", "VACUUM FULL ANALYZE refillspot.crawl_commits")
    assert "bloat" not in told(database_url, least_bytes=20_000)


def test_statistics_are_those_of_now(database_url: str) -> None:
    run(database_url, ROWS)
    assert "rejects" in list(analyze(database_url))

    (row,) = query(database_url, "SELECT reltuples FROM pg_class WHERE oid = 'refillspot.rejects'::regclass")
    assert row["reltuples"] == 20000


def test_an_open_transaction_is_named_and_waited_for_no_longer_than_allowed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(care, "LOCK_TIMEOUT", "10ms")
    with psycopg.connect(database_url, application_name="a report") as reader:
        reader.execute("SELECT count(*) FROM refillspot.rejects")
        (found,) = told(database_url, long_seconds=0)["transactions"]
        assert f"process {reader.info.backend_pid} (a report of " in found.what
        with pytest.raises(ServiceUnavailableError, match="in use for too long"):
            list(reindex(database_url))
    monkeypatch.undo()
    assert list(reindex(database_url))
    assert query(database_url, INVALID) == [{"count": 0}]  # what was begun is cleared away


def test_what_a_killed_one_has_left_is_named_and_cleared_away(database_url: str) -> None:
    left = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'refillspot.rejects_pkey_ccnew'::regclass"
    run(database_url, "CREATE UNIQUE INDEX rejects_pkey_ccnew ON refillspot.rejects (id)", left)
    (found,) = told(database_url)["indexes"]
    assert "rejects_pkey_ccnew is not used" in found.what

    assert "rejects_pkey_ccnew" not in {one.name for one in reindex(database_url)}
    assert "indexes" not in told(database_url)


def test_what_refers_to_nothing_and_what_nobody_uses_is_named(database_url: str) -> None:
    run(
        database_url,
        "INSERT INTO refillspot.crawl_commits (writer, batch, crawl) VALUES ('w', 1, 'gone'), ('w', 2, 'gone')",
        "ALTER TABLE refillspot.rejects ADD CONSTRAINT told CHECK (error <> '') NOT VALID",
    )
    found = [check.what for check in told(database_url)["references"]]
    assert found[0].startswith("the constraint told of refillspot.rejects does not hold")
    assert found[1] == "2 rows of crawl_commits refer to rows that are not there"
    unused = told(database_url, least_bytes=0)["indexes"]
    assert any("no search has used the index stores_by_price" in check.what for check in unused)
    assert {check.state for check in unused} == {"note"}


@pytest.mark.parametrize("pooled", [("transaction", 1)], indirect=True)
def test_through_a_pooler_statistics_are_made_and_indexes_refused(pooled: str) -> None:
    assert list(analyze(pooled))
    with pytest.raises(UnsuitableServerError, match="through a pooler"):
        list(reindex(pooled))


def test_an_account_that_owns_nothing_is_told_so(database_url: str) -> None:
    with account(database_url, RIGHTS) as url:
        for care_for in (analyze, reindex):
            with pytest.raises(UnsuitableServerError):
                list(care_for(url))
        assert told(url)


def test_a_name_that_must_be_quoted(database_url: str) -> None:
    name = f"Odd {uuid.uuid4().hex[:6]}"
    run(database_url, f'CREATE INDEX "{name}" ON refillspot.rejects (ref)')

    assert name in {one.name for one in reindex(database_url)}
