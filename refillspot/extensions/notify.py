"""Tells a webhook what the operator of a crawl wants to hear of."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future
from http.client import HTTPException
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

import msgspec
from scrapy.exceptions import NotConfigured

from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.signals import crawl_event
from refillspot.site_hosts import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

logger = logging.getLogger(__name__)

SECONDS = 10.0  # for all of a message, from the name of the host to the answer: a webhook that takes longer has failed
HEADERS = {"Content-Type": "application/json", "User-Agent": "refillspot"}
IN_A_URL = "/%:@!$&'()*+,;=~?[]#"  # what an address has beside letters and digits


class Notify:
    """Posts each `crawl_event` as JSON, {"event": …, and its facts}. A failure is logged, and harms nothing.

    Any 2xx is a success; redirects are not followed. The address may hold a secret, so only its host is ever logged.
    Settings: NOTIFY_URL. Stats: notify/sent, notify/failed.

    Raises:
        ConfigurationError: NOTIFY_URL is no https address, nor an http one of this machine.
    """

    def __init__(self, url: str, stats: StatsCollector) -> None:
        self._webhook = Webhook(url)
        self._stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        url = crawler.settings.get("NOTIFY_URL")
        if not url:
            raise NotConfigured  # NOTIFY_URL is not set
        extension = cls(url, crawler.stats)
        crawler.signals.connect(extension.tell, signal=crawl_event)
        return extension

    async def tell(self, event: str, facts: Mapping[str, Any]) -> None:
        if failure := await self._webhook.post(event, facts):
            self._stats.inc_value("notify/failed")
            logger.warning("the webhook at %s was not told of %r: %s", self._webhook.host, event, failure)
        else:
            self._stats.inc_value("notify/sent")


class Webhook:
    """An address that is told of events.

    Raises:
        ConfigurationError: see `Notify`.
    """

    def __init__(self, url: str) -> None:
        self._url, self.host = _read_address(url)

    async def post(self, event: str, facts: Mapping[str, Any]) -> str:
        """Return why it could not be told, in words that hold nothing of the address; nothing if it was."""
        message = msgspec.json.encode({"event": event, **facts})
        request = Request(self._url, message, HEADERS, method="POST")  # noqa: S310  # its scheme was looked at
        try:
            status = await _in_own_thread(request)
        except (OSError, ValueError, HTTPException) as error:  # whose words may hold the address
            return type(error).__name__
        return "" if 200 <= status < 300 else f"HTTP {status}"


def _read_address(url: str) -> tuple[str, str]:
    """Return the address as ASCII, and its host.

    Raises:
        ConfigurationError: see `Notify`.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname if "@" not in parts.netloc and parts.port != 0 else None
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"}:
        raise ConfigurationError(_("NOTIFY_URL is not the address of a webhook: use https://…"))
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            _("NOTIFY_URL must be https://…: otherwise anyone on the way could read it, and the messages."),
            _("http:// is for a webhook on this machine."),
        )
    return quote(url, IN_A_URL), host


async def _in_own_thread(request: Request) -> int:
    """Post in a thread that no end of a process waits for: a name may take minutes to be looked up."""
    status: Future[int] = Future()
    status.set_running_or_notify_cancel()

    def post() -> None:
        try:
            status.set_result(_post(request))
        except Exception as error:  # noqa: BLE001  # raised where it is awaited
            status.set_exception(error)

    Thread(target=post, name="notify", daemon=True).start()
    async with asyncio.timeout(SECONDS):
        return await asyncio.wrap_future(status)


def _post(request: Request) -> int:
    """Return the HTTP status of the answer, of which nothing else is read.

    Raises:
        OSError, ValueError, HTTPException: there is none.
    """
    is_here = is_loopback(urlsplit(request.full_url).hostname or "")
    proxies: dict[str, str] | None = {} if is_here else None  # None: those of the environment
    try:
        with build_opener(_NoRedirects, ProxyHandler(proxies)).open(request, timeout=SECONDS) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Let the redirect be the answer: the message is for nobody else."""
