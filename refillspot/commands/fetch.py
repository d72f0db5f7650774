from __future__ import annotations

from scrapy.commands.fetch import Command as FetchCommand

from refillspot.scrapys_own import PrintsPage


class Command(PrintsPage, FetchCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy fetch`: Scrapy's own, with Scrapy's own queue."""
