"""The spider of Diningcode: list pages by search, a store page for each row that is worth one."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from scrapy import Request, Spider

from refillspot import signals
from refillspot.exceptions import BarredStoreError, LayoutChangedError, UnknownStoreError
from refillspot.items import ReadPage, UnknownStore, UnreadPage
from refillspot.planning import CrawlArguments, Query, SearchPlan
from refillspot.planning.arguments import CRAWL_LIMIT
from refillspot.planning.keywords import QueryAnswer
from refillspot.planning.pagination import Step
from refillspot.policies.caching import CACHE_KIND, CACHE_REFRESH, Kind
from refillspot.site_access.cached_pages import age_of
from refillspot.sites.diningcode.channels import read_list, read_store
from refillspot.sites.diningcode.forms import PAGE_SIZE, search_asked, search_form, store_form
from refillspot.sites.diningcode.lists import ListReader
from refillspot.sites.diningcode.page_types import ODD, Row
from refillspot.sites.diningcode.site import SITE
from refillspot.sites.diningcode.stores import build_store
from refillspot.sites.site import FORM_HEADERS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from refillspot.items import Store
    from refillspot.sites.diningcode.lists import ListResult, Wanted
    from refillspot.sites.site import Form

TIMES_ASKED = 3  # a query whose answer is about something else
REST_PRIORITY = 20  # the rest of an answer first: it tells how much of an answer can be seen
STORE_PRIORITY = 10  # store pages before further lists: the queue stays short
NARROW_PRIORITY = -10  # below 0: when all others are done, with any worker, and what they find is known


class DiningcodeSpider(Spider):
    """Arguments: district (강남구 | 강남구,서초구 | all), region, keywords, limit (store pages), crawl, supersede.

    Settings: DININGCODE_API_URL, DININGCODE_WEB_URL, UNLIKELY_SAMPLE_SHARE. Stats (docs/completeness.md): diningcode/
    rows, rows_broken, rows_near, rows_widened, rows_generic, strangers, unlikely, samples, samples_refill,
    queries_split, queries_doubtful, queries_full (more matches than can be seen, and no smaller place to ask for),
    failed; asked/CODE and found/CODE (lists of a district or a city, and their rows that lie in it).

    Raises:
        ArgumentError: an argument is unknown or cannot be read.
    """

    name = "diningcode"
    site = SITE

    def __init__(self, **arguments: str) -> None:
        super().__init__()
        self.arguments = CrawlArguments.parse(**arguments)
        self.districts = self.arguments.districts
        self.plan = SearchPlan(self.arguments, PAGE_SIZE)
        self._asked: set[str] = set()  # stores whose page this process has asked for, and the queue knows it
        self._pages = 0  # asked for

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.queue_rolled_back, signal=signals.queue_rolled_back)
        return spider

    @classmethod
    def reading_of(cls, url: str) -> tuple[str, dict[str, Any]] | None:
        """Return the callback that reads the page of an address, and what it is given, for `scrapy parse`.

        None: it is the address of no list and of no store.
        """
        if ref := cls.site.ref_asked(url, b""):
            return "parse_store", {"row": {"v_rid": ref, "nm": ref}}  # its name is on the page
        if text := search_asked(url):
            return "parse_list", {"query": msgspec.to_builtins(Query.read(text)), "seen": []}
        return None

    @property
    def crawl_arguments(self) -> dict[str, Any]:
        return self.arguments.described(self.settings["DININGCODE_API_URL"])

    @property
    def crawl_id(self) -> str | None:
        return self.arguments.crawl

    @property
    def supersedes(self) -> bool:
        return self.arguments.supersedes

    @property
    def crawl_stats(self) -> list[str]:
        """Stats that are counted over all workers: of which places something was asked, and found."""
        areas = {code for district in self.districts for code in (district.code, district.region.code)}
        return [f"diningcode/{what}/{area}" for what in ("asked", "found") for area in sorted(areas)]

    async def start(self) -> AsyncIterator[Request]:
        for query in self.plan.seeds():
            yield build_list_request(self, query)

    def parse_list(
        self, response: Response, query: dict[str, Any], seen: list[str], times: int = 1
    ) -> Iterator[Request | QueryAnswer]:
        """Yield store pages, and what follows: the rest of the rows, smaller queries, or the same one again.

        @saved list
        """
        asked, page = msgspec.convert(query, Query), read_list(response.url, response.body)
        self.crawler.signals.send_catch_log(signals.list_read, page=page, response=response)
        for trouble in page.broken:
            self.logger.error("a row of %r could not be read: %s", query, trouble)
        result = self._reader.read(page, asked, seen)
        self._count(f"asked/{asked.area}")
        self._count(f"found/{asked.area}", result.answer.here)
        for what, count in result.counts.items():
            self._count(what, count)
        is_narrow = self.plan.is_narrow(asked.keyword)
        if result.is_doubtful and times < TIMES_ASKED and not is_narrow:
            self._count("queries_doubtful")
            yield from self._store_requests(result)
            yield build_list_request(self, asked, seen, times + 1)
            return
        step = self.plan.pagination.next_step(result.answer)
        if self.arguments.limit is None:  # else not all that was found is fetched, and nothing can be learnt from it
            is_all = result.is_all and self.site.channel_of(response.url) == "api"  # its pages for people show less
            awaited = self.plan.awaited(asked, step, result.answer.shown, is_all=is_all)
            total = page.sent if page.total is None else page.total
            name = asked.answer_from(len(seen))
            yield QueryAnswer(self.site.name, asked.keyword, name, total, result.about, awaited, result.others)
        then = {"query": query, "step": step.value, "seen": result.refs if step is Step.FOLLOW else []}
        yield from self._store_requests(result, then if is_narrow and step is not Step.STOP else None)
        if not is_narrow:
            yield from self._go_on(then)

    def parse_store(
        self, response: Response, row: dict[str, Any], *, is_sample: bool = False, then: dict[str, Any] | None = None
    ) -> Iterator[Store | UnreadPage | UnknownStore | Request]:
        """Yield the store, or that the site has none such.

        A page in an unknown layout is kept for `scrapy db reparse`; both are errors all the same.

        `then`: what to ask if it is a refill store, one that a narrow query found and no other.

        @saved store
        """
        try:
            page = read_store(response.url, response.body)
        except UnknownStoreError:
            yield UnknownStore(self.site.name, row["v_rid"])
            raise
        except LayoutChangedError as error:
            yield UnreadPage(self.site.name, row["v_rid"], row, response.body, str(error))
            raise
        self.crawler.signals.send_catch_log(signals.store_read, page=page, response=response)
        store = build_store(msgspec.convert(row, Row), page, self.settings["DININGCODE_WEB_URL"])
        store.read_from(ReadPage(row, response.body))
        store.sent_before(age_of(response))
        yield store
        if store.refill.verdict != "unlikely":
            self._count("samples_refill", int(is_sample))
            yield from self._go_on(then) if then else ()

    def queue_rolled_back(self) -> None:
        """Ask for stores again that lists name again: the queue tells which of them it knows."""
        self._asked.clear()

    def handle_failure(self, failure: Failure) -> None:
        """Count a request that failed for good: every attempt refused, or an answer that is none."""
        if isinstance(failure.value, BarredStoreError):
            return
        self._count("failed")
        request: Request = failure.request  # type: ignore[attr-defined]
        self.crawler.signals.send_catch_log(signals.request_failed, request=request, error=failure.value)
        self.logger.error("%s: %s", request, failure.getErrorMessage())

    @cached_property
    def _reader(self) -> ListReader:
        share = self.settings.getfloat("UNLIKELY_SAMPLE_SHARE")
        return ListReader({district.code for district in self.districts}, share)

    def _store_requests(self, result: ListResult, then: dict[str, Any] | None = None) -> Iterator[Request]:
        for wanted in result.wanted:
            if wanted.row.v_rid not in self._asked and not self._is_limit_reached():
                self._asked.add(wanted.row.v_rid)
                self._pages += 1
                self._count("samples", int(wanted.is_sample))
                yield build_store_request(self, wanted, then)

    def _go_on(self, then: dict[str, Any]) -> Iterator[Request]:
        query, step = msgspec.convert(then["query"], Query), Step(then["step"])
        parts = self.plan.split(query) if step is Step.SPLIT else []
        if step is Step.STOP or self._is_limit_reached():
            return
        if step is Step.FOLLOW:
            yield build_list_request(self, query, then["seen"])
        elif parts:
            self._count("queries_split")
            yield from (build_list_request(self, part) for part in parts)
        else:
            self._count("queries_full")
            self.logger.warning("%r has more matches than can be seen, and no smaller place", query)

    def _is_limit_reached(self) -> bool:
        return self.arguments.limit is not None and self._pages >= self.arguments.limit

    def _count(self, what: str, count: int = 1) -> None:
        self.crawler.stats.inc_value(f"diningcode/{what}", count)


def build_list_request(spider: DiningcodeSpider, query: Query, seen: Sequence[str] = (), times: int = 1) -> Request:
    """Return a request for the rows of a query behind those `seen`; the second time the site is asked in any case."""
    form = search_form(query.text, len(seen), query.box)
    given: dict[str, Any] = {"query": msgspec.to_builtins(query), "seen": list(seen)}
    priority = REST_PRIORITY if seen else NARROW_PRIORITY if spider.plan.is_narrow(query.keyword) else 0
    if times == 1:
        return _build(spider, Kind.LIST, form, spider.parse_list, priority, given)
    request = _build(spider, Kind.LIST, form, spider.parse_list, priority, given | {"times": times})
    request.meta[CACHE_REFRESH] = True
    return request.replace(dont_filter=True)


def build_store_request(spider: DiningcodeSpider, wanted: Wanted, then: dict[str, Any] | None = None) -> Request:
    """Return a request for a store's page. The row travels along, and what to ask if it is a refill store."""
    given: dict[str, Any] = {"row": msgspec.to_builtins(wanted.row) | ({ODD: True} if wanted.is_odd else {})}
    given |= {"is_sample": True} if wanted.is_sample else {}
    given |= {"then": then} if then else {}
    request = _build(spider, Kind.STORE, store_form(wanted.row.v_rid), spider.parse_store, STORE_PRIORITY, given)
    if spider.arguments.limit is not None:
        request.meta[CRAWL_LIMIT] = spider.arguments.limit
    return request


def _build(  # noqa: PLR0913, PLR0917  # the parts of a request
    spider: DiningcodeSpider, kind: Kind, form: Form, callback: Any, priority: int, given: dict[str, Any]
) -> Request:
    url = spider.settings["DININGCODE_API_URL"].rstrip("/") + form.path
    return Request(
        url, callback, "POST", FORM_HEADERS, form.body, priority=priority, cb_kwargs=given,
        errback=spider.handle_failure, meta={CACHE_KIND: kind.value},
    )  # fmt: skip
