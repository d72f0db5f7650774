from __future__ import annotations

import asyncio
import hashlib
import json
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

from refillspot.policies.caching import Kind
from refillspot.shared import cache_server
from refillspot.shared.cache_server import REST_SECONDS, CacheServer
from refillspot.shared.page_cache import VERSION, Page, PageCache, encode_page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.own_redis import OwnRedis

PROJECT = Path(__file__).parents[2]
FINGERPRINT = bytes(range(20))
MAX = 4_000_000
LEASE = 3.0  # seconds; a third of it is how long a busy machine may keep its holder from renewing it
KEEP = 600.0  # seconds
ANSWER = 30.0  # seconds that a busy machine may take
HOLDER = """
import asyncio, sys
from refillspot.shared.cache_server import CacheServer
from refillspot.shared.page_cache import PageCache

async def hold(url, prefix, lease):
    cache = PageCache(CacheServer(url, 30), prefix, max_bytes=1000, lease_seconds=float(lease))
    print(await cache.claim(bytes(range(20)), "holder"), flush=True)
    await asyncio.sleep(3600)

asyncio.run(hold(*sys.argv[1:]))
"""


def noise(size: int) -> bytes:
    """Bytes that do not shrink, the same each time."""
    return hashlib.shake_128(b"").digest(size)


def page(body: bytes = b"{}") -> Page:
    fetched_at = datetime(2026, 7, 9, 12, tzinfo=UTC)
    return Page(kind=Kind.STORE, status=200, headers={"ETag": '"1"'}, body=body, fetched_at=fetched_at)


@asynccontextmanager
async def open_cache(
    url: str, prefix: str, lease: float = LEASE, max_bytes: int = MAX, answer: float = ANSWER
) -> AsyncIterator[PageCache]:
    cache = PageCache(CacheServer(url, answer), f"{prefix}:cache", max_bytes=max_bytes, lease_seconds=lease)
    try:
        yield cache
    finally:
        await cache.close()


async def wait_for_lease(cache: PageCache, token: str) -> None:
    while not (await cache.claim(FINGERPRINT, token)).granted:  # noqa: ASYNC110  # ends at pytest's timeout if never
        await asyncio.sleep(0.02)


def lease_key(key_prefix: str) -> str:
    return f"{key_prefix}:cache:{VERSION}:{FINGERPRINT.hex()}:lease"


