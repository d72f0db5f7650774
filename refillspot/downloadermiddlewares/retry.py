"""Retries, which wait in the queue and not in a worker."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Request

from refillspot.policies.retries import retry_after_seconds

if TYPE_CHECKING:
    from scrapy.http import Response


class RetryAfterMiddleware(RetryMiddleware):
    """Scrapy's own, which also hands on how long the site asks to be left alone; the scheduler lets the retry wait.

    Settings: RETRY_ENABLED, RETRY_TIMES, RETRY_HTTP_CODES, RETRY_EXCEPTIONS. Stats: retry/…, as Scrapy's.
    """

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        result = super().process_response(request, response)
        header = response.headers.get("Retry-After")
        if isinstance(result, Request) and header:
            text = header.decode("latin-1")
            result.meta["retry_after_seconds"] = retry_after_seconds(text, datetime.now(UTC))
        return result
