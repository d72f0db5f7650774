"""Which servers a command speaks to.  No class here: Scrapy would list it as a command."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

    from refillspot.services import ServiceAddresses

ADDRESSES = ("DATABASE_URL", "REDIS_URL", "CACHE_REDIS_URL")


def environ(settings: BaseSettings) -> dict[str, str]:
    """Return the environment, with the addresses that were given with `-s`."""
    return {**os.environ, **{name: settings[name] for name in ADDRESSES if settings.get(name)}}


def servers(settings: BaseSettings, *needed: str) -> ServiceAddresses:
    """Return the servers given with `-s`, in the environment or in `.env`, else the embedded ones.

    Those that are `needed` (postgres, redis, redis-cache) answer; the others may be down.

    Raises:
        ServiceUnavailableError, ConfigurationError: see `refillspot.services.resolve`.
    """
    from refillspot.services import resolve

    return resolve(environ(settings), needed=needed)
