"""What the components of a crawl share of the site: made once, and handed to each of them in `from_crawler`."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from scrapy import signals

from refillspot.engine import is_ending
from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.policies.caching import Kind, kind_of
from refillspot.policies.politeness_settings import allowed_pace, most_believed
from refillspot.shared.api_health import ApiHealth
from refillspot.shared.budget import RequestBudget
from refillspot.shared.keys import api_health_key, politeness_key
from refillspot.signals import pace_decided
from refillspot.site_access.cached_pages import CachedPages
from refillspot.site_hosts import SiteHosts, host_of
from refillspot.sites.site import RefusalKind, Site

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

    from refillspot.items import StoreKey
    from refillspot.policies.circuit_breaker import ApiDecision
    from refillspot.policies.politeness import Decision
    from refillspot.sites.site import Refusal

logger = logging.getLogger(__name__)

ASKED = (Kind.LIST, Kind.STORE)  # of the API
ATTRIBUTE = "site_access"  # of the crawler: it lives as long, and nobody else sets or reads it


def site_of(crawler: Crawler) -> Site:
    """Return the site that the spider of a crawl names."""
    return getattr(crawler.spidercls, "site", None) or Site()


class SiteAccess:
    """The site that the spider names; the budget, the state of the API and the kept pages: None if not wanted.

    Settings: POLITENESS_… (docs/politeness.md), FALLBACK_ENABLED, CACHE_ENABLED, CACHE_REDIS_URL, and those of its
    parts. Sends pace_decided.

    Raises:
        ConfigurationError: there is no address of the site.
        ArgumentError: the pace cannot be read, or is too much for a site of somebody else.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self.site = site_of(crawler)
        self.hosts = SiteHosts.of(settings)
        self.barred: frozenset[StoreKey] = frozenset()
        """Stores for which nobody is to be asked, as storage knows them."""
        is_limited, has_api = allowed_pace(settings) > 0, settings.getbool("FALLBACK_ENABLED")
        if (is_limited or has_api) and not self.hosts.urls:
            raise ConfigurationError(_("SITE_ADDRESSES is empty: name the addresses of the site, with their scheme"))
        self.budget = self._budget() if is_limited else None
        self.api = ApiChannel(crawler, self.site, self.hosts) if has_api else None
        is_kept = settings.getbool("CACHE_ENABLED") and settings.get("CACHE_REDIS_URL")
        self.pages = CachedPages.from_crawler(crawler, self.site) if is_kept else None

    @classmethod
    def of(cls, crawler: Crawler) -> SiteAccess:
        """Return that of a crawl; it is closed when the engine has stopped, after all who use it."""
        access: SiteAccess | None = vars(crawler).get(ATTRIBUTE)
        if access is None:
            access = vars(crawler)[ATTRIBUTE] = cls(crawler)
            crawler.signals.connect(access.close, signal=signals.engine_stopped)
        return access

    async def close(self) -> None:
        for part in (self.budget, self.api, self.pages):
            if part:
                await part.close()

    def _budget(self) -> RequestBudget:
        settings = self._crawler.settings
        return RequestBudget(
            settings["REDIS_URL"],
            politeness_key(settings["REDIS_KEY_PREFIX"], self.hosts),
            allowed_pace(settings),
            self._tell,
            partial(is_ending, self._crawler),
            most_believed(settings),
        )

    def _tell(self, decision: Decision) -> None:
        self._crawler.signals.send_catch_log(pace_decided, decision=decision)


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
