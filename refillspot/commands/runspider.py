from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands.runspider import Command as RunspiderCommand

from refillspot.scrapys_own import OnScrapysQueue, check_file

if TYPE_CHECKING:
    import argparse


class Command(OnScrapysQueue, RunspiderCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy runspider`: Scrapy's own, with Scrapy's own queue."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        self._refuse_options(args)
        if len(args) == 1:
            check_file(args[0], Path(args[0]))
        super().run(args, opts)
