"""What is restored is what was there, as PostgreSQL's own pg_dump sees it; what was there before is not lost by it."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import uuid
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from socket import gethostname
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from refillspot.exceptions import BackupError, ServiceUnavailableError, UnsuitableServerError
from refillspot.postgres import backup, database
from refillspot.postgres.backup import back_up, read_last_backups
from refillspot.postgres.database import known_migrations, migrate_database, schema_state
from refillspot.postgres.readers import grant_reader
from refillspot.postgres.restoring import restore
from refillspot.services.binaries import find_postgres
from tests.own_postgres import OwnPostgres
from tests.postgres.accounts import account
from tests.postgres.older_schema import migrate_until
from tests.postgres.test_migrations import BEFORE_SITES
from tests.postgres.test_stores import query, store, write
from tests.programs import PROJECT, Program

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.programs import Launcher

NOW = datetime(2026, 11, 28, 3, 4, 5, tzinfo=UTC)
ODD = ["", "NULL", "\\N", "\\.", "\t", "a\nb\r\nc", "\\", '"', "{,}", "\x01\x1f\x7f", "무한리필", "🍖", "é"]
TABLES = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = 'refillspot' AND table_type = 'BASE TABLE' AND table_name <> 'migrations'
"""
NOISE = re.compile(r"--|\\(un)?restrict |.*\(pg_attver=|.*setval\('refillspot.backups_id_seq'")
"""Of pg_dump: comments, a key of each dump, and what Debian's PostgreSQL notes of each column as it is made. The record
of a backup comes after it.
"""
HOSTILE = (
    "extra_float_digits = -15",
    "datestyle = 'German'",
    "timezone = 'Asia/Kathmandu'",
    "bytea_output = 'escape'",
    "array_nulls = off",
    "default_transaction_isolation = 'serializable'",
    "synchronous_commit = off",
)


def put_odd_values(url: str) -> None:
    write(url, store("A", name="가", branch="\\N", tags=ODD, lat=37.1 + 1e-14, user_score=4.3), store("B", phone=None))
    with psycopg.connect(url) as connection:
        for number, text in enumerate(ODD):
            connection.execute(
                "INSERT INTO refillspot.rejects (site, ref, store, error) VALUES ('diningcode', %s, %s, %s)",
                [text, Jsonb({text: [text, None, 1e300, 10**40, {"": number}]}), text],
            )
        connection.execute("DELETE FROM refillspot.rejects WHERE id = (SELECT max(id) FROM refillspot.rejects)")
        connection.execute(
            "INSERT INTO refillspot.unread_pages (site, ref, row, body, error, kept_at) VALUES "
            "('diningcode', 'x', 'null', %s, '', '-infinity'), ('diningcode', 'y', '[]', '', '', %s)",
            [bytes(range(256)), datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC)],
        )
        connection.execute(
            "INSERT INTO refillspot.crawls (id, spider, arguments, started_at) VALUES ('one', 'd', '{}', now());"
            "INSERT INTO refillspot.crawl_workers (crawl, worker, started_at, seen_at, stats)"
            " VALUES ('one', 'w', now(), now() - interval '1 day', '{\"a\": 0.1}')"
        )


