"""Everything that is read from Redis, each from bytes: nothing but documented errors may come out of it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
from backports import zstd
from scrapy.utils.request import request_from_dict

from refillspot.exceptions import RefusedRequestError, UnreadableValueError
from refillspot.frontier import codec
from refillspot.frontier.codec import RequestCodec
from refillspot.frontier.dead_letters import DeadLetter
from refillspot.frontier.queue import read_counts, read_result
from refillspot.monitoring.figures import FiguresOfCrawl
from refillspot.monitoring.snapshot import Snapshot
from refillspot.policies import circuit_breaker, politeness
from refillspot.policies.circuit_breaker import ApiRecord
from refillspot.policies.pace import LONGEST_HOLD_SECONDS, Pace, believed
from refillspot.shared.heartbeats import _read as read_heartbeat
from refillspot.shared.page_cache import VERSION, UnreadablePageError, decode_page, encode_page
from refillspot.site_hosts import SiteHosts
from refillspot.stats.crawl import Progress
from refillspot.untrusted import read_json
from tests.frontier.test_codec import Reader
from tests.monitoring.test_figures import CRAWL
from tests.shared.test_page import FINGERPRINT, page
from tests.stats.test_totals import NOON, worker

NOW = 1_800_000_000.0
MAX = 100_000
SITE = SiteHosts(("https://im.diningcode.com", "https://www.diningcode.com"))
ours, spider = RequestCodec(SITE), Reader()

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
WHY = {"reason": "HTTP 503", "at_ms": 1, "url": "", "traceback": ""}
BEAT = msgspec.to_builtins(worker("one", postgres__rows=1))
PAGE = msgspec.msgpack.decode(zstd.decompress(encode_page(page(), FINGERPRINT)[1:]))


def read_entry(packed: bytes) -> None:
    for payload in (packed, codec.VERSION + packed, codec._compress(packed)):
        with suppress(RefusedRequestError):
            fields = ours.loads(payload)
            assert codec.DEFAULTS | ours.loads(ours.dumps(fields)) == codec.DEFAULTS | fields
            with suppress(ValueError):  # a callback that this spider has not
                assert SITE.is_within(request_from_dict(fields, spider=spider).url)


def read_dead_letter(why: bytes) -> None:
    for letter in (why, why + b"\n", why + b"\n" + why, why + b"\n" + codec._compress(why)):
        found = DeadLetter.read(b"1", letter)
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
        pace = believed(read_json(state, Pace), NOW, configured=1.0, most=10.0)
        assert pace.floor <= pace.rate <= pace.ceiling <= 10.0
        assert 0.1 <= pace.interval <= 3600
        assert pace.hold_until <= NOW + LONGEST_HOLD_SECONDS
        later = NOW + 700
        slower = politeness.slow_down(pace, later, reason="x", sent=later).pace
        blocked = politeness.block(slower, later, reason="x", sent=later, cool_down=180).pace
        counted = politeness.note_answers(blocked, later, answers=20, errors=20).pace
        limited = politeness.limit(counted, later, ceiling=2.0).pace
        for one in (slower, blocked, counted, limited):
            assert believed(one, later, configured=1.0, most=10.0) == one
        assert later < blocked.hold_until <= later + LONGEST_HOLD_SECONDS


def read_health(state: bytes) -> None:
    with suppress(UnreadableValueError):
        for record in read_json(state, dict[str, ApiRecord]).values():
            known = circuit_breaker.remembered(record, NOW)
            failed = circuit_breaker.note_failure(known, NOW, reason="x", probe_seconds=60).record
            blocked = circuit_breaker.note_block(failed, NOW, reason="x", probe_seconds=60).record
            probed = circuit_breaker.probe(blocked, NOW + 7200, probe_seconds=60).record
            assert probed.probe_at <= NOW + 7200 + 24 * 3600
            assert circuit_breaker.note_success(probed, NOW).record == ApiRecord()


def read_numbers(value: bytes) -> None:
    for name in (b"count:done", b"count:" + value, value):
        for count in read_counts({name: value}).values():
            assert abs(count) < 10**18
    for what, count in (read_result(value) or {}).items():
        assert (type(what), type(count)) == (str, int)
