"""One switch for all workers of a crawl. For commands: this blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refillspot.exceptions import ArgumentError
from refillspot.frontier.queue import OPEN, script_source
from refillspot.language import gettext as _
from refillspot.postgres.crawl_list import find_crawl, list_crawls
from refillspot.shared.connections import blocking_client

if TYPE_CHECKING:
    from refillspot.postgres.crawls import Crawl
    from refillspot.services import ServiceAddresses


def set_paused(services: ServiceAddresses, key_prefix: str, crawl_id: str | None, *, paused: bool) -> Crawl:
    """Make all workers of a crawl pause or go on, within about two seconds; return the crawl.

    A paused worker finishes what is under way and asks for nothing more, and so does one that joins later.

    Raises:
        ArgumentError: no crawl goes on, several do and none is named, or the named one has ended.
        ServiceUnavailableError: a server does not answer.
    """
    crawl = (
        _the_running(list_crawls(services.database_url))
        if crawl_id is None
        else find_crawl(services.database_url, crawl_id)
    )
    with blocking_client(services.redis_url) as client:
        script: Any = client.register_script(script_source("pause"))
        state = script(keys=[f"{key_prefix}:{crawl.id}"], args=[int(paused)])
    in_redis = state.decode("utf-8", "replace")
    if in_redis != OPEN:
        raise ArgumentError(
            _("crawl {id} does not go on: it is {state}, in Redis {in_redis}").format(
                id=crawl.id, state=crawl.state, in_redis=in_redis
            )
        )
    return crawl


def _the_running(crawls: list[Crawl]) -> Crawl:
    running = [crawl for crawl in crawls if crawl.state == "running"]
    if not running:
        raise ArgumentError(_("no crawl goes on: see scrapy crawls list"))
    if len(running) > 1:
        ids = ", ".join(crawl.id for crawl in running)
        raise ArgumentError(_("{count} crawls go on, say which: {ids}").format(count=len(running), ids=ids))
    return running[0]
