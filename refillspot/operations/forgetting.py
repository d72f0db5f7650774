"""A store out of all that this project keeps: its tables, the page cache, dead letters. For commands: this blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.operations.dead_letters import DeadLetters
from refillspot.postgres.corrections import corrections
from refillspot.postgres.crawls import list_crawls
from refillspot.redis_clients import blocking_client
from refillspot.shared.keys import cache_prefix, crawl_prefix
from refillspot.shared.page_cache import forget_pages

if TYPE_CHECKING:
    from refillspot.items import StoreKey
    from refillspot.services import ServiceAddresses
    from refillspot.sites.site import Site


def forget(
    services: ServiceAddresses, key_prefix: str, key: StoreKey, site: Site | None, max_page_bytes: int
) -> dict[str, int]:
    """Delete what is kept of a store, and let nothing of it be kept again; return how much of what it was.

    The tables first, so that no worker brings anything back. `site`: None where its requests are not known.

    Raises:
        ServiceUnavailableError: a server does not answer; what is done stays done, and twice is as once.
    """
    with corrections(services.database_url) as table:
        counts = table.forget(key)
    if site:
        counts["dead letters"] = _drop_letters(services, key_prefix, site, key[1])
    with blocking_client(services.cache_redis_url) as client:
        counts["cached pages"] = forget_pages(client, cache_prefix(key_prefix), key[1], max_page_bytes)
    return {name: count for name, count in counts.items() if count}


def _drop_letters(services: ServiceAddresses, key_prefix: str, site: Site, ref: str) -> int:
    dropped = 0
    with blocking_client(services.redis_url) as client:
        for crawl in list_crawls(services.database_url):
            letters = DeadLetters(client, crawl_prefix(key_prefix, crawl.id))
            dropped += letters.drop(
                one
                for one in letters.read()
                if one.request and site.ref_asked(one.request["url"], one.request.get("body", b"")) == ref
            )
    return dropped
