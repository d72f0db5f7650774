from __future__ import annotations

from scrapy.commands.fetch import Command as FetchCommand

from refillspot.command import OnScrapysQueue


class Command(OnScrapysQueue, FetchCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy fetch`: Scrapy's own, with Scrapy's own queue."""