def dump(url: str, *options: str) -> list[str]:
    """Return what pg_dump of the newest version says, in an order that does not depend on where rows lie."""
    command: list[str | Path] = [
        find_postgres() / "pg_dump", "--dbname", make_conninfo(url), "--schema", "refillspot", "--no-owner",
        "--exclude-table-data", "refillspot.migrations", "--exclude-table-data", "refillspot.backups", *options,
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8", env=os.environ | {"PGTZ": "UTC"})
    return sorted(line for line in done.stdout.splitlines() if line and not NOISE.match(line))


@pytest.fixture
def own_postgres(short_directory: Path) -> Iterator[OwnPostgres]:
    directory = short_directory / uuid.uuid4().hex[:8]
    directory.mkdir()
    directory.chmod(0o711)
    server = OwnPostgres(directory)
    server.start()
    yield server
    server.kill()


def test_no_table_is_forgotten_and_no_value_changed(database_url: str, empty_database_url: str, tmp_path: Path) -> None:
    put_odd_values(database_url)
    for url in (database_url, empty_database_url):
        with psycopg.connect(url, autocommit=True) as connection:
            for setting in HOSTILE:
                connection.execute(f'ALTER DATABASE "{connection.info.dbname}" SET {setting}'.encode())
    made = back_up(database_url, tmp_path / "new" / "directory", NOW)

    assert {table.name for table in made.manifest.tables} == {row["table_name"] for row in query(database_url, TABLES)}
    assert made.manifest.schema_version == known_migrations()[-1].number
    assert made.path.name == "refillspot-20261128T030405Z.zip"
    assert sys.platform == "win32" or made.path.stat().st_mode & 0o077 == 0
    restored = restore(empty_database_url, made.path)
    assert dump(empty_database_url) == dump(database_url)
    assert (restored.left_out, restored.interrupted) == ([], ["one"])
    last = read_last_backups(empty_database_url)
    assert last
    assert (last.made_at, last.place) == (made.manifest.taken_at, f"{gethostname()}:{made.path}")
    lines = dump(database_url, "--data-only", "--table", "refillspot.stores")
    with ZipFile(made.path) as archive:
        text = zstd.decompress(archive.read("tables/stores.copy.zst")).decode()
    assert set(text.splitlines()) <= set(lines)


def test_from_one_version_and_locale_into_another_and_back(
    database_url: str, own_postgres: OwnPostgres, tmp_path: Path
) -> None:
    """In CI one of the two servers is Debian's PostgreSQL 15."""
    put_odd_values(database_url)
    first = back_up(database_url, tmp_path, NOW)
    name = '무한 리필\'s "1"'
    with psycopg.connect(own_postgres.url, autocommit=True) as connection:
        made = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
        connection.execute(sql.SQL(made).format(sql.Identifier(name)))
    restore(own_postgres.url, first.path, database=name)
    there = make_conninfo(own_postgres.url, dbname=name)
    assert dump(there, "--data-only") == dump(database_url, "--data-only")

    second = back_up(there, tmp_path, NOW + timedelta(seconds=1))
    back = f"refillspot_test_{uuid.uuid4().hex[:12]}"
    restored = restore(database_url, second.path, database=back)
    try:
        again = make_conninfo(database_url, dbname=back)
        assert restored.database == back
        assert dump(again) == dump(database_url)
    finally:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(back)))


