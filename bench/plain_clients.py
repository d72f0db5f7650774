"""The site read without Scrapy: lists, then their stores, parsed and thrown away. Run by `bench.peers`.

`python -m bench.plain_clients requests|aiohttp URL` prints its figures as JSON.
"""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, process_time
from typing import TYPE_CHECKING

import aiohttp
import msgspec
import requests

from bench.site import queries
from refillspot.sites.diningcode.answers import decode_search, decode_store
from refillspot.sites.diningcode.forms import search_form, store_form
from refillspot.sites.diningcode.stores import build_store
from refillspot.sites.site import FORM_HEADERS, Form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.sites.diningcode.page_types import Row

AT_ONCE = 16


def list_forms() -> Iterator[Form]:
    for query in queries():
        yield search_form(query.text)


def by_requests(url: str) -> int:
    """A session a thread, as its documentation advises."""
    with ThreadPoolExecutor(AT_ONCE) as pool, requests.Session() as session:
        rows = {
            row.v_rid: row
            for form in list_forms()
            for row in decode_search(session.post(url + form.path, form.body, headers=FORM_HEADERS).content).rows
        }
        idle = [requests.Session() for _ in range(AT_ONCE)]

        def fetch(row: Row) -> None:
            own = idle.pop()
            form = store_form(row.v_rid)
            body = own.post(url + form.path, form.body, headers=FORM_HEADERS).content
            idle.append(own)
            build_store(row, decode_store(body), url)

        return len(list(pool.map(fetch, rows.values())))


async def by_aiohttp(url: str) -> int:
    async with aiohttp.ClientSession(headers=FORM_HEADERS, connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

        async def post(form: Form) -> bytes:
            async with session.post(url + form.path, data=form.body) as answer:
                return await answer.read()

        lists = await asyncio.gather(*(post(form) for form in list_forms()))
        rows = {row.v_rid: row for body in lists for row in decode_search(body).rows}
        places = asyncio.Semaphore(AT_ONCE)

        async def fetch(row: Row) -> None:
            async with places:
                build_store(row, decode_store(await post(store_form(row.v_rid))), url)

        await asyncio.gather(*map(fetch, rows.values()))
        return len(rows)


def main(client: str, url: str) -> None:
    began, cpu = monotonic(), process_time()
    stores = by_requests(url) if client == "requests" else asyncio.run(by_aiohttp(url))
    seconds = monotonic() - began
    figures = {
        "stores/s": stores / seconds,
        "stores": float(stores),
        "cpu ms/store": 1000 * (process_time() - cpu) / stores,
    }
    print(msgspec.json.encode(figures).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
