"""A site as fast as it can be: every answer is written before it is asked for, and each store has its own.

`python -m bench.site 4000` prints its address and serves until stdin closes.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import uvloop

from refillspot.diningcode.forms import search_form, store_form
from refillspot.diningcode.stores import district_code
from refillspot.planning import CrawlArguments, seed_queries
from replica import envelope, profile
from replica.city import build_city
from replica.query import Query
from replica.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROJECT = Path(__file__).parent.parent
KEYWORDS = "무한리필,뷔페"
SPIDER_ARGUMENTS = ("-a", "district=all", "-a", f"keywords={KEYWORDS}")
TODAY = date(2026, 11, 24)  # any day: nothing changes during a benchmark
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def store_rows(count: int) -> list[dict[str, Any]]:
    """Return rows of a list page as the replica writes them, of stores whose district can be read."""
    rows, anything = Rows(TODAY), Query("", None, ())
    city = build_city(7, refill_stores=count + count // 10, ordinary_stores=0)
    written = (rows.write(store, anything) for store in city)
    return [row for row in written if district_code(row["addr"], row["road_addr"])][:count]


def write_answers(count: int) -> dict[bytes, bytes]:
    """Return the answer to each form that a crawl with SPIDER_ARGUMENTS posts, by the form."""
    rows = store_rows(count)
    stores = {store.ref: store for store in build_city(7, refill_stores=count + count // 10, ordinary_stores=0)}
    answers = {store_form(row["v_rid"]).body: profile.answer(stores[row["v_rid"]], TODAY) for row in rows}
    queries = list(seed_queries(CrawlArguments.parse(district="all", keywords=KEYWORDS)))
    for number, query in enumerate(queries):
        listed = rows[number :: len(queries)]
        section = {"total_cnt": len(listed), "list": listed}
        answers[search_form(query.text).body] = envelope.success({"poi_section": section})
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n"
    return {form: head.format(len(body)).encode() + body for form, body in answers.items()}


class Connection(asyncio.Protocol):
    """Reads one request after the other, as HTTP/1.1 clients without pipelining send them."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self._answers = answers
        self._received = b""
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(body) >= int(length or 0):
            self._received = b""
            self._transport.write(self._answers.get(body, NOT_FOUND))


async def serve(count: int) -> None:
    answers = write_answers(count)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(lambda: Connection(answers), "127.0.0.1", 0, backlog=1024)
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)

    def read_to_end() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=read_to_end, daemon=True).start()
    await stop.wait()
    server.close()


@contextmanager
def running_site(count: int) -> Iterator[str]:
    """Serve `count` stores from a process of its own; the address."""
    command = [sys.executable, "-m", "bench.site", str(count)]
    with subprocess.Popen(  # this module
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin  # asked for above
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def main(arguments: Sequence[str]) -> None:
    uvloop.run(serve(int(arguments[0])))


if __name__ == "__main__":
    main(sys.argv[1:])
