"""A site that answers as the real one: two generations, odd parts, visitors' words."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import redis

from refillspot.planning import KEYWORDS
from refillspot.postgres.kept_pages import newest_bodies
from refillspot.shared.page_cache import VERSION
from refillspot.sites.diningcode import NAME
from refillspot.sites.diningcode.examination import known_paths
from replica.people import PHRASES, REVIEWERS
from tests.crawl.conftest import start_site

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.crawl.conftest import Crawl, Faults, Site
    from tests.programs import Launcher

    Rows = Callable[[], dict[str, dict[str, Any]]]

DISTRICT = "강남구"
COUNTED_AS = {
    "[]": "empty array", "{}": "empty object", '""': "empty text", "number": "number", "text": "text", "true": "true",
    "object": "object", "array": "array", "null": "null",
}  # fmt: skip
PEOPLE = [words.encode() for words in (*REVIEWERS, *PHRASES)]


@pytest.fixture(scope="module")
def running_site(launcher: Launcher) -> Iterator[Site]:
    with start_site(launcher, "--odd", "0.1") as site:
        yield site


def stats_of(database_url: str) -> dict[str, Any]:
    with psycopg.connect(database_url) as connection:
        (stats,) = connection.execute("SELECT stats FROM refillspot.crawl_workers").fetchone() or ({},)
    return dict(stats)


def expected_oddities(truth: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """Return how many pages of these stores have a part that is read and is odd, by path and by what came."""
    known = known_paths("store")
    counts: Counter[tuple[str, str]] = Counter()
    for store in truth:
        odd = zip(store["odd"], store["odd_as"], strict=True)
        counts.update({(path, COUNTED_AS[came]) for path, came in odd if path in known and came != "missing"})
    return counts


def test_odd_parts_cost_themselves_and_are_named(
    cached_crawl: Crawl, site: Site, database_url: str, rows: Rows
) -> None:
    result = cached_crawl.run("-a", f"district={DISTRICT}")

    assert result.returncode == 0, result.stderr[-3000:]
    truth = site.truth(DISTRICT, ",".join(KEYWORDS))
    stored = rows()
    assert {store["ref"] for store in truth if store["refill"] and store["reached_by"]} <= stored.keys()
    stats = stats_of(database_url)
    assert stats.get("frontier/dead", 0) == 0
    counted = {
        (path, came): count
        for name, count in stats.items()
        if name.startswith("oddities/")
        for path, came, _due in [name.removeprefix("oddities/").split("/")]
    }
    pages = {part: count for part, count in counted.items() if not part[0].startswith(("list[]", "poi_section"))}
    elsewhere = {row["district"] for row in stored.values()} - {DISTRICT}
    there = [store for district in sorted(elsewhere) for store in site.truth(district, "")]
    expected = expected_oddities([store for store in [*truth, *there] if store["ref"] in stored])
    for (path, came), count in expected.items():
        if came == "null" and not path.endswith("[]"):  # says no more than a part that is missing
            assert (path, came) not in pages
        elif path not in {"detail", "menu"}:  # without their key they belong to no section
            assert pages.get((path, came)) == count, (path, came)
    report = json.loads(cached_crawl.operate("stats", "--json").stdout)
    told = " ".join(finding["happened"] for finding in report["findings"])
    assert [path for path, _came in counted if f"{path}: " not in told] == []


def test_nothing_that_a_visitor_wrote_is_kept(
    cached_crawl: Crawl, faults: Faults, database_url: str, cache_redis_url: str, redis_url: str,
    key_prefix: str, tmp_path: Path,
) -> None:  # fmt: skip
    log = tmp_path / "crawl.log"
    options = ("-a", f"district={DISTRICT}", "-a", "limit=60", "-s", "LOG_LEVEL=DEBUG", "-s", f"LOG_FILE={log}")
    for change in (None, "renamed", "retyped"):
        faults.clear()
        for key, share in (("restaurant", 0.2), ("review", 0.5)) if change else ():
            faults.add(kind="layout", change=change, key=key, probability=share)
        cached_crawl.run(*options, "-a", f"crawl={change}", "-s", "EARLY_STOP_PAGES=0")

    kept = b"\n".join(newest_bodies(database_url, NAME, 10_000))
    assert b'"restaurant"' in kept
    assert b"left_out" in kept
    places = {
        "kept pages": kept,
        "log": log.read_bytes(),
        "database": dump(database_url),
        "queue": dump_redis(redis_url, key_prefix),
        "cache": unpacked_cache(cache_redis_url, key_prefix),
    }
    assert b"restaurant" in places["cache"]
    found = {place: [words.decode() for words in PEOPLE if words in content] for place, content in places.items()}
    assert found == {place: [] for place in places}


def dump(database_url: str) -> bytes:
    with psycopg.connect(database_url) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'refillspot'"
        ).fetchall()
        rows = [connection.execute(f"SELECT * FROM refillspot.{name}").fetchall() for (name,) in tables]
    return json.dumps(rows, default=str, ensure_ascii=False).encode()


def dump_redis(url: str, prefix: str) -> bytes:
    with redis.Redis.from_url(url) as client:
        return b"\n".join(repr(content(client, key)).encode() for key in client.scan_iter(f"{prefix}*", count=1000))


def content(client: redis.Redis, key: bytes) -> Any:
    """Return what is under a key, in texts that are searched as they are."""
    read: dict[Any, Callable[[], Any]] = {
        b"string": lambda: client.get(key),
        b"hash": lambda: client.hgetall(key),
        b"list": lambda: client.lrange(key, 0, -1),
        b"set": lambda: client.smembers(key),
        b"zset": lambda: client.zrange(key, 0, -1),
        b"stream": lambda: client.xrange(key),
    }
    return str(read[client.type(key)]()).encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "replace")


def unpacked_cache(url: str, prefix: str) -> bytes:
    with redis.Redis.from_url(url) as client:
        values = [client.get(key) for key in client.scan_iter(f"{prefix}:cache:{VERSION}:*", count=1000)]
    return b"\n".join(zstd.decompress(value[1:]) for value in values if value and value[:1] == bytes([VERSION]))
