"""Looking for a page: what is kept and fresh, else the right to fetch it, which one worker has at a time."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from refillspot.shared.page_cache import PageCache

if TYPE_CHECKING:
    from datetime import datetime

    from refillspot.clock import Clock
    from refillspot.policies.caching import CachePolicy, Kind
    from refillspot.shared.page_cache import Page

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.1  # between looks at a page that another worker fetches, on average


@dataclass(slots=True, eq=False)
class WantedPage:
    """A page that somebody asks for."""

    kind: Kind
    fingerprint: bytes
    listed: bytes = b""
    """Version of the list row that leads to it: a page that another one led to will not do."""
    not_before: datetime | None = None
    """Set for a refresh: only a page that was fetched since then will do."""
    known: Page | None = None
    """What is kept, fresh or not."""
    has_waited: bool = False
    """Whether another worker was fetching it."""
    token: str = field(default_factory=PageCache.new_token)
    """Of the lease."""

    @property
    def is_refresh(self) -> bool:
        """Tell whether something is kept, or may be, that is out of date whatever its age."""
        return self.not_before is not None or (self.known is not None and self.is_outdated(self.known))

    def is_outdated(self, page: Page) -> bool:
        return bool(self.listed and page.listed) and page.listed != self.listed


class PageLookup:
    """The cache with a sense of age. No method raises for a Redis that fails: then there is no page, and no lease."""

    def __init__(self, cache: PageCache, policy: CachePolicy, clock: Clock) -> None:
        self.cache = cache
        self.clock = clock
        self._policy = policy

    def want(self, kind: Kind, fingerprint: bytes, *, listed: bytes = b"", refresh: bool = False) -> WantedPage:
        return WantedPage(kind, fingerprint, listed, self.clock.now() if refresh else None)

    async def find(self, wanted: WantedPage) -> Page | None:
        """Return the page if it is fresh. Where none is kept it may fall to the caller to fetch it: see `wait`."""
        wanted.known = await self.cache.read(wanted.fingerprint, wanted.token)
        return self._good(wanted, wanted.known)

    async def wait(self, wanted: WantedPage) -> Page | None:
        """Return None when it falls to the caller to fetch the page; or the page, if another has fetched it meanwhile.

        Either way there may be a lease to give back: `release`.
        """
        while not self.holds(wanted):
            granted, page = await self.cache.claim(wanted.fingerprint, wanted.token)
            wanted.known = page or wanted.known
            good = self._good(wanted, page)
            if good or granted:
                return good
            if not wanted.has_waited:
                logger.debug("another worker is fetching the %s page %s", wanted.kind, wanted.fingerprint.hex())
            wanted.has_waited = True
            await asyncio.sleep(POLL_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311  # not in step with others
        return None

    async def keep(self, wanted: WantedPage, page: Page) -> None:
        seconds = self._policy.keep_seconds(page.kind, permanent=page.permanent)
        await self.cache.write(wanted.fingerprint, page, seconds, wanted.token)

    def holds(self, wanted: WantedPage) -> bool:
        """Tell whether there is a lease to be given back."""
        return self.cache.holds(wanted.fingerprint, wanted.token)

    async def release(self, wanted: WantedPage) -> None:
        await self.cache.release(wanted.fingerprint, wanted.token)

    def stand_in(self, wanted: WantedPage) -> Page | None:
        """Return what is kept, if it may be given in place of an error."""
        page, now = wanted.known, self.clock.now()
        if page and self._policy.stands_in(page.kind, page.fetched_at, now, permanent=page.permanent):
            return page
        return None

    def _good(self, wanted: WantedPage, page: Page | None) -> Page | None:
        if page is None or wanted.is_outdated(page) or (wanted.not_before and page.fetched_at < wanted.not_before):
            return None
        is_fresh = self._policy.is_fresh(page.kind, page.fetched_at, self.clock.now(), permanent=page.permanent)
        return page if is_fresh else None
