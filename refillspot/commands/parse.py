from __future__ import annotations

from scrapy.commands.parse import Command as ParseCommand

from refillspot.command import OnScrapysQueue


class Command(OnScrapysQueue, ParseCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy parse`: Scrapy's own, with Scrapy's own queue."""
