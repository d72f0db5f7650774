from __future__ import annotations

from typing import ClassVar

from scrapy.commands.list import Command as ListCommand

from refillspot.scrapys_own import AdjustedCommand


class Command(AdjustedCommand, ListCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy list`: Scrapy's own."""

    has_arguments: ClassVar[bool] = False