async def renewed(url: str, key_prefix: str) -> None:
    """Return when the lease has been made longer, once; ends at pytest's timeout if never."""
    with redis.Redis.from_url(url) as client:
        before = client.pttl(lease_key(key_prefix))
        while (now := client.pttl(lease_key(key_prefix))) <= before:
            before = now
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("size", [1_000, 1_025, 9_600, 50_000, 200_000, 2_000_000])
@pytest.mark.parametrize("content", ["random", "json"])
async def test_pages_survive_byte_for_byte(cache_redis_url: str, key_prefix: str, size: int, content: str) -> None:
    text = json.dumps([f"무한리필 {number}" for number in range(size // 10)], ensure_ascii=False).encode()
    written = page(noise(size) if content == "random" else text[:size])
    async with open_cache(cache_redis_url, key_prefix) as one, open_cache(cache_redis_url, key_prefix) as other:
        assert await one.write(FINGERPRINT, written, KEEP)

        assert await other.read(FINGERPRINT) == written
        assert await other.read(bytes(20)) is None
        assert other.stats.corrupt == 0


async def test_a_page_that_is_too_large_is_not_kept(cache_redis_url: str, key_prefix: str) -> None:
    async with open_cache(cache_redis_url, key_prefix, max_bytes=1000) as cache:
        assert not await cache.write(FINGERPRINT, page(bytes(1001)), KEEP)
        assert not await cache.write(FINGERPRINT, page(noise(999)), KEEP)  # does not shrink

        assert await cache.read(FINGERPRINT) is None
        assert (cache.stats.stored, cache.stats.too_large) == (0, 2)


async def test_what_cannot_be_read_is_a_miss_and_counted(cache_redis_url: str, key_prefix: str) -> None:
    whole = encode_page(page(), FINGERPRINT)
    values = [b"\x00" + whole[1:], whole[:-3] + b"xyz", whole[:-1], b"", noise(3_000_000)]
    key = f"{key_prefix}:cache:{VERSION}:{FINGERPRINT.hex()}"
    with redis.Redis.from_url(cache_redis_url) as client:
        async with open_cache(cache_redis_url, key_prefix, max_bytes=1_000_000) as cache:
            for value in values:
                client.set(key, value, ex=60)
                assert await cache.read(FINGERPRINT) is None
            client.delete(key)
            client.hset(key, "no", "string")  # another type altogether
            assert await cache.read(FINGERPRINT) is None

    assert cache.stats.corrupt == len(values) - 1  # nothing is no damage
    assert cache.server.errors == 1


async def test_every_key_ends_by_itself(cache_redis_url: str, key_prefix: str) -> None:
    async with open_cache(cache_redis_url, key_prefix) as cache:
        await cache.claim(FINGERPRINT, "one")
        await cache.write(FINGERPRINT, page(), KEEP)
        with redis.Redis.from_url(cache_redis_url) as client:
            keys = list(client.scan_iter(f"{key_prefix}*", count=1000))
            assert len(keys) == 2
            assert all(0 < client.pttl(key) <= KEEP * 1000 for key in keys)


async def test_one_of_many_gets_the_lease_and_all_get_the_page(cache_redis_url: str, key_prefix: str) -> None:
    fetches = 0

    async def want(cache: PageCache, token: str) -> Page:
        nonlocal fetches
        while True:
            granted, found = await cache.claim(FINGERPRINT, token)
            if found:
                await cache.release(FINGERPRINT, token)
                return found
            if granted:
                fetches += 1
                await renewed(cache_redis_url, key_prefix)
                await cache.write(FINGERPRINT, page(b"once"), KEEP)
                await cache.release(FINGERPRINT, token)
                return page(b"once")
            await asyncio.sleep(0.05)

    async with open_cache(cache_redis_url, key_prefix) as one, open_cache(cache_redis_url, key_prefix) as other:
        wants = [want(cache, PageCache.new_token()) for cache in (one, other) for _ in range(4)]
        found = await asyncio.gather(*wants)

    assert found == [page(b"once")] * 8
    assert fetches == 1


async def test_a_page_ends_the_lease_on_it(cache_redis_url: str, key_prefix: str) -> None:
    async with open_cache(cache_redis_url, key_prefix) as one, open_cache(cache_redis_url, key_prefix) as other:
        assert (await one.claim(FINGERPRINT, "one")).granted
        assert await other.claim(FINGERPRINT, "other") == (False, None)
        assert await one.write(FINGERPRINT, page(), KEEP, "one")
        assert (await other.claim(FINGERPRINT, "other")).granted  # the lease has ended


async def test_only_the_holder_ends_a_lease(cache_redis_url: str, key_prefix: str) -> None:
    async with open_cache(cache_redis_url, key_prefix) as one, open_cache(cache_redis_url, key_prefix) as other:
        assert (await one.claim(FINGERPRINT, "one")).granted
        await other.release(FINGERPRINT, "other")
        assert not (await other.claim(FINGERPRINT, "other")).granted

        with redis.Redis.from_url(cache_redis_url) as client:  # lost, and given to another
            client.set(lease_key(key_prefix), "other", px=60_000)
            await one.release(FINGERPRINT, "one")
            assert client.get(lease_key(key_prefix)) == b"other"


@pytest.mark.skipif(sys.platform == "win32", reason="no process is stopped there")
@pytest.mark.parametrize("end", ["SIGKILL", "SIGSTOP"])
async def test_a_holder_that_dies_or_hangs_holds_nobody_up(cache_redis_url: str, key_prefix: str, end: str) -> None:
    command = [sys.executable, "-c", HOLDER, cache_redis_url, f"{key_prefix}:cache", str(LEASE)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as holder:  # noqa: ASYNC220
        try:
            assert holder.stdout
            assert "granted=True" in holder.stdout.readline()
            async with open_cache(cache_redis_url, key_prefix) as cache:
                await renewed(cache_redis_url, key_prefix)
                assert not (await cache.claim(FINGERPRINT, "other")).granted
                holder.send_signal(signal.Signals[end])
                with redis.Redis.from_url(cache_redis_url) as client:
                    left_ms = client.pttl(lease_key(key_prefix))
                    assert 0 < left_ms <= LEASE * 1000
                    client.pexpire(lease_key(key_prefix), left_ms // 10)  # time passes faster
                await wait_for_lease(cache, "other")
        finally:
            holder.kill()


async def test_a_redis_that_dies_is_a_miss_said_once_and_used_again(
    own_redis: OwnRedis, key_prefix: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    clock = iter(count(step=REST_SECONDS))
    now = next(clock)
    monkeypatch.setattr(cache_server, "monotonic", lambda: now)
    async with open_cache(own_redis.url, key_prefix) as cache:
        assert await cache.write(FINGERPRINT, page(), KEEP)
        own_redis.kill()
        for tries in (1, 2, 3):
            for _ in range(20):
                assert await cache.read(FINGERPRINT) is None
                assert await cache.claim(FINGERPRINT, "one") == (True, None)
                assert not await cache.write(FINGERPRINT, page(), KEEP)
                await cache.release(FINGERPRINT, "one")
            assert cache.server.errors == tries  # now and then, not each time
            now = next(clock)
        own_redis.start()
        while not await cache.write(FINGERPRINT, page(), KEEP):
            now = next(clock)
        assert await cache.read(FINGERPRINT) == page()

    assert caplog.text.count("the page cache is away") == 1
    assert caplog.text.count("the page cache answers again") == 1


async def test_a_redis_that_hangs_delays_one_request(
    own_redis: OwnRedis, key_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_server, "monotonic", lambda: 0.0)
    limit = 1.0
    async with open_cache(own_redis.url, key_prefix, answer=limit) as cache:
        await cache.write(FINGERPRINT, page(), KEEP)
        own_redis.process.send_signal(signal.SIGSTOP)
        asked = time.monotonic()
        assert await cache.read(FINGERPRINT) is None
        for _ in range(1000):
            assert await cache.claim(FINGERPRINT, "one") == (True, None)
        took = time.monotonic() - asked
        own_redis.process.send_signal(signal.SIGCONT)

    assert took >= limit
    assert cache.server.errors == 1


@pytest.mark.parametrize(("policy", "is_kept"), [("noeviction", False), ("volatile-lru", True)])
async def test_the_cache_leaves_half_of_a_redis_that_evicts_nothing_to_the_queue(
    own_redis: OwnRedis, key_prefix: str, policy: str, *, is_kept: bool
) -> None:
    with own_redis.client() as client:
        client.config_set("maxmemory", client.info("memory")["used_memory"] * 3 // 2)
        client.config_set("maxmemory-policy", policy)
        async with open_cache(own_redis.url, key_prefix) as cache:
            assert await cache.write(FINGERPRINT, page(), KEEP) is is_kept
        client.set(f"{key_prefix}:queue", "has room")


async def test_a_full_redis_that_evicts_nothing_is_still_read(
    own_redis: OwnRedis, key_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_cache(own_redis.url, key_prefix) as cache:
        await cache.write(FINGERPRINT, page(), KEEP)
        with own_redis.client() as client:
            client.config_set("maxmemory", "1mb")
        assert not await cache.write(bytes(20), page(), KEEP)
        assert await cache.claim(bytes(20), "one") == (True, None)  # nobody is held up for lack of a lease
        assert await cache.read(FINGERPRINT) == page()

    assert caplog.text.count("the page cache refuses") == 1
    assert cache.server.errors == 2


async def test_evictions_are_counted(own_redis: OwnRedis, key_prefix: str) -> None:
    with own_redis.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("maxmemory", client.info("memory")["used_memory"] + 1_000_000)
    async with open_cache(own_redis.url, key_prefix) as cache:
        before = await cache.server.evicted_keys()
        for number in range(300):
            body = noise(20_000)
            assert await cache.write(number.to_bytes(20), page(body), KEEP)

        assert await cache.server.evicted_keys() > before
        assert cache.server.errors == 0


@pytest.mark.parametrize("milliseconds", [None, 10**12])
async def test_a_lease_that_hardly_ends_is_nobodys(
    cache_redis_url: str, key_prefix: str, milliseconds: int | None
) -> None:
    with redis.Redis.from_url(cache_redis_url) as client:
        client.set(lease_key(key_prefix), "planted", px=milliseconds)
    async with open_cache(cache_redis_url, key_prefix) as cache:
        assert (await cache.claim(FINGERPRINT, "mine")).granted
        assert not (await cache.claim(FINGERPRINT, "other")).granted
