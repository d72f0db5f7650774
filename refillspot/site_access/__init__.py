"""What the components of a crawl share of the site: made once, and handed to each of them in `from_crawler`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from scrapy import signals

from refillspot.engine import is_ending
from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.policies.politeness_settings import allowed_pace, most_believed
from refillspot.shared.budget import RequestBudget
from refillspot.shared.keys import politeness_key
from refillspot.signals import pace_decided
from refillspot.site_access.api_channel import ApiChannel
from refillspot.site_access.cached_pages import CachedPages
from refillspot.site_hosts import SiteHosts
from refillspot.sites.site import Site

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from refillspot.policies.politeness import Decision

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
