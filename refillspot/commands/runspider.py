from __future__ import annotations

from scrapy.commands.runspider import Command as RunspiderCommand

from refillspot.scrapys_own import OnScrapysQueue


class Command(OnScrapysQueue, RunspiderCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy runspider`: Scrapy's own, with Scrapy's own queue."""
