"""What a hit of the page cache costs, beside Scrapy's cache in files. `python -m bench.cache`

Both are asked as Scrapy asks them, one request after the other: fingerprint, look-up, a response with its whole body.
RedisCacheMiddleware is on a Redis of its own behind a Unix socket; FilesystemCacheStorage reads files that the system
has in memory, and while it does, the event loop stands still. Each round keeps the pages and reads each of them once.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from datetime import timedelta
from functools import partial
from statistics import median, quantiles
from typing import TYPE_CHECKING

from scrapy import Request, Spider
from scrapy.extensions.httpcache import FilesystemCacheStorage
from scrapy.http import JsonResponse
from scrapy.utils.test import get_crawler

from bench import runner
from bench.site import TODAY, store_rows
from bench.worker import running_services
from refillspot.clock import Clock
from refillspot.middlewares import RedisCacheMiddleware
from refillspot.policies.caching import CachePolicy, Kind, kind_of
from refillspot.shared.cache_server import CacheServer
from refillspot.shared.page_cache import PageCache
from refillspot.shared.page_lookup import PageLookup
from refillspot.site_access.cached_pages import CachedPages, page_of
from refillspot.sites import find_site
from refillspot.sites.diningcode.forms import search_form, store_form
from refillspot.sites.site import FORM_HEADERS
from replica import envelope, profile
from replica.city import build_city

if TYPE_CHECKING:
    from bench.runner import Figures

    Pages = list[tuple[Request, JsonResponse]]

PAGES = 300
REDIS, FILES = "RedisCacheMiddleware", "FilesystemCacheStorage"
GOAL_MICROSECONDS = 1000.0  # of a hit: a worker that does nothing else serves 1000 a second
DAY = 24 * 3600.0
POLICY = CachePolicy(list_seconds=DAY, store_seconds=DAY, robots_seconds=DAY, permanent_seconds=DAY)


def main() -> int:
    arguments = runner.parser(__doc__, rounds=7).parse_args()
    cases = {}
    sizes = {}
    with running_services() as services:
        for name, pages in (("store", store_pages()), ("list", list_pages())):
            cases[f"{REDIS}, {name}"] = partial(redis_hits, services.cache_redis_url, pages)
            cases[f"{FILES}, {name}"] = partial(file_hits, pages)
            sizes[f"bytes of a {name} page, median"] = median(len(response.body) for _, response in pages)
        runs = runner.interleave(cases, arguments.rounds)
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    goals = [
        runner.at_most(f"µs of a hit, {name}", figures["µs, median"], GOAL_MICROSECONDS)
        for name, figures in rows.items()
        if name.startswith(REDIS)
    ]
    report = runner.Report("cache", {"pages": PAGES, "rounds": arguments.rounds} | sizes, rows, goals, runs)
    return runner.publish(report, arguments.json)


def store_pages() -> Pages:
    stores = list(build_city(7, refill_stores=PAGES, ordinary_stores=0))[:PAGES]
    return [_page(Kind.STORE, *store_form(store.ref), profile.answer(store, TODAY)) for store in stores]


def list_pages() -> Pages:
    rows = store_rows(2 * PAGES)
    answers = [{"poi_section": {"total_cnt": 184, "list": rows[number : number + 100]}} for number in range(PAGES)]
    return [
        _page(Kind.LIST, *search_form(f"서울 {number}"), envelope.success(answer))
        for number, answer in enumerate(answers)
    ]


def redis_hits(redis_url: str, pages: Pages) -> Figures:
    return asyncio.run(_redis_hits(redis_url, pages))


async def _redis_hits(redis_url: str, pages: Pages) -> Figures:
    crawler = get_crawler(Spider)
    cache = PageCache(CacheServer(redis_url, answer_seconds=1.0), "bench:cache", max_bytes=4_000_000, lease_seconds=10)
    lookup = PageLookup(cache, POLICY, Clock(timedelta()))
    middleware = RedisCacheMiddleware(crawler, CachedPages(crawler, find_site(), lookup))
    for request, response in pages:
        kind = kind_of(request.url, request.meta)
        assert kind
        wanted = lookup.want(kind, crawler.request_fingerprinter.fingerprint(request), refresh=False)
        await lookup.keep(wanted, page_of(response, kind, lookup.clock.now(), permanent=False))
    took = []
    for request, response in pages:
        asked = request.copy()  # a fingerprint is remembered with its request
        started = time.perf_counter()
        found = await middleware.process_request(asked)
        took.append(time.perf_counter() - started)
        assert found
        assert found.body == response.body
    await cache.close()
    return _figures(took)


def file_hits(pages: Pages) -> Figures:
    took = []
    with tempfile.TemporaryDirectory() as directory:
        crawler = get_crawler(Spider, {"HTTPCACHE_DIR": directory})
        spider = Spider.from_crawler(crawler, "bench")
        storage = FilesystemCacheStorage(crawler.settings)
        storage.open_spider(spider)
        for request, response in pages:
            storage.store_response(spider, request, response)
        for request, response in pages:
            asked = request.copy()
            started = time.perf_counter()
            found = storage.retrieve_response(spider, asked)
            took.append(time.perf_counter() - started)
            assert found
            assert found.body == response.body
    return _figures(took)


def _page(kind: Kind, path: str, form: bytes, body: bytes) -> tuple[Request, JsonResponse]:
    url = f"http://127.0.0.1{path}"
    request = Request(url, method="POST", headers=FORM_HEADERS, body=form, meta={"cache_kind": kind.value})
    return request, JsonResponse(url, headers={"Content-Type": "application/json; charset=utf-8"}, body=body)


def _figures(took: list[float]) -> Figures:
    return {"µs, median": median(took) * 1e6, "µs, 95 %": quantiles(took, n=20)[-1] * 1e6}


if __name__ == "__main__":
    sys.exit(main())
