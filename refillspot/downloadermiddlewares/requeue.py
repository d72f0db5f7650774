"""Requests that cannot be asked now: back into the queue, at no cost to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK

if TYPE_CHECKING:
    from scrapy import Request


LONGEST_WAIT = 5.0  # seconds, then it waits for its turn like others: a person may lift what held it back


def put_back(request: Request, wait: float = 0.0) -> Request:
    """Return what lets the scheduler keep a request for `wait` seconds or more, or as long as is of use there.

    Raises:
        IgnoreRequest: the request is none of the scheduler's, as that for robots.txt.
    """
    if request.callback is NO_CALLBACK:
        raise IgnoreRequest("not asked: the crawl ends")
    again = request.replace(dont_filter=True)
    again.meta["retry_after_seconds"] = min(wait, LONGEST_WAIT)
    return again
