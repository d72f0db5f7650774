from __future__ import annotations

from scrapy.commands.bench import Command as BenchCommand

from refillspot.command import OnScrapysQueue


class Command(OnScrapysQueue, BenchCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy bench`: Scrapy's own, with Scrapy's own queue."""
