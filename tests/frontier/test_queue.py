from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from redis.exceptions import RedisError

from refillspot.frontier.dead_letters import read_dead_letter
from refillspot.frontier.leases import SUSPECT_DELIVERIES, Leases, Limits
from refillspot.frontier.queue import CLOSING, COMPLETE, FORK, OPEN, WON, CrawlQueue
from refillspot.operations.progress import ProgressReader
from refillspot.redis_clients import connect
from refillspot.stats.crawl import GONE

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from refillspot.frontier.queue import Entry
    from tests.frontier.conftest import Workers
    from tests.own_redis import OwnRedis

LEASE = 60  # seconds; its end is brought about, not waited for
MINUTE_MS = 60_000
MAX_ATTEMPTS = 5


def push(name: str, lane: int = 0, *, fingerprint: str | None = None) -> list[object]:
    return ["push", name if fingerprint is None else fingerprint, lane, name]


async def take(queue: CrawlQueue, room: int = 100, *, inherit: bool = False) -> list[Entry]:
    return await queue.take(room, max_attempts=MAX_ATTEMPTS, inherit=inherit) or []


async def inherited(queue: CrawlQueue, *dead: CrawlQueue, room: int = 100) -> list[Entry]:
    """Take what workers had whose leases have run out."""
    await run_out(*dead)
    return await take(queue, room, inherit=True)


async def run_out(*dead: CrawlQueue) -> None:
    """Let the leases of these workers run out."""
    for worker in dead:
        await worker.beat(0, join=False)
    await asyncio.sleep(0.002)  # the server's clock must have moved on


async def pass_time(client: Redis, key_prefix: str, seconds: float) -> None:
    """Let those that wait after a failure have waited so much longer."""
    for member in await client.zrange(f"{key_prefix}:waiting", 0, -1):
        assert isinstance(member, bytes)
        await client.zincrby(f"{key_prefix}:waiting", -1000 * seconds, member)


def names(entries: list[Entry]) -> list[str]:
    return [entry.payload.decode() for entry in entries]


async def test_a_request_is_queued_once_however_many_workers_find_it(workers: Workers) -> None:
    async with workers(*"abcd") as queues:
        found = [part for number in range(200) for part in push(f"page {number}")]
        await asyncio.gather(*(queue.commit(1, found) for queue in queues))

        taken = [entry for queue in queues for entry in await take(queue, 1000)]
        assert sorted(names(taken)) == sorted(f"page {number}" for number in range(200))
        assert (await queues[0].counts())["duplicates"] == 600


async def test_a_queue_that_is_behind_takes_and_gives_nothing(workers: Workers) -> None:
    async with workers("a") as (a,):
        assert await a.commit(2, push("x")) == FORK
        await a.commit(1, push("x"))
        assert await a.take(1, max_attempts=MAX_ATTEMPTS, inherit=True, told=2) is None
        assert (await a.beat(LEASE, join=False)).batch == 1
        assert names(await a.take(1, max_attempts=MAX_ATTEMPTS, inherit=True, told=1) or []) == ["x"]


async def test_those_who_are_at_work_together_agree_and_count_until_all_have_left(workers: Workers) -> None:
    async with workers("a", "b") as (a, b):
        await a.commit(1, ["count", "first", 3, "count", "ever", 1])
        await b.commit(1, ["count", "first", 4])
        assert [await a.agree("word", "one"), await b.agree("word", "two")] == ["one", "one"]
        assert (a.is_in_use, b.is_in_use) == (False, True)
        assert (await b.counts())["first"] == 7

    async with workers("c") as (c,):
        await c.begin_shift(["first"])
        assert await c.agree("word", "three") == "three"
        counts = await c.counts()
        assert (counts.get("first"), counts["ever"]) == (None, 1)


async def test_what_a_worker_holds_that_leaves_goes_to_others_at_once(workers: Workers) -> None:
    """It may have learnt of it too late to hand it back."""
    async with workers("a", "b") as (a, b):
        await a.commit(1, push("x"))
        await take(a)
        await a.commit(2, ["leave"])
        assert names(await take(b, inherit=True)) == ["x"]


