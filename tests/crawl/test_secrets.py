"""A run whose addresses hold passwords, and whose components print them: no file and no table has them at the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.crawl.conftest import Crawl
    from tests.own_redis import OwnRedis

SECRET = "xyzzy-plugh-42"  # noqa: S105  # that of a test
FEW = ("-a", "district=금천구", "-a", "limit=2", "-a", "keywords=무한리필")
EXTENSIONS = {
    "tests.crawl.blabber.Blabber": 0,
    "refillspot.extensions.heartbeat.Heartbeat": 0,
    "refillspot.extensions.json_log.JsonLog": 0,
    "refillspot.extensions.notify.Notify": 0,
}
CARELESS = ("-s", f"EXTENSIONS={json.dumps(EXTENSIONS)}", "-s", "CONCURRENCY_ADAPTIVE_ENABLED=False")


@pytest.fixture
def locked_redis(own_redis: OwnRedis) -> OwnRedis:
    """A Redis that asks for a password."""
    own_redis.client().config_set("requirepass", SECRET)
    own_redis.url = own_redis.url.replace("unix://", f"unix://:{SECRET}@")
    return own_redis


@pytest.fixture
def secretive(crawl: Crawl, locked_redis: OwnRedis) -> Crawl:
    """`scrapy crawl` with a password in each address."""
    parts = urlsplit(crawl.environment["DATABASE_URL"])
    account = f"{parts.username or ''}:{parts.password or SECRET}"
    database_url = urlunsplit(parts._replace(netloc=f"{account}@{parts.netloc.rpartition('@')[2]}"))
    crawl.environment["DATABASE_URL"] = database_url
    crawl.environment["REDIS_URL"] = crawl.environment["CACHE_REDIS_URL"] = locked_redis.url
    crawl.environment["NOTIFY_URL"] = f"http://127.0.0.1:1/hooks/{SECRET}"
    crawl.environment["KAKAO_API_KEY"] = SECRET
    return crawl


def everything_in_redis(server: OwnRedis) -> str:
    with server.client() as client:
        read: dict[bytes, Callable[[bytes], Any]] = {
            b"string": client.get,
            b"hash": client.hgetall,
            b"set": client.smembers,
            b"zset": lambda key: client.zrange(key, 0, -1),
            b"stream": client.xrange,
        }
        keys: Any = client.keys("*")
        return str([(key, read[client.type(key)](key)) for key in keys])


def everything_in(database_url: str) -> str:
    with psycopg.connect(database_url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'refillspot'").fetchall()
        return str([connection.execute(f'SELECT * FROM refillspot."{name}"').fetchall() for (name,) in tables])


def test_no_file_of_a_run_has_a_secret(
    secretive: Crawl, locked_redis: OwnRedis, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"
    result = secretive.run(*FEW, *CARELESS, "-s", f"LOG_JSON_FILE={path}")

    assert result.returncode == 0, result.stderr
    assert "opened with DATABASE_URL" in result.stderr
    assert "RuntimeError: DATABASE_URL" in result.stderr
    assert "was not told of 'finished'" in result.stderr
    rows = everything_in(database_url)
    assert "blabber/all" in rows
    written = [result.stdout, result.stderr, path.read_text("utf-8"), rows, everything_in_redis(locked_redis)]
    assert [SECRET in text for text in written] == [False] * len(written)


def test_no_dead_letter_has_a_secret(secretive: Crawl, locked_redis: OwnRedis) -> None:
    refusing = ("-s", 'ITEM_PIPELINES={"tests.crawl.blabber.BlabbingPipeline": 1}', "-s", "RETRY_TIMES=0")
    result = secretive.run(*FEW, *refusing)
    assert result.returncode == 3, result.stderr
    listed = secretive.operate("deadletters", "list", "--json")
    letters = json.loads(listed.stdout)
    shown = secretive.operate("deadletters", "show", str(letters[0]["number"]))

    assert "RuntimeError: DATABASE_URL" in letters[0]["reason"]
    assert "Traceback" in shown.stdout
    written = [result.stderr, listed.stdout, shown.stdout, everything_in_redis(locked_redis)]
    assert [SECRET in text for text in written] == [False] * len(written)


def test_a_line_of_the_json_log_says_where_and_when(crawl: Crawl, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    result = crawl.run(*FEW, "-a", "crawl=this", "-s", f"LOG_JSON_FILE={path}")
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    assert result.returncode == 0, result.stderr
    assert all(line.keys() == lines[0].keys() for line in lines)
    joined = next(number for number, line in enumerate(lines) if "crawl this, begun at" in line["message"])
    assert lines[joined]["worker"] in lines[joined]["message"]
    assert {line["crawl"] for line in lines[:joined]} == {None}
    assert {(line["crawl"], line["worker"]) for line in lines[joined:]} == {("this", lines[joined]["worker"])}
    assert lines[-1]["message"] == "Spider closed (finished)"
    assert lines[-1]["time"].replace("T", " ")[:19] in result.stderr


def test_a_json_log_that_cannot_be_written_is_said(crawl: Crawl, tmp_path: Path) -> None:
    result = crawl.run(*FEW, "-s", f"LOG_JSON_FILE={tmp_path / 'nowhere' / 'log.jsonl'}")

    assert result.returncode == 2
    assert "Error: LOG_JSON_FILE=" in result.stderr
    assert "Traceback" not in result.stderr
