"""The spider on the replica without any network: its requests are answered one after the other, in one process."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.http import TextResponse
from scrapy.utils.test import get_crawler

from refillspot.items import Store
from refillspot.planning.keywords import QueryAnswer
from refillspot.regions import SEOUL
from refillspot.spiders.diningcode import DiningcodeSpider
from replica import profile
from replica.city import build_city
from replica.hours import FIRST_DAY
from replica.listing import Listing
from replica.query import parse_form
from replica.search import Search, is_match
from replica.shapes import MIXED, Shapes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from replica.store import Store as ReplicaStore

SITE = "http://127.0.0.1:1"  # nobody is asked
SETTINGS = {"DININGCODE_API_URL": SITE, "DININGCODE_WEB_URL": SITE, "UNLIKELY_SAMPLE_SHARE": 0.02}


@dataclass
class Crawled:
    """What a crawl asked for and found."""

    stores: dict[str, Store] = field(default_factory=dict)
    lists: Counter[str] = field(default_factory=Counter)
    """{form: how often it was posted}."""
    pages: Counter[str] = field(default_factory=Counter)
    stats: dict[str, Any] = field(default_factory=dict)
    answers: list[QueryAnswer] = field(default_factory=list)

    @property
    def refill(self) -> set[str]:
        return {ref for ref, store in self.stores.items() if store.refill.verdict != "unlikely"}

    @property
    def shown(self) -> dict[tuple[str, str], tuple[bool, set[str]]]:
        """By district and keyword: whether all was seen, and the stores that were shown."""
        pairs: dict[tuple[str, str], tuple[set[str], set[str], set[str]]] = {}
        for answer in self.answers:
            for code, refs in answer.refs.items():
                awaited, came, shown = pairs.setdefault((code, answer.keyword), (set(), set(), set()))
                awaited.update(answer.awaited[code])
                came.add(answer.asked)
                shown.update(refs, answer.others)
        return {pair: (awaited <= came, shown) for pair, (awaited, came, shown) in pairs.items()}

    @property
    def requests_a_refill_store(self) -> float:
        return (self.lists.total() + self.pages.total()) / len(self.refill)


@lru_cache(maxsize=2)
def _build_city(seed: int, refill: int, ordinary: int) -> Sequence[ReplicaStore]:
    return build_city(seed, refill_stores=refill, ordinary_stores=ordinary)


@lru_cache(maxsize=2)
def _pages(_seed: int, _refill: int, _ordinary: int, _shapes: Shapes) -> dict[str, bytes]:
    """Return the store pages of a city that were asked for already, by any crawl of it."""
    return {}


class City:
    """A replica's city whose site shows at most `cap` rows of a query, in these shapes."""

    def __init__(
        self, seed: int, cap: int, *, refill: int = 1500, ordinary: int = 6000, shapes: Shapes = MIXED
    ) -> None:
        self._stores = _build_city(seed, refill, ordinary)
        self._by_ref = {store.ref: store for store in self._stores}
        self._listing = Listing(Search(self._stores), cap, FIRST_DAY, SEOUL, shapes)
        self._shapes = shapes
        self._pages = _pages(seed, refill, ordinary, shapes)

    def reachable(self, spider: DiningcodeSpider) -> set[str]:
        """Return the refill stores that the site lists for the spider's keywords, by the replica's own account."""
        names, keywords = {district.name for district in spider.districts}, spider.arguments.keywords
        there = [store for store in self._stores if store.concept.refill and store.district.name in names]
        return {store.ref for store in there if any(is_match(store, keyword) for keyword in keywords)}

    def reached(self, spider: DiningcodeSpider) -> dict[tuple[str, str], set[str]]:
        """Return by district and keyword what the site lists, by the replica's own account."""
        found: dict[tuple[str, str], set[str]] = {}
        for store in self._stores:
            for keyword in spider.arguments.keywords:
                if is_match(store, keyword):
                    found.setdefault((store.district.code, keyword), set()).add(store.ref)
        return found

    @property
    def refill(self) -> set[str]:
        return {store.ref for store in self._stores if store.concept.refill}

    def answer(self, form: dict[str, str]) -> bytes:
        if "v_rid" in form:
            ref = form["v_rid"]
            if ref not in self._pages:
                self._pages[ref] = profile.answer(self._by_ref.get(ref), FIRST_DAY, self._shapes)
            return self._pages[ref]
        return self._listing.answer(form)

    def crawl(self, spider: DiningcodeSpider) -> Crawled:
        """Answer whatever the spider asks, in order of priority, each form once unless it insists."""
        crawled, numbers = Crawled(), count()
        queue: list[tuple[int, int, Request]] = []
        seen: set[bytes] = set()
        waiting = iter(_seeds(spider))
        while True:
            for request in waiting:
                if request.dont_filter or request.body not in seen:
                    seen.add(request.body)
                    heapq.heappush(queue, (-request.priority, next(numbers), request))
            if not queue:
                break
            waiting = iter(list(self._visit(heapq.heappop(queue)[2], crawled)))
        crawled.stats = spider.crawler.stats.get_stats()
        return crawled

    def _visit(self, request: Request, crawled: Crawled) -> Iterator[Request]:
        form = parse_form(request.body.decode())
        (crawled.pages if "v_rid" in form else crawled.lists)[request.body.decode()] += 1
        response = TextResponse(request.url, body=self.answer(form), request=request)
        assert request.callback
        for out in request.callback(response, **request.cb_kwargs):
            if isinstance(out, Request):
                yield out
            elif isinstance(out, QueryAnswer):
                crawled.answers.append(out)
            elif isinstance(out, Store):
                crawled.stores[out.ref] = out


def spider_for(settings: dict[str, Any] | None = None, **arguments: str) -> DiningcodeSpider:
    crawler = get_crawler(DiningcodeSpider, SETTINGS | (settings or {}))
    return DiningcodeSpider.from_crawler(crawler, **arguments)


def _seeds(spider: DiningcodeSpider) -> list[Request]:
    async def gather() -> list[Request]:
        return [request async for request in spider.start()]

    return asyncio.run(gather())
