"""The API as one of the two ways to ask the site: what is asked of it, and what it has failed to answer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from refillspot.policies.caching import Kind, kind_of
from refillspot.shared.api_health import ApiHealth
from refillspot.shared.keys import api_health_key
from refillspot.site_hosts import host_of
from refillspot.sites.site import RefusalKind

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

    from refillspot.policies.circuit_breaker import ApiDecision
    from refillspot.site_hosts import SiteHosts
    from refillspot.sites.site import Refusal, Site

logger = logging.getLogger(__name__)

ASKED = (Kind.LIST, Kind.STORE)


class ApiChannel:
    """Whether the API can be asked, as all workers know it together, and which page says the same.

    Settings: FALLBACK_PROBE_SECONDS, REDIS_URL, REDIS_KEY_PREFIX. Stats: fallback/failed (requests that the API could
    not answer); of the decisions that this worker caused fallback/switched, returned, probe.
    """

    def __init__(self, crawler: Crawler, site: Site, hosts: SiteHosts) -> None:
        settings = crawler.settings
        self._site = site
        self._stats = crawler.stats
        self._api_host, self._web_url = host_of(hosts.api_url), hosts.web_url
        key = api_health_key(settings["REDIS_KEY_PREFIX"], hosts)
        self.health = ApiHealth(settings["REDIS_URL"], key, settings.getfloat("FALLBACK_PROBE_SECONDS"), self._told)

    def kind_of(self, request: Request) -> Kind | None:
        """Return what a request asks the API for; None if it asks another, or for nothing that a page says."""
        kind = kind_of(request.url, request.meta)
        return kind if kind in ASKED and self._site.channel_of(request.url) == "api" else None

    def page_of(self, request: Request) -> str | None:
        """Return the address of the page that says what a request asks the API for; None if no page does."""
        return self._site.web_page_for(request.url, request.body, self._web_url)

    async def failed(self, kind: Kind, reason: str) -> None:
        """Note a request that the API could not answer in a way that can be used."""
        self._stats.inc_value("fallback/failed")
        await self.health.note_failure(kind, reason)

    async def blocked(self, request: Request, refusal: Refusal, status: int, reason: str) -> None:
        """Note that a page came where the API was asked, which one worker tells for all.

        A verification page, or one under 403, refuses the visitor: that is obeyed, and no reason to come by another
        door.
        """
        if self.kind_of(request) and refusal.kind is RefusalKind.PAGE and status < 300:
            for kind in ASKED:
                await self.health.note_block(kind, reason)

    async def rules_unknown(self, url: str, reason: str) -> bool:
        """Note that robots.txt of a host cannot be read; whether those that wait for it have another way."""
        host = host_of(url)
        if host != self._api_host or host == host_of(self._web_url):
            return False
        for kind in ASKED:
            await self.health.note_failure(kind, reason)
        return await self.health.is_down(Kind.LIST)

    async def close(self) -> None:
        await self.health.close()

    def _told(self, kind: Kind, decision: ApiDecision) -> None:
        self._stats.inc_value(f"fallback/{decision.kind}")
        what = "the pages for people are asked instead" if decision.kind == "switched" else "as before"
        level = logging.WARNING if decision.kind == "switched" else logging.INFO
        logger.log(level, "the API for a %s, %s: %s (%s)", kind, decision.kind, decision.reason, what)
