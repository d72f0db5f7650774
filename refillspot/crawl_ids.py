"""What a crawl may be called: its id is part of keys in Redis and a directory of logs. Pure."""

from __future__ import annotations

import re

from refillspot.exceptions import CrawlIdError
from refillspot.language import gettext as _

CRAWL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # `..` and what looks like an option begin otherwise
BESIDE_CRAWLS = ("politeness", "api_health", "cache", "crawls")  # in keys: <REDIS_KEY_PREFIX>:<one of these>:…
OF_CRAWLS = ("crawl", "seen", "lanes", "lane", "waiting", "workers", "attempts", "batches", "dead", "heartbeats",
             "silent", "stored", "requests", "lease")  # in keys: …:<one of these>  # fmt: skip
INSTEAD_OF_IDS = ("last", "all")  # of `scrapy stats`
RESERVED = {*BESIDE_CRAWLS, *OF_CRAWLS, *INSTEAD_OF_IDS}
SHOWN = 80  # characters of one that is none, in a message


def check_crawl_id(given: str) -> str:
    """Return `given` if a crawl may be called so.

    Raises:
        CrawlIdError: it may not.
    """
    if not CRAWL_ID.fullmatch(given) or given.lower() in RESERVED:
        raise CrawlIdError(
            _(
                "{given!r} is not a crawl id: use up to 64 letters, digits, dots, dashes and underscores, "
                "starting with a letter or a digit, and none of these words: {words}"
            ).format(given=given[:SHOWN], words=", ".join(sorted(RESERVED)))
        )
    return given
