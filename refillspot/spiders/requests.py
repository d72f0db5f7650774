"""The requests of the spider: a list page of a query, the page of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from scrapy import Request

from refillspot.policies.caching import CACHE_KIND, CACHE_REFRESH, Kind
from refillspot.sites.diningcode.forms import FORM_HEADERS, search_form, store_form
from refillspot.sites.diningcode.versions import ODD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.planning import Query
    from refillspot.sites.diningcode.forms import Form
    from refillspot.sites.diningcode.lists import Wanted
    from refillspot.spiders.diningcode import DiningcodeSpider

REST_PRIORITY = 20  # the rest of an answer first: it tells how much of an answer can be seen
STORE_PRIORITY = 10  # store pages before further lists: the queue stays short
NARROW_PRIORITY = -10  # below 0: when all others are done, with any worker, and what they find is known


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
    return _build(spider, Kind.STORE, store_form(wanted.row.v_rid), spider.parse_store, STORE_PRIORITY, given)


def _build(  # noqa: PLR0913, PLR0917  # the parts of a request
    spider: DiningcodeSpider, kind: Kind, form: Form, callback: Any, priority: int, given: dict[str, Any]
) -> Request:
    url = spider.settings["DININGCODE_API_URL"].rstrip("/") + form.path
    return Request(
        url, callback, "POST", FORM_HEADERS, form.body, priority=priority, cb_kwargs=given,
        errback=spider.handle_failure, meta={CACHE_KIND: kind.value},
    )  # fmt: skip
