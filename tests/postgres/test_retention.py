"""What is past its time goes, and nothing else: rows as crawls leave them, moved into the past."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from refillspot.exceptions import ServiceUnavailableError
from refillspot.postgres import retention
from refillspot.postgres.retention import CHANGES, KEPT, KEPT_CRAWLS, prune

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Launcher

NOW = datetime(2026, 11, 29, tzinfo=UTC)
DAYS = {kept.table: kept.days for kept in KEPT}
LIMITS = sorted({days for days in DAYS.values() if days})


def age(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.fixture
def filled(database_url: str) -> str:
    """Of each kind a row that is a day too old and one that is a day too young."""
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:

        def insert(table: str, **columns: Any) -> None:
            names = ", ".join(columns)
            marks = ", ".join(f"%({name})s" for name in columns)
            cursor.execute(f"INSERT INTO refillspot.{table} ({names}) VALUES ({marks})".encode(), columns)

        for name, extra in (("old", 1), ("young", -1)):
            then = {table: age(days + extra) for table, days in DAYS.items() if days}
            change = {"site": "diningcode", "ref": name, "field": "phone"}
            changed = then["store_history"]
            insert("store_history", **change, last_seen_old=changed, first_seen_new=changed)
            insert("rejects", site="diningcode", ref=name, store="{}", error="no", rejected_at=then["rejects"])
            insert("unread_pages", **page(name), row="{}", error="no", kept_at=then["unread_pages"])
            insert("stores", **STORE, ref=name, status="gone", status_at=then["store_pages"], last_seen_at=age(1))
            insert("stores", **STORE, ref=f"{name}-open", status_at=age(9999), last_seen_at=age(9999))
            for ref in (name, f"{name}-open"):
                insert("store_pages", site="diningcode", ref=ref, **PAGE, kept_at=age(9999))
            for number in range(KEPT_CRAWLS + 1):  # of each so many arguments one too many
                crawl(insert, f"{name}-{number}", {"name": name}, then["crawls"] - timedelta(minutes=number))
        for name, state in (("held", {"accepted": False}), ("rejected", {"accepted": False, "decision": "rejected"})):
            crawl(insert, name, {"name": name}, age(9999), **state)
        for crawl_id in ("held", "rejected", "young-0", "unknown"):
            place = {"crawl": crawl_id, "site": "diningcode"}
            insert("store_before", **place, ref="A")
            insert("crawl_sightings", **place, ref="A")
            insert("query_answers", **place, **ANSWER)
    return database_url


PAGE = {"body": b"", "row": "{}", "digest": 0}
ANSWER = {
    "district_code": "11680", "keyword": "무한리필", "asked_at": age(1), "queries": [], "total": 0, "refs": [],
    "awaited": [],
}  # fmt: skip
STORE = {
    "site": "diningcode",
    "name": "집",
    "channel": "api",
    "refill_verdict": "likely",
    "refill_evidence": "{}",
    "source_url": "",
}


def page(ref: str) -> dict[str, Any]:
    return {"site": "diningcode", "ref": ref, "body": b""}


def crawl(insert: Any, crawl_id: str, arguments: dict[str, str], ended: datetime, **state: Any) -> None:
    given = {"accepted": True, "state": "complete"} | state
    insert("crawls", id=crawl_id, spider="diningcode", arguments=json.dumps(arguments), started_at=ended,
           ended_at=ended, **given)  # fmt: skip
    insert("crawl_workers", crawl=crawl_id, worker="w", started_at=ended, seen_at=ended, stats="{}")
    insert("crawl_commits", crawl=crawl_id, writer=crawl_id, batch=1, stored=1, rejected=0)


def counts(database_url: str) -> dict[str, int]:
    with psycopg.connect(database_url) as connection:
        tables = (*DAYS, "crawl_workers", "stores")
        return {
            table: connection.execute(f"SELECT count(*) FROM refillspot.{table}".encode()).fetchone()[0]  # type: ignore[index]
            for table in tables
        }


def test_each_kind_goes_when_its_time_is_over_and_a_second_time_there_is_nothing(filled: str) -> None:
    before = counts(filled)

    foreseen = {one.kept.table: one.count for one in prune(filled, NOW, {}, is_trial=True)}
    assert counts(filled) == before
    gone = {one.kept.table: one.count for one in prune(filled, NOW, {}, batch=1)}

    undecided = {"store_before", "crawl_sightings", "query_answers"}
    assert gone == {table: 3 if table in undecided else 1 for table in DAYS}
    assert foreseen == gone | {"crawl_commits": 0}  # they go because their crawls do
    left = counts(filled)
    assert Counter(before) - Counter(left) == Counter(gone | {"crawl_workers": 1})
    assert {one.count for one in prune(filled, NOW, {})} == {0}


def test_the_time_of_changes_is_yours(filled: str) -> None:
    assert next(prune(filled, NOW, {CHANGES: 1})).count == 2


def test_whoever_holds_a_row_is_not_waited_for_without_end(filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "LOCK_TIMEOUT", "10ms")
    with psycopg.connect(filled) as connection:
        connection.execute("SELECT FROM refillspot.rejects WHERE ref = 'old' FOR UPDATE")

        with pytest.raises(ServiceUnavailableError, match="in use for too long"):
            list(prune(filled, NOW, {}))

    assert [one.count for one in prune(filled, NOW, {})][:2] == [0, 1]  # what was done stays done


def test_the_command_tells_what_went_and_removes_old_logs(
    filled: str, launcher: Launcher, environment: dict[str, str], short_directory: Path
) -> None:
    home = short_directory / "home"
    for name, days in (("crawl-old", 91), ("crawl-young", 89)):
        (home / "logs" / name).mkdir(parents=True, mode=0o700)
        for log in ("worker-1-7.log", "worker-1-7.jsonl", "fleet-6.jsonl"):
            (home / "logs" / name / log).touch()
            then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
            os.utime(home / "logs" / name / log, (then, then))
    environment |= {"REFILLSPOT_HOME": str(home)}

    foreseen = launcher.run("scrapy", "db", "prune", "--dry-run", environment=environment)
    assert foreseen.returncode == 0, foreseen.stderr
    assert foreseen.stdout.startswith("This would go:\n        1 changes of stores, older than 730 days\n")
    assert len(list((home / "logs").iterdir())) == 2
    done = launcher.run("scrapy", "db", "prune", "--json", "--days", "1", environment=environment)

    told = {one["of"]: one["count"] for one in json.loads(done.stdout)}
    assert (told["store_history"], told["rejects"], told["logs"]) == (2, 1, 1)
    assert [path.name for path in (home / "logs").iterdir()] == ["crawl-young"]
    assert counts(filled)["store_history"] == 0
