"""Everything that is read from Redis, on what nobody wrote: only documented errors, no more work than its length.

Queue entries, dead letters, heartbeats, pages of the cache, the pace, the API's health, counts and results.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from refillspot.policies.circuit_breaker import ApiRecord
from refillspot.policies.pace import begin
from tests.shared.redis_readers import (
    BEAT,
    ENTRY,
    NOW,
    PAGE,
    WHY,
    read_beat,
    read_dead_letter,
    read_entry,
    read_health,
    read_numbers,
    read_pace,
    read_page,
    read_stats,
)

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = 100
CALLS, CALLS_A_BYTE = 20_000, 20  # of functions, for an input: a reader that does more for it hangs one day

TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", "\0", "\x1b[2J", "\u202e", "../..", "nan", "1e999", "parse_list", "handle_failure", "GET", "POST"]
    ),
)
NUMBERS = st.one_of(
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.sampled_from([0, -1, 1e308, -1e308, 5e-324, 2**53, NOW, NOW + 3600]),
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, st.binary(max_size=20))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
DEEP = st.builds(lambda depth, around: around * depth, st.integers(1, 5000), st.sampled_from([b"[", b"\x91", b'{"a":']))


def changed(honest: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Something whole with a few fields of any value."""
    others = st.dictionaries(st.sampled_from([*honest, "surprise"]), VALUES, max_size=3)
    return others.map(lambda fields: honest | fields)


def as_json(values: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    written = values.map(lambda value: json.dumps(value, default=repr).encode("utf-8", "surrogatepass"))
    return st.one_of(written, written.flatmap(damaged), st.binary(max_size=60), DEEP)


def as_msgpack(values: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    def pack(value: Any) -> bytes:
        with suppress(ValueError):
            return msgspec.msgpack.encode(value)
        return b"\xc1"  # it has half a letter

    return st.one_of(values.map(pack), st.binary(max_size=60), DEEP)


def damaged(value: bytes) -> st.SearchStrategy[bytes]:
    """The same with a piece of it replaced."""
    places = st.tuples(st.integers(0, len(value)), st.integers(0, 8), st.binary(max_size=8))
    return places.map(lambda cut: value[: cut[0]] + cut[2] + value[cut[0] + cut[1] :])


ENTRIES = as_msgpack(changed(ENTRY) | VALUES | changed(ENTRY | {"meta": {"retry_times": 1, "cache_kind": "list"}}))
WHYS = as_json(changed(WHY) | VALUES)
BEATS = as_json(changed(BEAT) | VALUES)
STATS = st.dictionaries(
    st.sampled_from(
        ["cpu/seconds", "postgres/rows", "politeness/permits", "site/status/500", "concurrency/level", "x"]
    ),
    VALUES,
)
PAGES = as_msgpack(changed(PAGE) | changed(PAGE["page"]).map(lambda fields: PAGE | {"page": fields}))
PACES = as_json(changed(asdict(begin(1.0, NOW))) | VALUES)
RECORDS = as_json(changed(asdict(ApiRecord())).map(lambda record: {"list": record}) | VALUES)


def within_bounds(reader: Callable[[Any], None]) -> Callable[[Any], None]:
    """Run a reader, and count what it calls."""

    def read(value: Any) -> None:
        calls = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            reader(value)
        finally:
            sys.setprofile(before)
        assert calls < CALLS + CALLS_A_BYTE * len(value)

    return read


def fuzz(values: st.SearchStrategy[Any], reader: Callable[[Any], None]) -> None:
    checks = settings(max_examples=EXAMPLES, database=None, derandomize=True)
    checks(given(values)(within_bounds(reader)))()


def test_entries() -> None:
    fuzz(ENTRIES, read_entry)


def test_dead_letters() -> None:
    fuzz(WHYS, read_dead_letter)


def test_heartbeats() -> None:
    fuzz(BEATS, read_beat)
    fuzz(STATS, read_stats)


def test_pages() -> None:
    fuzz(PAGES, read_page)


def test_paces() -> None:
    fuzz(PACES, read_pace)


def test_records_of_the_api() -> None:
    fuzz(RECORDS, read_health)


def test_counts_and_results() -> None:
    fuzz(st.one_of(st.binary(max_size=40), DEEP, as_json(VALUES | st.dictionaries(TEXTS, NUMBERS))), read_numbers)
