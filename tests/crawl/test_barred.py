"""Stores that somebody hides, forgets or corrects, and what crawls, reparsing and a restored backup do about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import redis
from psycopg import sql

from refillspot.postgres.outward import read
from tests.postgres.test_stores import query

if TYPE_CHECKING:
    from pathlib import Path

    from tests.crawl.conftest import Crawl, Site

DISTRICT = ("-a", "district=금천구", "-a", "keywords=무한리필")
CRAWLS = 10
TABLES = """
    SELECT relname::text FROM pg_class WHERE relnamespace = 'refillspot'::regnamespace AND relkind = 'r'
        AND relname <> 'barred_stores'
"""


def mentions(database_url: str, text: str) -> list[str]:
    """Return the tables that have this text anywhere."""
    with psycopg.connect(database_url) as connection:
        return [
            table
            for (table,) in connection.execute(TABLES).fetchall()
            if connection.execute(
                sql.SQL("SELECT FROM {} AS t WHERE strpos(t::text, %s) > 0 LIMIT 1").format(
                    sql.Identifier("refillspot", table)
                ),
                [text],
            ).fetchone()
        ]


def asked(site: Site) -> set[str]:
    """Return the stores whose pages the site was asked for."""
    return {entry["asked"] for entry in site.log() if entry["kind"] == "store"}


def shown(database_url: str) -> dict[str, str]:
    return {row["ref"]: row["name"] for row in read(database_url)}


def test_hidden_forgotten_and_corrected_stores_stay_so(
    cached_crawl: Crawl, site: Site, database_url: str, cache_redis_url: str, key_prefix: str, tmp_path: Path
) -> None:
    crawl = cached_crawl.having(*DISTRICT)
    assert crawl.run().returncode == 0
    hidden, forgotten, corrected, *_ = sorted(shown(database_url))

    def correct(*arguments: str) -> Any:
        done = cached_crawl.other("correct").having(*arguments, "--json").run()
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    refused = cached_crawl.other("correct").having("forget", forgotten).run()
    assert (refused.returncode, "--yes" in refused.stderr + refused.stdout) == (2, True)
    correct("hide", hidden)
    deleted = correct("forget", forgotten, "--yes")["deleted"]
    assert deleted.keys() >= {"stores", "store_pages", "store_presence", "query_yields", "cached pages"}
    correct(corrected, "name=바른이름", "phone=02-777-2222")
    assert mentions(database_url, forgotten) == []
    rest = shown(database_url)

    backup = cached_crawl.other("db").having("backup", str(tmp_path)).run()
    assert backup.returncode == 0, backup.stderr
    for _ in range(CRAWLS - 1):
        with redis.Redis.from_url(cache_redis_url) as client:
            client.unlink(*client.scan_iter(f"{key_prefix}:cache:*"))
        site.clear_log()
        assert crawl.run().returncode == 0
        assert asked(site) >= rest.keys()
        assert asked(site).isdisjoint({hidden, forgotten})
        assert shown(database_url) == rest
    assert cached_crawl.other("db").having("reparse", "--all").run().returncode == 0

    assert mentions(database_url, forgotten) == []
    assert shown(database_url) == rest
    assert rest[corrected] == "바른이름"
    assert query(database_url, f"SELECT missed FROM refillspot.store_presence WHERE ref = '{hidden}'") == [
        {"missed": []}
    ]

    (made,) = tmp_path.iterdir()
    restored = cached_crawl.other("db").having("restore", str(made), "--replace").run()
    assert restored.returncode == 0, restored.stderr
    assert shown(database_url) == rest
    assert mentions(database_url, forgotten) == []
