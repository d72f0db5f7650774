from __future__ import annotations

from scrapy.commands.startproject import Command as StartprojectCommand

from refillspot.scrapys_own import AdjustedCommand


class Command(AdjustedCommand, StartprojectCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy startproject`: Scrapy's own."""