def test_what_is_committed_meanwhile_is_in_it_whole_or_not_at_all(
    database_url: str, empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(database_url, store("A"))
    dump_tables = backup._dump

    def crawl_on(connection: psycopg.Connection, *rest: Any) -> Any:
        write(database_url, store("B"), store("A", name="나"))
        with monkeypatch.context() as hurried:
            hurried.setattr(database, "LOCK_TIMEOUT", "10ms")
            hurried.setattr(database, "known_migrations", lambda: [*known_migrations(), REWRITE])
            with pytest.raises(ServiceUnavailableError, match="held by process"):
                database.update_schema(database_url)
        return dump_tables(connection, *rest)

    monkeypatch.setattr(backup, "_dump", crawl_on)
    restore(empty_database_url, back_up(database_url, tmp_path, NOW).path)

    assert query(empty_database_url, "SELECT ref, name FROM refillspot.stores") == [{"ref": "A", "name": "행복한고기"}]


REWRITE = database.Migration(
    known_migrations()[-1].number + 1, "rewrite", "ALTER TABLE refillspot.stores ALTER name TYPE varchar(99)"
)


def test_one_of_an_older_version_becomes_what_migrating_makes_of_it(
    empty_database_url: str, own_postgres: OwnPostgres, tmp_path: Path
) -> None:
    migrate_until(empty_database_url, 8)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(BEFORE_SITES)
    made = back_up(empty_database_url, tmp_path, NOW)
    assert (made.manifest.schema_version, made.unnoted) == (8, "its tables are of an older version")
    migrate_database(empty_database_url)
    restore(own_postgres.url, made.path, database="restored")

    there = make_conninfo(own_postgres.url, dbname="restored")
    assert schema_state(there).version == known_migrations()[-1].number
    assert dump(there, "--data-only") == dump(empty_database_url, "--data-only")
    with psycopg.connect(there) as connection:
        connection.execute("INSERT INTO refillspot.migrations (number, name) VALUES (9999, 'from_the_future')")
    restore(there, made.path, replace=True)  # the way back from a newer version
    assert dump(there, "--data-only") == dump(empty_database_url, "--data-only")


def test_rows_are_replaced_on_request_alone_and_rights_stay(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    write(database_url, store("A"))
    made = back_up(database_url, tmp_path, NOW)
    write(database_url, store("B"))
    name = f"reader_{uuid.uuid4().hex[:8]}"
    grant_reader(database_url, name)
    request.addfinalizer(lambda: drop_role(database_url, name))
    with psycopg.connect(database_url) as connection:
        connection.execute(f"GRANT SELECT, UPDATE ON refillspot.stores TO {name} WITH GRANT OPTION".encode())
        connection.execute("CREATE TABLE mine (id int)")
    before = dump(database_url)
    with pytest.raises(BackupError, match=r"has rows already, in .*stores.*Nothing was changed.*--replace"):
        restore(database_url, made.path)
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE VIEW my_view AS SELECT * FROM refillspot.v_stores")
    with pytest.raises(BackupError, match="my_view would be lost"):
        restore(database_url, made.path, replace=True)
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP VIEW my_view")
        connection.execute(
            "INSERT INTO refillspot.crawls (id, spider, arguments, started_at) VALUES ('one', 'd', '{}', now());"
            "INSERT INTO refillspot.crawl_workers (crawl, worker, started_at, seen_at, stats)"
            " VALUES ('one', 'w', now(), now(), '{}')"
        )
    with pytest.raises(BackupError, match="workers are crawling into"):
        restore(database_url, made.path, replace=True)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE refillspot.crawl_workers SET ended_at = now()")

    restore(database_url, made.path, replace=True)
    assert [row["ref"] for row in query(database_url, "SELECT ref FROM refillspot.stores")] == ["A"]
    rights = [line for line in before if line.startswith("GRANT")]
    assert len(rights) >= 3
    assert [line for line in dump(database_url) if line.startswith("GRANT")] == rights
    query(database_url, "SELECT id FROM mine")


def drop_role(url: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


def test_an_account_that_is_no_superuser_backs_up_and_restores_what_it_owns(
    empty_database_url: str, tmp_path: Path
) -> None:
    with account(empty_database_url) as url:
        with pytest.raises(BackupError, match="no tables of refillspot"):
            back_up(url, tmp_path, NOW)
        with psycopg.connect(empty_database_url, autocommit=True) as connection:
            grant = sql.SQL("GRANT CREATE ON DATABASE {} TO {}")
            role = psycopg.conninfo.conninfo_to_dict(url)["user"]
            connection.execute(grant.format(sql.Identifier(connection.info.dbname), sql.Identifier(str(role))))
        migrate_database(url)
        put_odd_values(url)
        made = back_up(url, tmp_path, NOW)
        before = dump(empty_database_url)
        restore(url, made.path, replace=True)
        assert dump(empty_database_url) == before
        with account(empty_database_url) as stranger:
            with pytest.raises(UnsuitableServerError):
                back_up(stranger, tmp_path, NOW)
            with pytest.raises(UnsuitableServerError, match="account that owns them"):
                restore(stranger, made.path, replace=True)
        assert dump(empty_database_url) == before


@pytest.mark.parametrize("pooled", [("transaction", 1)], indirect=True)
def test_through_a_pooler(pooled: str, database_url: str, tmp_path: Path) -> None:
    put_odd_values(database_url)
    before = dump(database_url)
    restore(pooled, back_up(pooled, tmp_path, NOW).path, replace=True)

    assert dump(database_url) == before


def test_an_operators_own_table_in_the_schema_is_in_it_and_named_when_it_is_left_out(
    database_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE refillspot.mine (id int); INSERT INTO refillspot.mine VALUES (1)")
    made = back_up(database_url, tmp_path, NOW)

    assert {table.name: table.rows for table in made.manifest.tables}["mine"] == 1
    assert restore(empty_database_url, made.path).left_out == ["mine"]
    with pytest.raises(BackupError, match="mine would be lost"):
        restore(database_url, made.path, replace=True)
    assert query(database_url, "SELECT id FROM refillspot.mine") == [{"id": 1}]


def test_the_newest_are_kept_and_what_is_damaged_or_anothers_is_not_touched(
    database_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    migrate_database(empty_database_url)
    others = back_up(empty_database_url, tmp_path, NOW - timedelta(days=9)).path
    damaged = tmp_path / "refillspot-20261101T000000Z.zip"
    damaged.write_bytes(b"")
    foreign = tmp_path / "notes.zip"
    foreign.write_bytes(b"")
    first, second, third = (back_up(database_url, tmp_path, NOW + timedelta(days=day)) for day in range(3))
    last = back_up(database_url, tmp_path, NOW + timedelta(days=3), keep=2)

    assert last.dropped == [second.path, first.path]
    assert set(tmp_path.iterdir()) == {others, damaged, foreign, third.path, last.path}


@contextmanager
def limited_files(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes: a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_backup_that_cannot_be_written_leaves_nothing(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BackupError, match="cannot be written"):
        back_up(database_url, tmp_path / "file", NOW)
    write(database_url, store("A"))
    with limited_files(500), pytest.raises(BackupError, match="File too large"):
        back_up(database_url, tmp_path, NOW)
    last = read_last_backups(database_url)
    assert last
    assert last.has_failed
    assert "File too large" in str(last.error)
    with psycopg.connect(database_url) as connection:
        connection.execute("LOCK TABLE refillspot.stores IN ACCESS EXCLUSIVE MODE")
        monkeypatch.setattr(backup, "LOCK_TIMEOUT", "10ms")
        with pytest.raises(ServiceUnavailableError, match="no backup was made"):
            back_up(database_url, tmp_path, NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


WAIT = """
    CREATE FUNCTION wait() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(42); END';
    CREATE EVENT TRIGGER wait ON ddl_command_end WHEN TAG IN ('GRANT') EXECUTE FUNCTION wait()
"""
WAITS = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted"


def test_a_kill_in_the_middle_leaves_what_was_there(
    database_url: str, tmp_path: Path, launcher: Launcher, environment: dict[str, str]
) -> None:
    """All rows are in, and the rights are given back, when it is killed."""
    write(database_url, store("A"))
    command = ("scrapy", "db", "backup", str(tmp_path))
    made = launcher.run(*command, environment=environment)
    assert made.returncode == 0, made.stderr
    (file,) = tmp_path.iterdir()
    write(database_url, store("B"))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("GRANT USAGE ON SCHEMA refillspot TO PUBLIC")
        connection.execute(WAIT.encode())
        connection.execute("SELECT pg_advisory_lock(42)")
        before = dump(database_url)
        with launcher.start("scrapy", "db", "restore", str(file), "--replace", environment=environment) as process:
            while not (waiting := connection.execute(WAITS).fetchone()):
                assert process.poll() is None, process.stderr and process.stderr.read()
            process.kill()
            process.wait()
        connection.execute("SELECT pg_terminate_backend(%s, 60000)", waiting)
        connection.execute("SELECT pg_advisory_unlock(42); DROP EVENT TRIGGER wait")

    assert dump(database_url) == before
    done = launcher.run("scrapy", "db", "restore", str(file), "--replace", "--json", environment=environment)
    assert done.returncode == 0, done.stderr
    assert [row["ref"] for row in query(database_url, "SELECT ref FROM refillspot.stores")] == ["A"]


def on_a_terminal(launcher: Launcher, environment: dict[str, str], *line: str, answer: bytes) -> bytes:
    """Return what it writes where somebody answers once."""
    import pty  # noqa: PLC0415  # not on Windows

    ours, its = pty.openpty()
    with launcher.forking():
        program = Program(
            [sys.executable, "-m", *line], cwd=PROJECT, env=environment, stdin=its, stdout=its, stderr=its
        )
    os.close(its)
    os.write(ours, answer)  # it waits in the terminal until it is asked for
    with program, os.fdopen(ours, "rb", 0) as terminal:
        written = bytearray()
        with suppress(OSError):  # EIO: nobody has it open any more
            while part := terminal.read(65536):
                written += part
    return bytes(written)


def test_migrating_offers_a_backup_of_what_is_there(
    empty_database_url: str, launcher: Launcher, environment: dict[str, str], tmp_path: Path
) -> None:
    environment |= {"DATABASE_URL": empty_database_url, "REFILLSPOT_HOME": str(tmp_path)}
    migrate = ("scrapy", "db", "migrate")
    migrate_until(empty_database_url, 8)
    told = on_a_terminal(launcher, environment, *migrate, answer=b"\n").decode()
    newest = known_migrations()[-1].number
    assert f"The tables go from version 8 to {newest}. Back them up first? [Y/n]" in told
    (file,) = (tmp_path / "backups").iterdir()
    assert schema_state(empty_database_url).version == newest

    with psycopg.connect(empty_database_url) as connection:
        connection.execute("DROP SCHEMA refillspot CASCADE")
    migrate_until(empty_database_url, 9)
    told = on_a_terminal(launcher, environment, *migrate, answer=b"n\n").decode()
    assert "Back them up first?" in told
    assert list((tmp_path / "backups").iterdir()) == [file]
    assert "Back them up first?" not in on_a_terminal(launcher, environment, *migrate, answer=b"\n").decode()

    with psycopg.connect(empty_database_url) as connection:
        connection.execute("DROP SCHEMA refillspot CASCADE")
    migrate_until(empty_database_url, 9)
    file.unlink()
    done = launcher.run(*migrate, "--backup", environment=environment)
    assert done.returncode == 0, done.stderr
    (file,) = (tmp_path / "backups").iterdir()
