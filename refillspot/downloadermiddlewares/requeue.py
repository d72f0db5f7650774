"""What cannot be asked now goes back into the queue, and waits there instead of in a worker."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request
from scrapy.http.request import NO_CALLBACK

from refillspot.policies.retries import retry_after_seconds

if TYPE_CHECKING:
    from scrapy.http import Response

LONGEST_WAIT = 5.0  # seconds, then it waits for its turn like others: a person may lift what held it back


def requeue(request: Request, wait: float = 0.0) -> Request:
    """Return what lets the scheduler keep a request for `wait` seconds or more, or as long as is of use there.

    Raises:
        IgnoreRequest: the request is none of the scheduler's, as that for robots.txt.
    """
    if request.callback is NO_CALLBACK:
        raise IgnoreRequest("not asked: the crawl ends")
    again = request.replace(dont_filter=True)
    again.meta["retry_after_seconds"] = min(wait, LONGEST_WAIT)
    return again


class RetryAfterMiddleware(RetryMiddleware):
    """Scrapy's own, which also hands on how long the site asks to be left alone; the scheduler lets the retry wait.

    Settings: RETRY_ENABLED, RETRY_TIMES, RETRY_HTTP_CODES, RETRY_EXCEPTIONS. Stats: retry/…, as Scrapy's.
    """

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        result = super().process_response(request, response)
        header = response.headers.get("Retry-After")
        if isinstance(result, Request) and header:
            text = header.decode("latin-1")
            date = (response.headers.get("Date") or b"").decode("latin-1")
            result.meta["retry_after_seconds"] = retry_after_seconds(text, datetime.now(UTC), date)
        return result
