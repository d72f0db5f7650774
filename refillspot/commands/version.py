from __future__ import annotations

from typing import ClassVar

from scrapy.commands.version import Command as VersionCommand

from refillspot.scrapys_own import AdjustedCommand


class Command(AdjustedCommand, VersionCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy version`: Scrapy's own."""

    has_arguments: ClassVar[bool] = False
