"""Redirects: within the site they are followed, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest

from refillspot.site_hosts import SiteHosts, origin_of

if TYPE_CHECKING:
    from scrapy.http import Response
    from scrapy.settings import BaseSettings

REDIRECTS = {301, 302, 303, 307, 308}
LONGEST_ADDRESS = 200  # characters, in an error


class RedirectRefusedError(IgnoreRequest):
    """The site sent a request where it must not go; the message says where."""


class SiteRedirectMiddleware(RedirectMiddleware):
    """Scrapy's own, but only to the schemes and hosts of the settings, robots.txt included; a form stays at its host.

    What leads elsewhere fails for good: another host would be asked in the site's name, an inner one of this network
    even kept.

    Settings: SITE_ADDRESSES, REDIRECT_ENABLED, REDIRECT_MAX_TIMES.
    """

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self._site = SiteHosts.of(settings)

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        location = response.headers.get("Location")
        if location is None or response.status not in REDIRECTS:
            return response
        to = location.decode("utf-8", "replace")
        try:
            to = urljoin(request.url, to)
            further = super().process_response(request, response)
        except ValueError:
            raise _refused(request, response, to, "no address") from None  # else it is counted as a ValueError
        except IgnoreRequest:
            why = f"more than {self.max_redirect_times} redirects in a row"
            raise _refused(request, response, to, why) from None
        if not isinstance(further, Request) or not self._site.is_within(further.url):
            raise _refused(request, response, to, "not of the site")
        if further.method != "GET" and origin_of(further.url) != origin_of(request.url):
            raise _refused(request, response, to, "another host, which is not to get the form")
        return further


def _refused(request: Request, response: Response, to: str, why: str) -> RedirectRefusedError:
    where = to if len(to) <= LONGEST_ADDRESS else f"{to[:LONGEST_ADDRESS]}…"
    return RedirectRefusedError(f"HTTP {response.status} of {request.url} leads to {where!r}: {why}")
