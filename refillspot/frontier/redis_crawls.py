"""Which crawls there are where no PostgreSQL says so: Redis remembers the unfinished ones."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from refillspot.crawl_ids import check_crawl_id
from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _
from refillspot.redis_clients import connect
from refillspot.shared.keys import unfinished_crawl_key
from refillspot.stats.crawl import STATES, Crawl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refillspot.postgres.commits import Remembered

FORGET = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
"""


class RedisCrawls:
    """Keys: `<prefix>:crawls:<digest>`, the unfinished crawl of a spider with these arguments."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        self._redis_url = redis_url
        self._prefix = prefix
        self._joined: dict[str, tuple[str, bytes, Crawl]] = {}  # key and value of each, by the crawl's id
        self._ended: set[str] = set()

    async def join(
        self,
        spider: str,
        arguments: Mapping[str, Any],
        named: str | None,
        now: datetime,
        *,
        supersedes: bool = False,  # noqa: ARG002  # that of `CrawlTable`
    ) -> Crawl:
        """Return the unfinished crawl with equal arguments, or the one that is named; else a new one.

        None is ever held: the gate is in PostgreSQL.

        Raises:
            ArgumentError: the named crawl is complete, or no crawl can be called so.
            redis.RedisError, OSError: Redis does not answer.
        """
        if named is not None and check_crawl_id(named) in self._ended:
            raise ArgumentError(
                _("crawl {id} is {state}: leave out crawl= to start a new one").format(
                    id=named, state=STATES["complete"]()
                )
            )
        said = msgspec.json.encode([spider, arguments, named], order="deterministic")
        key = unfinished_crawl_key(self._prefix, blake2b(said, digest_size=16).hexdigest())
        new = msgspec.json.encode([named or f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}", now])
        async with connect(self._redis_url) as client:
            known: Any = await client.set(key, new, nx=True, get=True)
        value: bytes = known or new
        crawl_id, started_at = msgspec.json.decode(value, type=tuple[str, datetime])
        crawl = Crawl(crawl_id, spider, dict(arguments), "running", 0, 0, None, started_at, None)
        self._joined[crawl.id] = key, value, crawl
        return crawl

    async def complete(
        self,
        crawl_id: str,
        counts: Mapping[str, int],
        now: datetime,
        remembered: Remembered | None = None,  # noqa: ARG002  # that of `CrawlTable`
    ) -> Crawl:
        """Note that a crawl is complete: the next one with equal arguments is another."""
        key, value, crawl = self._joined[crawl_id]
        async with connect(self._redis_url) as client:
            await client.eval(FORGET, 1, key, value)
        self._ended.add(crawl_id)
        return replace(crawl, state="complete", counts=dict(counts), ended_at=now)

    async def hold_queue(self, crawl_id: str, queue: str) -> None:
        """Nothing: who has another Redis has another crawl."""

    async def release_queue(self, crawl_id: str, queue: str) -> None:
        """Nothing."""
