"""The add-on: settings that can be used, what the environment and `.env` say, and what of it no log may show."""

from __future__ import annotations

import logging
from dataclasses import astuple
from typing import TYPE_CHECKING

from scrapy.utils.versions import get_versions

from refillspot.configuration import read_settings
from refillspot.interruption import interruptible
from refillspot.logs import scrub_logs
from refillspot.redaction import NAMES, hide
from refillspot.services import ADDRESSES, EVERY, environ_with, read_environment, resolve

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

SHARED = ("redis", "redis-cache")
"""What asking politely takes: the budget, and the pages that are known."""

logger = logging.getLogger(__name__)


class RefillspotAddon:
    """Runs once, before anything of the crawl exists; blocking there harms nobody.

    Settings: DATABASE_URL, REDIS_URL, CACHE_REDIS_URL, CONTACT, NOTIFY_URL (with `-s`; else the environment, `.env`,
    the embedded servers).

    Raises:
        ConfigurationError: a setting cannot be used, see `refillspot.configuration`.
        ServiceUnavailableError, ConfigurationError: see `refillspot.services.resolve`.
    """

    def update_settings(self, settings: BaseSettings) -> None:
        values = read_environment().values
        hide({**values, **{name: settings[name] for name in NAMES if settings.get(name)}})
        scrub_logs()
        read_settings(settings)  # those of the spider, too
        if settings["LOG_LEVEL"] == "DEBUG":
            logger.debug("versions: %s", get_versions())
        with interruptible():  # it waits for servers, or starts them
            addresses = resolve(environ_with(settings), needed=EVERY if _keeps_stores(settings) else SHARED)
        for name, url in zip(ADDRESSES, astuple(addresses), strict=True):
            settings.set(name, url, priority="addon")
        if contact := values.get("CONTACT"):
            settings.set("CONTACT", contact, priority="addon")
        if notify_url := values.get("NOTIFY_URL"):
            settings.set("NOTIFY_URL", notify_url, priority="addon")


def _keeps_stores(settings: BaseSettings) -> bool:
    """Tell whether PostgreSQL is needed: `scrapy shell` and the like look at a page, and keep nothing."""
    return bool(settings.getdict("ITEM_PIPELINES")) or settings["SCHEDULER"] != "scrapy.core.scheduler.Scheduler"