async def test_what_is_not_filtered_is_queued_each_time(workers: Workers) -> None:
    async with workers("a") as (a,):
        await a.commit(1, push("again", fingerprint="") * 2)
        assert names(await take(a)) == ["again", "again"]


async def test_a_limit_is_one_of_all_workers(workers: Workers) -> None:
    """What was found before does not count again, and what a limit left out was not seen."""
    async with workers("a", "b") as (a, b):

        def pushes(*names: str) -> list[object]:
            return [part for name in names for part in ("push_within", 3, name, 0, name)]

        await a.commit(1, pushes("1", "2", "2"))
        await b.commit(1, [*pushes("1", "3", "4"), *push("a list")])
        await a.commit(2, pushes("5"))
        (first, *others) = await take(a)
        assert names([first, *others]) == ["1", "2", "3", "a list"]
        await a.commit(3, ["replace", *first.key, 0, 0, "1 again"])
        await b.commit(2, [*pushes("6"), *push("4")])
        assert names(await take(a)) == ["1 again", "4"]
        assert (await a.counts())["duplicates"] == 2


async def test_a_batch_that_is_sent_twice_counts_once(workers: Workers) -> None:
    async with workers("a", "b") as (a, b):
        for _ in range(2):
            assert await a.commit(1, push("x", fingerprint="")) == OPEN
        await a.commit(2, push("y", fingerprint=""))
        await b.commit(1, push("z", fingerprint=""))
        assert names(await take(a)) == ["x", "y", "z"]


async def test_the_higher_lane_comes_first_whoever_asks(workers: Workers) -> None:
    async with workers("a", "b") as (a, b):
        await a.commit(1, push("low", 0) + push("middle", 5) + push("high", 10) + push("also high", 10))
        assert names(await take(a, 3)) == ["high", "also high", "middle"]
        assert names(await take(b)) == ["low"]


async def test_what_is_below_0_is_left_until_nothing_else_is_there(
    workers: Workers, redis_url: str, key_prefix: str
) -> None:
    async with workers("a", "b") as (a, b), connect(redis_url) as client:
        await a.commit(1, push("last", -2) + push("x") + push("y", 10))
        y, x = await take(a)
        assert names([y, x]) == ["y", "x"]
        assert await take(b) == []  # in hand with another
        await a.commit(2, ["done", *y.key, "replace", *x.key, 0, MINUTE_MS, "again"])
        assert await take(b) == []  # waiting
        await pass_time(client, key_prefix, 60)
        (again,) = await take(b)
        await b.commit(1, [*push("child", 10), "done", *again.key])
        (child,) = await take(b)
        assert await take(a) == []
        await b.commit(2, ["done", *child.key])
        assert names(await take(a)) == ["last"]


async def test_children_are_there_when_their_parent_is_gone(workers: Workers) -> None:
    async with workers("a") as (a,):
        await a.commit(1, push("parent"))
        (parent,) = await take(a)
        await a.commit(2, [*push("child"), "done", *parent.key])
        assert await a.length() == 1
        assert names(await take(a)) == ["child"]


async def test_a_lease_is_nobody_elses_until_its_worker_is_silent(workers: Workers) -> None:
    async with workers("a", "b") as (a, b):
        await a.commit(1, push("x"))
        await take(a)
        await a.beat(0.05, join=False)
        await a.beat(LEASE, join=False)  # renewed
        await asyncio.sleep(0.06)
        assert await take(b, inherit=True) == []
        await run_out(a)
        assert await take(b, inherit=False) == []
        assert names(await take(b, inherit=True)) == ["x"]
        assert not (await a.beat(LEASE, join=False)).known


