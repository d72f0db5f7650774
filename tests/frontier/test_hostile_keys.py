"""A queue in which somebody else has written: no script stops, no worker dies of it, no command ends in a traceback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import redis

from refillspot.frontier import codec
from refillspot.frontier.dead_letters import read_dead_letter, write_dead_letter
from refillspot.frontier.queue import OPEN, WON, read_result
from refillspot.operations.dead_letters import DeadLetters
from refillspot.operations.progress import UNREADABLE, ProgressReader
from refillspot.redis_clients import connect
from tests.frontier.test_queue import inherited, names, push, take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.frontier.conftest import Workers

GARBAGE = (b"", b"abc", b"1e308", b"nan", b"inf", b"0x10", b"9" * 40, b"\xff\x00", b"1.5")
DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def client(redis_url: str) -> Iterator[Any]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
async def test_numbers_that_are_none_stop_nobody(
    workers: Workers, client: Any, key_prefix: str, garbage: bytes
) -> None:
    async with workers("a", "b") as (a, b):
        await a.commit(1, push("x"))
        fields = ("count:done", "count:dead", "count:retried", "count:queued", "count:redelivered", "waited", "letters")
        client.hset(f"{key_prefix}:crawl", mapping=dict.fromkeys(fields, garbage))
        client.hset(f"{key_prefix}:batches", "b", garbage)
        (x,) = await take(a)
        client.hset(f"{key_prefix}:attempts", f"{x.key.lane}/{x.key.id}", garbage)

        assert (await b.beat(60, join=False)).batch in range(10**15)
        assert await a.commit(2, ["start", *x.key, "refuse", "{}\n", "refuse", "{}\n"]) == OPEN
        (x,) = await inherited(b, a)
        assert x.attempts == 1
        client.hset(f"{key_prefix}:batches", "b", 0)
        assert await b.commit(1, ["replace", *x.key, 0, 1, "again", *push("y"), "seeded"]) == OPEN
        counts = await b.counts()
        assert client.hlen(f"{key_prefix}:dead") == 2
        assert counts["retried"] == counts["queued"] == 1


async def test_lanes_that_are_none_are_passed_over(workers: Workers, client: Any, key_prefix: str) -> None:
    lanes = ("", "x", "1.5", "1e3", "99999999", "../other", "1:2")
    client.zadd(f"{key_prefix}:lanes", dict.fromkeys(lanes, 2000))
    async with workers("a") as (a,):
        await a.commit(1, [*push("x", 3), "seeded"])
        (x,) = await take(a)
        assert (await a.audit([]))[0] == [x]
        assert (await a.beat(60, join=False)).leases == 1
        await a.commit(2, ["done", *x.key])
        assert await a.try_finish() == (WON, None)


async def test_lanes_that_somebody_else_made_are_taken_over(workers: Workers, client: Any, key_prefix: str) -> None:
    client.zadd(f"{key_prefix}:lanes", {"5": 5, "6": 6, "7": 7, "8": 8})  # 5 has no stream
    client.xadd(f"{key_prefix}:lane:6", {"r": "without a group"})
    client.set(f"{key_prefix}:lane:7", "no stream")
    client.xgroup_create(f"{key_prefix}:lane:8", "workers", mkstream=True)
    client.xgroup_create(f"{key_prefix}:lane:9", "workers", mkstream=True)  # nobody knows it
    client.set(f"{key_prefix}:lane:10", "no stream, and nobody knows it")
    async with workers("a", "b") as (a, b):
        await take(a)  # makes good what is missing
        assert await a.commit(1, [part for lane in range(4, 11) for part in push(f"{lane}", lane)]) == OPEN
        found = await take(a)
        assert sorted(names(found)) == sorted([*map(str, range(4, 11)), "without a group"])
        assert await a.length() == 8
        found = await inherited(b, a)
        assert len(found) == 8
        client.delete(f"{key_prefix}:lane:8")
        client.set(f"{key_prefix}:lane:9", "gone")
        assert (await b.beat(60, join=False)).leases == 6
        done = [part for entry in found for part in ("done", *entry.key)]
        assert await b.commit(1, [*done, "seeded"]) == OPEN
        assert (await b.counts())["done"] == 6
        assert await b.try_finish() == (WON, None)


async def test_what_waits_and_is_no_request_is_a_dead_letter(workers: Workers, client: Any, key_prefix: str) -> None:
    members = (
        b"",
        b"x",
        b":",
        b"::",
        b"x:1:payload",
        b"1e3:1:payload",
        b"1:x:payload",
        b"\xff\x00:1:\x00",
        b"99999:1:a",
    )
    client.zadd(f"{key_prefix}:waiting", dict.fromkeys(members, 0))
    client.zadd(f"{key_prefix}:waiting", {b"0:1:for ever": "inf", b"0:2:\x00:for very long": 10 * DAY_MS + 2e12})
    async with workers("a") as (a,):
        assert sorted(names(await take(a))) == ["\0:for very long", "for ever"]
    letters = [read_dead_letter(letter) for letter in client.hvals(f"{key_prefix}:dead")]
    assert sorted(payload for _, payload in letters) == sorted(members)
    assert {why.reason for why, _ in letters} == {"what waited is not a request of this crawl"}


async def test_a_crawl_that_closes_without_a_closer_is_closed(workers: Workers, client: Any, key_prefix: str) -> None:
    async with workers("a") as (a,):
        client.hset(f"{key_prefix}:crawl", "state", "closing")
        assert await a.try_finish() == (WON, None)
        client.hset(f"{key_prefix}:crawl", "state", b"\xff")
        assert (await a.beat(60, join=False)).state == "\ufffd"


@pytest.mark.parametrize("garbage", [b"", b"x", b"[]", b'{"dead": "many"}', b'{"dead": null}', b"[" * 5000, b"\xff"])
def test_a_result_that_is_none_is_not_known(garbage: bytes, redis_url: str, key_prefix: str, client: Any) -> None:
    client.hset(f"{key_prefix}:crawl", "result", garbage)
    with ProgressReader(redis_url, key_prefix) as reader:
        assert reader.result() is None
    assert read_result(garbage) is None


@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
def test_progress_shows_what_can_be_read(garbage: bytes, redis_url: str, key_prefix: str, client: Any) -> None:
    client.hset(f"{key_prefix}:crawl", mapping={"state": garbage, "count:done": b"x" + garbage, b"count:\xff": 1})
    client.zadd(f"{key_prefix}:lanes", {garbage + b"x": 1})
    with ProgressReader(redis_url, key_prefix) as reader:
        progress = reader.read()

    assert progress
    assert (progress.state, progress.done) == (garbage.decode("utf-8", "replace"), 0)


@pytest.mark.parametrize("what", ["crawl", "lanes", "waiting", "dead", "workers", "lane:3"])
def test_progress_of_something_else_says_so(what: str, redis_url: str, key_prefix: str, client: Any) -> None:
    client.zadd(f"{key_prefix}:lanes", {"3": 3})
    client.delete(f"{key_prefix}:{what}")
    client.set(f"{key_prefix}:{what}", "something else")
    with ProgressReader(redis_url, key_prefix) as reader:
        progress = reader.read()

    assert progress
    assert progress.state == UNREADABLE


UNREADABLE_LETTERS = (
    b"", b"x", b"\n", b"null\n", b"[" * 5000, b'{"reason": 1, "at_ms": 1}', b'{"at_ms": 1}', b'{"reason": "x"}',
    b'{"reason": "x", "at_ms": -1}', b'{"reason": "x", "at_ms": 1e300}',
    b'{"reason": "x", "at_ms": 9223372036854775807}',
    b'{"reason": "x", "at_ms": NaN}', b'{"reason": "\xff", "at_ms": 1}', b'{"reason": "\\ud800", "at_ms": 1}',
)  # fmt: skip


def test_letters_that_cannot_be_read_are_shown_and_dropped(client: Any, key_prefix: str) -> None:
    fields = [*(f"{number}".encode() for number in range(1, 15)), b"", b"x", b"-1", b"007", b"\xff", b"9" * 30]
    good = write_dead_letter("HTTP 503", payload=codec.dumps({"url": "http://127.0.0.1/"}))
    planted = {field: UNREADABLE_LETTERS[number % 14] for number, field in enumerate(fields)}
    client.hset(f"{key_prefix}:dead", mapping=planted | {b"99": good})
    client.hset(f"{key_prefix}:crawl", mapping={"state": "open", "count:dead": 21})
    letters = DeadLetters(client, key_prefix)
    found = letters.read()

    assert [letter.number for letter in found] == [*range(1, 15), 99, *[None] * 6]
    for letter in found:
        assert json.dumps(letter.as_json())
        assert letter.at
        assert letter.asked
    unreadable = [letter for letter in found if letter.number != 99]
    assert all("cannot be read" in letter.why.reason and letter.at == "?" for letter in unreadable)
    assert letters.replay(found) == ("open", 1)
    assert letters.drop(found[:1]) == 1
    assert letters.drop(letters.read()) == 19
    assert letters.count() == 0


def test_letters_that_are_no_hash_are_one_that_can_be_dropped(client: Any, key_prefix: str) -> None:
    client.set(f"{key_prefix}:dead", "something else")
    letters = DeadLetters(client, key_prefix)
    (only,) = letters.read()

    assert (letters.count(), only.number) == (1, None)
    assert letters.drop([only]) == 1
    assert letters.read() == []


@pytest.mark.parametrize(
    "forged",
    [{"meta": {"proxy": "http://127.0.0.1"}}, {"callback": "close"}, {"encoding": "none"}, {"priority": "x"}],
    ids=str,
)
def test_a_letter_with_a_forged_request_is_not_replayed(client: Any, key_prefix: str, forged: dict[str, Any]) -> None:
    payload = codec._compress(msgspec.msgpack.encode({"url": "http://127.0.0.1/"} | forged))
    client.hset(f"{key_prefix}:dead", "1", write_dead_letter("why", payload=payload))
    client.hset(f"{key_prefix}:crawl", "state", "open")
    (letter,) = DeadLetters(client, key_prefix).read()

    assert letter.request is None
    assert DeadLetters(client, key_prefix).replay([letter]) == ("open", 0)


async def test_every_worker_sees_what_was_planted_as_an_entry(
    workers: Workers, redis_url: str, key_prefix: str
) -> None:
    """A stream's entry has a field, whatever it is called: the first one's value is what is read."""
    async with workers("a") as (a,), connect(redis_url) as client:
        await a.commit(1, push("x"))
        await client.xadd(f"{key_prefix}:lane:0", {"": ""})
        await client.xadd(f"{key_prefix}:lane:0", {"other": "1", "r": "2"})
        assert names(await take(a)) == ["x", "", "1"]
