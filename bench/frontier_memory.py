"""Bytes that Redis needs for a queued store page, its fingerprint in the seen-set included.

`python -m bench.frontier_memory`. Baseline: the whole `Request.to_dict()` as plain msgpack in the same stream.
"""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from scrapy import Request
from scrapy.utils.request import fingerprint

from bench import runner
from bench.site import store_rows
from bench.worker import running_services
from refillspot.frontier import codec
from refillspot.frontier.codec import request_fields
from refillspot.frontier.queue import CrawlQueue
from refillspot.redis_clients import connect
from refillspot.sites.diningcode.answers import decode_search
from refillspot.sites.diningcode.forms import store_form
from refillspot.sites.site import FORM_HEADERS
from refillspot.spiders.diningcode import DiningcodeSpider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis.asyncio import Redis

    from bench.runner import Figures
    from refillspot.sites.diningcode.page_types import Row

Codec = Callable[[dict[str, Any]], bytes]
OURS, BASELINE = "refillspot.frontier.codec", "Request.to_dict() as msgpack"
GOAL = 350  # bytes
ROWS_OF_A_LIST = 100  # no list of a site has many more, and none is read that has


def write_requests(spider: DiningcodeSpider, count: int) -> list[Request]:
    """Return requests for store pages as the spider makes them, each of another store."""
    requests = []
    for row in _read_rows(count):  # as the spider has them
        form = store_form(row.v_rid)
        requests.append(
            Request(
                f"https://im.diningcode.com{form.path}",
                method="POST",
                headers=FORM_HEADERS,
                body=form.body,
                callback=spider.parse_store,
                errback=spider.handle_failure,
                cb_kwargs={"row": msgspec.to_builtins(row)},
                priority=10,
            )
        )
    return requests


def _read_rows(count: int) -> Iterator[Row]:
    rows = store_rows(count)
    for start in range(0, count, ROWS_OF_A_LIST):
        section = {"total_cnt": count, "list": rows[start : start + ROWS_OF_A_LIST]}
        listed = {"result_code": "100", "result_data": {"poi_section": section}}
        yield from decode_search(msgspec.json.encode(listed)).rows


async def measure(redis_url: str, spider: DiningcodeSpider, requests: list[Request], write: Codec) -> Figures:
    client = connect(redis_url)
    queue = CrawlQueue(client, f"bench-{uuid.uuid4().hex[:12]}", "bench")
    await queue.open()
    before = await _used_bytes(client)
    sizes = 0
    for number, start in enumerate(range(0, len(requests), 500), 1):
        operations: list[Any] = []
        for request in requests[start : start + 500]:
            payload = write(request_fields(request, spider))
            sizes += len(payload)
            operations += ["push", fingerprint(request), request.priority, payload]
        await queue.commit(number, operations)
    used = await _used_bytes(client) - before
    await queue.clear()
    await queue.close()
    return {"bytes/request": used / len(requests), "payload bytes": sizes / len(requests), "requests": len(requests)}


def _run(*arguments: Any) -> Figures:
    return asyncio.run(measure(*arguments))


async def _used_bytes(client: Redis) -> int:
    information: dict[str, Any] = await client.info("memory")
    return int(information["used_memory_dataset"])


def main() -> int:
    parser = runner.parser(__doc__, rounds=3)
    parser.add_argument("--requests", type=int, default=20_000, help="queued requests (default 20000)")
    arguments = parser.parse_args()
    spider = DiningcodeSpider(district="all")
    requests = write_requests(spider, arguments.requests)
    with running_services() as services:
        codecs: dict[str, Codec] = {OURS: codec.dumps, BASELINE: msgspec.msgpack.encode}
        cases = {name: partial(_run, services.redis_url, spider, requests, write) for name, write in codecs.items()}
        runs = runner.interleave(cases, arguments.rounds)
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    goals = [runner.at_most(f"bytes a queued request, {OURS}", rows[OURS]["bytes/request"], GOAL)]
    conditions = {"requests": len(requests), "rounds": arguments.rounds}
    return runner.publish(runner.Report("frontier memory", conditions, rows, goals, runs), arguments.json)


if __name__ == "__main__":
    sys.exit(main())