async def test_everything_of_a_dead_worker_comes_back_however_little_room_there_is(workers: Workers) -> None:
    async with workers("a", "b") as (a, b):
        await a.commit(1, [part for number in range(300) for part in push(f"{number}", number % 3)])
        await take(a, 1000)
        found = await inherited(b, a, room=7)
        while more := await take(b, 7, inherit=True):
            found += more
        assert sorted(map(int, names(found))) == list(range(300))
        assert (await a.beat(LEASE, join=False)).known is False


async def test_a_late_success_counts_and_a_late_failure_does_not(workers: Workers) -> None:
    async with workers("a", "b") as (a, b):
        await a.commit(1, push("good") + push("bad") + push("given up") + push("handed back"))
        good, bad, given_up, back = await take(a)
        mine = await inherited(b, a)
        assert len(mine) == 4
        late = ["done", *good.key, "replace", *bad.key, 0, 0, "again", "bury", *given_up.key, "{}\n"]
        await a.commit(2, [*late, "return", *back.key, back.payload])

        assert await take(a) == []
        assert await a.length() == 3
        await b.commit(1, [part for entry in mine for part in ("done", *entry.key)])
        counts = await b.counts()
        assert await b.length() == 0
        assert counts["done"] == 4
        assert "dead" not in counts
        assert "retried" not in counts


async def test_who_dies_before_it_starts_is_not_held_against_a_request(workers: Workers) -> None:
    async with workers("a", "b") as (a, b):
        await a.commit(1, push("x"))
        await take(a)
        for turn in range(MAX_ATTEMPTS + 1):
            one, other = (b, a) if turn % 2 else (a, b)
            await other.beat(LEASE, join=True)
            (entry,) = await inherited(other, one)
            assert entry.attempts == 0


