"""The spider of Diningcode: list pages by search, a store page for each row of an asked district."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
from scrapy import Request, Spider

from refillspot.caching import CACHE_KIND, Kind
from refillspot.diningcode.answers import Row, SearchPage
from refillspot.diningcode.forms import FORM_HEADERS, Form, search_form, store_form
from refillspot.diningcode.roads import read_list, read_store
from refillspot.diningcode.stores import build_store, district_code
from refillspot.exceptions import LayoutChangedError
from refillspot.items import UnreadPage
from refillspot.planning import CrawlArguments, Query, seed_queries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from scrapy.http import Response
    from twisted.python.failure import Failure

    from refillspot.items import Store


STORE_PRIORITY = 10  # store pages before further lists: the queue stays short


class DiningcodeSpider(Spider):
    """Arguments: district (강남구 | 강남구,서초구 | all), region, keywords, limit (store pages), crawl (a shared id).

    Settings: DININGCODE_API_URL, DININGCODE_WEB_URL. Stats: diningcode/rows, strangers, lists_elsewhere (no row is
    of the district that was asked for), rows_broken, queries_split, queries_full (more matches than can be seen, and
    no smaller place to ask for), failed.

    Raises:
        ArgumentError: an argument is unknown or cannot be read.
    """

    name = "diningcode"

    def __init__(self, **arguments: str) -> None:
        super().__init__()
        self.arguments = CrawlArguments.parse(**arguments)
        self.districts = self.arguments.districts
        self._district_codes = {district.code for district in self.districts}
        self._asked: set[str] = set()  # stores whose page this process has asked for

    @property
    def crawl_arguments(self) -> dict[str, Any]:
        return self.arguments.described(self.settings["DININGCODE_API_URL"])

    @property
    def crawl_id(self) -> str | None:
        return self.arguments.crawl

    async def start(self) -> AsyncIterator[Request]:
        for query in seed_queries(self.arguments):
            yield self._list_request(query)

    def parse_list(self, response: Response, query: dict[str, Any], seen: list[str]) -> Iterator[Request]:
        """Yield store pages, the rest of the rows, and, where there are more than can be seen, smaller queries."""
        page = read_list(response.url, response.body)
        self._count("rows", len(page.rows))
        codes = [district_code(row.addr, row.road_addr) for row in page.rows]
        if codes and not seen and query["district_code"] not in codes:
            self._count("lists_elsewhere")
            self.logger.warning("no store of %r is of the district that was asked for", query)
        for trouble in page.broken:
            self._count("rows_broken")
            self.logger.error("a row of %r could not be read: %s", query, trouble)
        yield from self._store_requests(page, codes)
        yield from self._further_lists(Query(**query), page, seen)

    def parse_store(self, response: Response, row: dict[str, Any]) -> Iterator[Store | UnreadPage]:
        """Yield the store; a page in an unknown layout is kept for `scrapy db reparse` and is an error all the same."""
        try:
            page = read_store(response.url, response.body)
        except LayoutChangedError as error:
            yield UnreadPage(row["v_rid"], row, response.body, str(error))
            raise
        yield build_store(msgspec.convert(row, Row), page, self.settings["DININGCODE_WEB_URL"])

    def handle_failure(self, failure: Failure) -> None:
        """Count a request that failed for good: every attempt refused, or an answer that is none."""
        self._count("failed")
        self.logger.error("%s: %s", failure.request, failure.getErrorMessage())  # type: ignore[attr-defined]

    def _store_requests(self, page: SearchPage, codes: Sequence[str | None]) -> Iterator[Request]:
        for row, code in zip(page.rows, codes, strict=True):
            if code not in self._district_codes:
                self._count("strangers")
            elif row.v_rid not in self._asked and not self._is_limit_reached():
                self._asked.add(row.v_rid)
                form = store_form(row.v_rid)
                yield self._request(Kind.STORE, form, self.parse_store, STORE_PRIORITY, row=msgspec.to_builtins(row))

    def _is_limit_reached(self) -> bool:
        return self.arguments.limit is not None and len(self._asked) >= self.arguments.limit

    def _further_lists(self, query: Query, page: SearchPage, seen: list[str]) -> Iterator[Request]:
        if self._is_limit_reached():
            return
        refs = list(dict.fromkeys([*seen, *(row.v_rid for row in page.rows)]))
        if len(seen) < len(refs) < min(page.total, page.cap):
            yield self._list_request(query, refs)
        elif page.total > page.cap and (parts := list(query.split())):
            self._count("queries_split")
            yield from map(self._list_request, parts)
        elif page.total > page.cap:
            self._count("queries_full")
            self.logger.warning("%r has %d matches, only %d can be seen", query.text, page.total, page.cap)

    def _list_request(self, query: Query, seen: Sequence[str] = ()) -> Request:
        form = search_form(query.text, len(seen))
        return self._request(Kind.LIST, form, self.parse_list, query=asdict(query), seen=list(seen))

    def _request(self, kind: Kind, form: Form, callback: Any, priority: int = 0, **cb_kwargs: Any) -> Request:
        url = self.settings["DININGCODE_API_URL"].rstrip("/") + form.path
        return Request(
            url, callback, "POST", FORM_HEADERS, form.body, priority=priority, cb_kwargs=cb_kwargs,
            errback=self.handle_failure, meta={CACHE_KIND: kind.value},
        )  # fmt: skip

    def _count(self, what: str, count: int = 1) -> None:
        self.crawler.stats.inc_value(f"diningcode/{what}", count)
