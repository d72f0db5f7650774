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
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scrapy.utils.request import request_from_dict

from refillspot import fallback, politeness
from refillspot.exceptions import RefusedRequestError, UnreadableValueError
from refillspot.fallback import ApiRecord
from refillspot.fleet.figures import FiguresOfCrawl
from refillspot.fleet.snapshot import Snapshot
from refillspot.frontier import codec
from refillspot.frontier.codec import RequestCodec
from refillspot.frontier.dead_letters import _open
from refillspot.frontier.progress import Progress
from refillspot.frontier.queue import read_counts, read_result
from refillspot.politeness import LONGEST_HOLD_SECONDS, Pace
from refillspot.shared.heartbeats import _read as read_heartbeat
from refillspot.shared.page import VERSION, UnreadablePageError, decode_page, encode_page
from refillspot.site_hosts import SiteHosts
from refillspot.untrusted import read_json
from tests.fleet.test_figures import CRAWL
from tests.frontier.test_codec import Reader
from tests.shared.test_page import FINGERPRINT, page
from tests.test_totals import NOON, worker

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = 100
CALLS, CALLS_A_BYTE = 20_000, 20  # of functions, for an input: a reader that does more for it hangs one day
NOW = 1_800_000_000.0
MAX = 100_000
SITE = SiteHosts("https://im.diningcode.com", "https://www.diningcode.com")
ours, spider = RequestCodec(SITE), Reader()

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


ENTRY = codec.loads(
    codec.dumps(
        {"url": "https://im.diningcode.com/API/", "callback": "parse_list", "meta": {"depth": 1}, "cb_kwargs": {}}
    )
) | {
    "method": "POST",
    "headers": {b"Content-Type": [b"x"]},
    "body": b"a",
    "priority": 1,
    "dont_filter": True,
    "meta": {},
}
ENTRIES = as_msgpack(changed(ENTRY) | VALUES | changed(ENTRY | {"meta": {"retry_times": 1, "cache_kind": "list"}}))
WHYS = as_json(changed({"reason": "HTTP 503", "at_ms": 1, "url": "", "traceback": ""}) | VALUES)
BEATS = as_json(changed(msgspec.to_builtins(worker("one", postgres__rows=1))) | VALUES)
STATS = st.dictionaries(
    st.sampled_from(
        ["cpu/seconds", "postgres/rows", "politeness/permits", "site/status/500", "concurrency/level", "x"]
    ),
    VALUES,
)
PAGE = msgspec.msgpack.decode(zstd.decompress(encode_page(page(), FINGERPRINT)[1:]))
PAGES = as_msgpack(changed(PAGE) | changed(PAGE["page"]).map(lambda fields: PAGE | {"page": fields}))
PACES = as_json(changed(asdict(politeness.begin(1.0, NOW))) | VALUES)
RECORDS = as_json(changed(asdict(ApiRecord())).map(lambda record: {"list": record}) | VALUES)


def read_entry(packed: bytes) -> None:
    for payload in (packed, codec.VERSION + packed, codec._compress(packed)):
        with suppress(RefusedRequestError):
            fields = ours.loads(payload)
            assert codec.DEFAULTS | ours.loads(ours.dumps(fields)) == codec.DEFAULTS | fields
            with suppress(ValueError):  # a callback that this spider has not
                assert SITE.is_within(request_from_dict(fields, spider=spider).url)


def read_letter(why: bytes) -> None:
    for letter in (why, why + b"\n", why + b"\n" + why, why + b"\n" + codec._compress(why)):
        found = _open(b"1", letter)
        assert found.at
        assert found.asked
        assert json.dumps(found.as_json())


def read_beat(value: bytes) -> None:
    if beat := read_heartbeat(value):
        figures = FiguresOfCrawl().take(Snapshot(NOON, CRAWL, [beat, worker("two")], Progress("open", workers=2)))
        assert msgspec.json.encode(figures)


def read_stats(stats: dict[str, Any]) -> None:
    read_beat(json.dumps(msgspec.to_builtins(worker("one")) | {"stats": stats}, default=repr).encode())


def read_page(packed: bytes) -> None:
    for value in (packed, bytes([VERSION]) + packed, bytes([VERSION]) + zstd.compress(packed)):
        with suppress(UnreadablePageError):
            found = decode_page(value, FINGERPRINT, MAX)
            assert found == decode_page(encode_page(found, FINGERPRINT), FINGERPRINT, MAX)
            assert abs((NOON - found.fetched_at).total_seconds()) > 0


def read_pace(state: bytes) -> None:
    with suppress(UnreadableValueError):
        pace = politeness.believed(read_json(state, Pace), NOW, configured=1.0, most=10.0)
        assert pace.floor <= pace.rate <= pace.ceiling <= 10.0
        assert 0.1 <= pace.interval <= 3600
        assert pace.hold_until <= NOW + LONGEST_HOLD_SECONDS
        later = NOW + 700
        slower = politeness.slow_down(pace, later, reason="x", sent=later).pace
        blocked = politeness.block(slower, later, reason="x", sent=later, cool_down=180).pace
        counted = politeness.note_answers(blocked, later, answers=20, errors=20).pace
        limited = politeness.limit(counted, later, ceiling=2.0).pace
        for one in (slower, blocked, counted, limited):
            assert politeness.believed(one, later, configured=1.0, most=10.0) == one
        assert later < blocked.hold_until <= later + LONGEST_HOLD_SECONDS


def read_health(state: bytes) -> None:
    with suppress(UnreadableValueError):
        for record in read_json(state, dict[str, ApiRecord]).values():
            known = fallback.remembered(record, NOW)
            failed = fallback.note_failure(known, NOW, reason="x", probe_seconds=60).record
            blocked = fallback.note_block(failed, NOW, reason="x", probe_seconds=60).record
            probed = fallback.probe(blocked, NOW + 7200, probe_seconds=60).record
            assert probed.probe_at <= NOW + 7200 + 24 * 3600
            assert fallback.note_success(probed, NOW).record == ApiRecord()


def read_numbers(value: bytes) -> None:
    for name in (b"count:done", b"count:" + value, value):
        for count in read_counts({name: value}).values():
            assert abs(count) < 10**18
    for what, count in (read_result(value) or {}).items():
        assert (type(what), type(count)) == (str, int)


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
    checks = settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    checks(given(values)(within_bounds(reader)))()


def test_entries() -> None:
    fuzz(ENTRIES, read_entry)


def test_dead_letters() -> None:
    fuzz(WHYS, read_letter)


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