async def test_who_kills_each_worker_that_starts_it_is_buried_and_its_neighbour_is_not(workers: Workers) -> None:
    async with workers("a", "b") as (a, b):
        await a.commit(1, push("poison") + push("neighbour"))
        poison, _ = await take(a)
        for turn in range(MAX_ATTEMPTS):
            one, other = (b, a) if turn % 2 else (a, b)
            await one.commit(turn // 2 + (1 if one is b else 2), ["start", *poison.key])
            await other.beat(LEASE, join=True)
            entries = await inherited(other, one)
            attempts = {entry.payload.decode(): entry.attempts for entry in entries}
            assert attempts.get("neighbour") == 0
            assert attempts.get("poison") == (turn + 1 if turn + 1 < MAX_ATTEMPTS else None)
        assert (await a.counts())["dead"] == 1
        assert await a.length() == 1


async def test_the_letter_of_a_buried_request_holds_it(workers: Workers, redis_url: str, key_prefix: str) -> None:
    async with workers("a", "b") as (a, b):
        await a.commit(1, push("poi\nson"))
        (entry,) = await take(a)
        await a.commit(2, ["start", *entry.key] * MAX_ATTEMPTS)
        assert await inherited(b, a) == []
    async with connect(redis_url) as client:
        (letter,) = await client.hvals(f"{key_prefix}:dead")
    assert isinstance(letter, bytes)
    why, payload = read_dead_letter(letter)
    assert f"{MAX_ATTEMPTS} in all" in why.reason
    assert payload == b"poi\nson"


async def test_a_failed_request_waits_and_comes_back_in_its_lane(
    workers: Workers, redis_url: str, key_prefix: str
) -> None:
    async with workers("a") as (a,), connect(redis_url) as client:
        await a.commit(1, push("x"))
        (entry,) = await take(a)
        await a.commit(2, ["replace", *entry.key, 7, MINUTE_MS, b"bin:ary\n\x00\xff"])
        assert await take(a) == []
        assert await a.length() == 1
        await pass_time(client, key_prefix, 30)
        assert await take(a) == []
        await pass_time(client, key_prefix, 30)
        (again,) = await take(a)
        assert (again.key.lane, again.payload) == (7, b"bin:ary\n\x00\xff")


async def test_the_crawl_is_complete_when_nothing_is_queued_leased_or_waiting(
    workers: Workers, redis_url: str, key_prefix: str
) -> None:
    async with workers("a", "b") as (a, b), connect(redis_url) as client:
        assert await a.try_finish() == (OPEN, None)  # seeds are not in
        await a.commit(1, [*push("x"), "seeded"])
        assert await b.try_finish() == (OPEN, None)  # queued
        (entry,) = await take(a)
        assert await b.try_finish() == (OPEN, None)  # leased
        await a.commit(2, ["replace", *entry.key, 0, MINUTE_MS, "again"])
        assert await b.try_finish() == (OPEN, None)  # waiting
        await pass_time(client, key_prefix, 60)
        (again,) = await take(a)
        await a.commit(3, ["done", *again.key])
        finishes = await asyncio.gather(a.try_finish(), b.try_finish())
        assert sorted(state for state, _ in finishes) == [CLOSING, WON]


async def test_who_closes_the_crawl_and_dies_is_followed_by_another(workers: Workers) -> None:
    async with workers("a", "b") as (a, b):
        await a.commit(1, ["seeded"])
        assert await a.try_finish() == (WON, None)
        assert await b.try_finish() == (CLOSING, None)
        await run_out(a)
        assert await b.try_finish() == (WON, None)
        await b.complete(b"the result", 60)
        assert await a.try_finish() == (COMPLETE, b"the result")


async def test_nothing_enters_a_crawl_that_is_closed(workers: Workers) -> None:
    async with workers("a", "b") as (a, b):
        await a.commit(1, ["seeded"])
        await a.try_finish()
        assert await b.commit(1, push("late")) == CLOSING
        await a.complete(b"", 60)
        assert await b.commit(2, push("later")) == COMPLETE
        assert await b.length() == 0


async def test_the_keys_of_a_complete_crawl_expire_and_those_with_dead_letters_do_not(
    workers: Workers, redis_url: str, key_prefix: str
) -> None:
    for letters in (["refuse", "{}\n"], []):
        async with workers("a") as (a,), connect(redis_url) as client:
            await a.commit(1, [*push("x"), *letters, "seeded"])
            (entry,) = await take(a)
            await a.commit(2, ["done", *entry.key])
            await a.try_finish()
            await a.complete(b"{}", 60)
            keys = [key async for key in client.scan_iter(f"{key_prefix}:*")]
            lasting = {await client.ttl(key) == -1 for key in keys}
            assert keys
            assert lasting == {bool(letters)}
            await a.clear()
            assert bool(letters) == bool(await client.exists(f"{key_prefix}:dead"))
            await client.delete(f"{key_prefix}:dead")


async def test_a_worker_learns_what_it_has_when_an_answer_was_lost(workers: Workers) -> None:
    async with workers("a", "b") as (a, b):
        await a.commit(1, push("one") + push("two") + push("three"))
        one, two, three = await take(a)
        assert (await a.beat(LEASE, join=False)).leases == 3
        await inherited(b, a, room=1)
        await a.beat(LEASE, join=False)

        unknown, lost = await a.audit([one.key, two.key])
        assert [entry.key for entry in unknown] == [three.key]
        assert lost == [one.key]


async def test_leases_are_compared_however_many_they_are(workers: Workers) -> None:
    count = 10_500
    async with workers("a") as (a,):
        for number in range(1, 8):
            await a.commit(number, [part for one in range(count // 7) for part in push(f"{number} {one}")])
        held = [entry.key for entry in await take(a, count)]
        assert len(held) == count
        assert await a.audit(held) == ([], [])
        unknown, lost = await a.audit([])
        assert (len(unknown), lost) == (count, [])


async def test_a_crawl_whose_keys_are_gone_is_said_to_be_gone(workers: Workers) -> None:
    async with workers("a") as (a,):
        await a.clear()
        assert (await a.beat(LEASE, join=False)).state == GONE
        assert await a.commit(1, push("x")) == GONE
        assert await a.try_finish() == (GONE, None)


async def test_a_full_redis_takes_all_of_a_batch_or_nothing(own_redis: OwnRedis) -> None:
    a = CrawlQueue(connect(own_redis.url), "full", "a")
    await a.open()
    await a.beat(60, join=True)
    await a.commit(1, push("parent"))
    (parent,) = await take(a)
    with own_redis.client() as client:
        client.config_set("maxmemory", 1)
        with pytest.raises(RedisError, match="memory"):
            await a.commit(2, [*push("child"), "done", *parent.key])
        assert await a.length() == 1
        client.config_set("maxmemory", 0)
    await a.commit(2, [*push("child"), "done", *parent.key])
    assert names(await take(a)) == ["child"]
    await a.close()


async def test_a_redis_that_was_killed_is_consistent(own_redis: OwnRedis) -> None:
    """With everysec it may come back older: then with the parent, or with the child, never with neither."""
    a = CrawlQueue(connect(own_redis.url), "killed", "a")
    await a.open()
    await a.beat(60, join=True)
    await a.commit(1, [part for number in range(500) for part in push(f"parent {number}")])
    for number, parent in enumerate(await take(a, 500)):
        await a.commit(number + 2, [*push(f"child {number}"), "done", *parent.key])
        if number == 400:
            own_redis.kill()
            break
    own_redis.start()
    with pytest.raises(RedisError):
        await a.beat(60, join=True)  # over the connection that was cut
    await a.beat(60, join=True)
    unknown, _ = await a.audit([])
    alive = names(unknown) + names(await take(a, 1000))
    assert sorted(int(name.split()[1]) for name in alive) == list(range(500))
    await a.close()


async def test_who_is_silent_beyond_its_lease_is_known_until_it_speaks(
    workers: Workers, redis_url: str, key_prefix: str
) -> None:
    async with workers(*"abcd") as (a, b, c, d):
        await a.commit(1, [*push("x"), *push("y")])
        await take(a, 1)
        await take(c, 1)
        await c.commit(1, ["leave"])  # it held something: others inherit it at once
        await d.commit(1, ["leave"])
        with ProgressReader(redis_url, key_prefix) as reader:

            def silent() -> set[str]:
                found = reader.silent_workers()
                assert found
                return set(found.names)

            assert silent() == set()
            await run_out(a)
            assert silent() == {"a"}
            assert len(await take(b, inherit=True)) == 2
            assert silent() == {"a"}
            await a.beat(LEASE, join=True)
            assert silent() == set()


async def test_redis_that_is_away_says_nothing_of_silence(own_redis: OwnRedis) -> None:
    own_redis.kill()
    with ProgressReader(own_redis.url, "x") as reader:
        assert reader.read() is None


async def test_what_was_leased_again_and_again_runs_alone_though_nobody_told_that_it_began(workers: Workers) -> None:
    """A page may hang its worker before the queue hears of it."""
    async with workers("a", "b") as (a, b):
        await a.commit(1, push("x"))
        (entry,) = await take(a)
        seen = [entry.deliveries]
        for turn in range(SUSPECT_DELIVERIES - 1):
            one, other = (b, a) if turn % 2 else (a, b)
            await other.beat(LEASE, join=True)
            (entry,) = await inherited(other, one)
            seen.append(entry.deliveries)
    leases = Leases(Limits(lease_seconds=LEASE, prefetch=4, max_in_hand=4, max_attempts=MAX_ATTEMPTS))
    leases.receive([entry])

    assert seen == [1, 2, 3, 4]
    assert not leases.has_ready
    assert leases.choose_suspect() == entry


async def test_a_flush_at_the_start_forgets_this_crawl_only(workers: Workers, redis_url: str, key_prefix: str) -> None:
    async with workers("a") as (a,), connect(redis_url) as client:
        await a.commit(1, ["push", "x", 0, "x"])
        other = CrawlQueue(client, f"{key_prefix}:b", "b")
        await other.open()
        await a.clear()

        assert await other.length() == 0
        assert [key async for key in client.scan_iter(f"{key_prefix}*")] == [f"{key_prefix}:b:crawl".encode()]
