"""Tells a webhook what the operator of a crawl wants to hear of."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import msgspec
from scrapy.exceptions import NotConfigured

from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.signals import crawl_event

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

logger = logging.getLogger(__name__)

SECONDS = 10.0  # a webhook that takes longer has failed


class Notify:
    """Posts each `crawl_event` as JSON, {"event": …, and its facts}. A failure is logged, and harms nothing.

    The address may hold a secret, so only its host is ever logged.
    Settings: NOTIFY_URL. Stats: notify/sent, notify/failed.

    Raises:
        ConfigurationError: NOTIFY_URL is no http(s) address.
    """

    def __init__(self, url: str, stats: StatsCollector) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigurationError(_("NOTIFY_URL is no address of a webhook: use https://…"))
        self._url = url
        self._host = parts.hostname
        self._stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        url = crawler.settings.get("NOTIFY_URL")
        if not url:
            raise NotConfigured("NOTIFY_URL is not set.")
        extension = cls(url, crawler.stats)
        crawler.signals.connect(extension.tell, signal=crawl_event)
        return extension

    async def tell(self, event: str, facts: Mapping[str, Any]) -> None:
        try:
            await asyncio.to_thread(self._post, msgspec.json.encode({"event": event, **facts}))
        except (URLError, OSError, ValueError) as error:
            self._stats.inc_value("notify/failed")
            logger.warning("the webhook at %s was not told of %r: %s", self._host, event, _reason(error))
        else:
            self._stats.inc_value("notify/sent")

    def _post(self, body: bytes) -> None:
        request = Request(self._url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310  # checked
        with urlopen(request, timeout=SECONDS):  # noqa: S310
            pass


def _reason(error: Exception) -> str:
    """Return what went wrong without the address, which urllib puts into some messages."""
    return f"{type(error).__name__} {getattr(error, 'code', '')}".strip()
