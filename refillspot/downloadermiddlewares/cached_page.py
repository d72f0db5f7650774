"""Between Scrapy's requests and responses and the pages of the cache. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.http import Headers
from scrapy.responsetypes import responsetypes

from refillspot.shared.page import Page

if TYPE_CHECKING:
    from datetime import datetime

    from scrapy import Request
    from scrapy.http import Response

    from refillspot.policies.caching import Kind

METHODS = {"GET", "POST"}  # the API is asked by POST, and changes nothing
CREDENTIALS = ("Authorization", "Cookie")
VALIDATORS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
KEPT_HEADERS = ("Content-Type", *VALIDATORS)  # no cookie of one visitor for all others


def is_private(request: Request) -> bool:
    """Whether the answer may be meant for one visitor, or must not be kept for another reason."""
    return (
        request.method not in METHODS
        or bool(request.cookies)
        or any(name in request.headers for name in CREDENTIALS)
        or bool(request.meta.get("dont_cache"))
    )


def page_of(response: Response, kind: Kind, fetched_at: datetime, *, permanent: bool, listed: bytes = b"") -> Page:
    values = {name: response.headers.get(name) for name in KEPT_HEADERS}
    return Page(
        kind=kind,
        status=response.status,
        headers={name: value.decode("latin-1") for name, value in values.items() if value is not None},
        body=response.body,
        fetched_at=fetched_at,
        permanent=permanent,
        listed=listed,
    )


def response_of(request: Request, page: Page) -> Response:
    """Return a page as Scrapy would have it from the site, with the flag "cached"."""
    headers = Headers(page.headers)
    shape = responsetypes.from_args(headers=headers, url=request.url, body=page.body)
    return shape(request.url, status=page.status, headers=headers, body=page.body, flags=["cached"])


def validators_of(page: Page | None) -> dict[str, str]:
    """Return the headers that ask the site whether a page is still what it was."""
    if page is None or page.permanent:
        return {}
    return {asked: page.headers[name] for name, asked in VALIDATORS.items() if name in page.headers}
