"""A site as fast as it can be: every answer is written before it is asked for, and each store has its own.

Answers have the shapes and the weight of `replica.shapes.MIXED`: a store's page is 20 to 80 kB, so that 1,000 stores
take about 45 MB. Lists have no odd parts: every row is to be a store that a worker asks for.

`python -m bench.site 4000 0.2` (stores, seconds that each answer takes) prints its address and serves until stdin
closes.
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

from refillspot.planning import CrawlArguments, Query, SearchPlan
from refillspot.regions import SEOUL
from refillspot.sites.diningcode.forms import PAGE_SIZE, search_form, store_form
from refillspot.sites.diningcode.stores import district_code
from replica import profile
from replica.city import build_city
from replica.listing import Found, Listing
from replica.query import Query as Asked
from replica.rows import Rows
from replica.search import Search
from replica.shapes import name_shapes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from replica.store import Store

PROJECT = Path(__file__).parent.parent
KEYWORDS = "무한리필,뷔페"
SPIDER_ARGUMENTS = ("-a", "district=all", "-a", f"keywords={KEYWORDS}")
TODAY = date(2026, 11, 24)  # any day: nothing changes during a benchmark
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def store_rows(count: int) -> list[dict[str, Any]]:
    """Return rows of a list page as the replica writes them, of stores whose district can be read."""
    rows, anything = Rows(TODAY), Asked("", None, ())
    city = build_city(7, refill_stores=count + count // 10, ordinary_stores=0)
    written = (rows.write(store, anything) for store in city)
    return [row for row in written if district_code(row["addr"], row["road_addr"])][:count]


def plan() -> SearchPlan:
    return SearchPlan(CrawlArguments.parse(district="all", keywords=KEYWORDS), PAGE_SIZE)


def queries() -> list[Query]:
    """Return the queries of the districts; those of the whole city have more matches than are shown."""
    return [query for coarse in plan().seeds() for query in plan().split(coarse)]


def write_answers(count: int) -> dict[bytes, bytes]:
    """Return the answer to each form that a crawl with SPIDER_ARGUMENTS posts, by the form."""
    city = {store.ref: store for store in build_city(7, refill_stores=count + count // 10, ordinary_stores=0)}
    stores = [city[row["v_rid"]] for row in store_rows(count)]
    listing = Listing(Search(()), PAGE_SIZE, TODAY, SEOUL, name_shapes("mixed", 0))
    answers = {store_form(store.ref).body: profile.answer(store, TODAY) for store in stores}
    for coarse in plan().seeds():
        for offset in (0, PAGE_SIZE):
            answers[search_form(coarse.text, offset).body] = _list(listing, coarse.text, stores[:PAGE_SIZE], count)
    fine = queries()
    for number, query in enumerate(fine):
        listed = stores[number :: len(fine)]
        if len(listed) >= PAGE_SIZE:
            raise SystemExit(f"{count} stores are more than the lists of the districts can show")
        answers[search_form(query.text).body] = _list(listing, query.text, listed, len(listed))
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n"
    return {form: head.format(len(body)).encode() + body for form, body in answers.items()}


def _list(listing: Listing, text: str, listed: Sequence[Store], total: int) -> bytes:
    """Return a list page; without a store it has no section, as on the site."""
    if not listed:
        return listing.write(Found({"params": {"query": text}}, key=text.encode()))
    section, _ = listing.show(Asked(text, None, tuple(text.split())), listed, total, text.encode())
    return listing.write(Found({"params": {"query": text}, "poi_section": section}, key=text.encode()))


class Connection(asyncio.Protocol):
    """Reads one request after the other, as HTTP/1.1 clients without pipelining send them."""

    def __init__(self, answers: dict[bytes, bytes], latency: float) -> None:
        self._answers = answers
        self._latency = latency
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
            answer = self._answers.get(body, NOT_FOUND)
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._transport.write, answer)
            else:
                self._transport.write(answer)


async def serve(count: int, latency: float) -> None:
    answers = write_answers(count)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(lambda: Connection(answers, latency), "127.0.0.1", 0, backlog=1024)
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
def running_site(count: int, latency: float = 0.0) -> Iterator[str]:
    """Serve `count` stores from a process of its own, each answer after `latency` seconds; the address."""
    command = [sys.executable, "-m", "bench.site", str(count), str(latency)]
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
    uvloop.run(serve(int(arguments[0]), float(arguments[1])))


if __name__ == "__main__":
    main(sys.argv[1:])
