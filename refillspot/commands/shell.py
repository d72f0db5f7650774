from __future__ import annotations

from scrapy.commands.shell import Command as ShellCommand

from refillspot.command import OnScrapysQueue


class Command(OnScrapysQueue, ShellCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy shell`: Scrapy's own, with Scrapy's own queue."""
