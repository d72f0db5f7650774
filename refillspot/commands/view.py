from __future__ import annotations

from scrapy.commands.view import Command as ViewCommand

from refillspot.scrapys_own import PrintsPage


class Command(PrintsPage, ViewCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy view`: Scrapy's own, with Scrapy's own queue."""
