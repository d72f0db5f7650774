from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands.runspider import Command as RunspiderCommand
from scrapy.exceptions import UsageError

from refillspot.language import gettext as _
from refillspot.scrapys_own import OnScrapysQueue

if TYPE_CHECKING:
    import argparse


class Command(OnScrapysQueue, RunspiderCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy runspider`: Scrapy's own, with Scrapy's own queue."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        self._refuse_options(args)
        if len(args) == 1 and not Path(args[0]).is_file():
            raise UsageError(_("there is no file {path}").format(path=args[0]), print_help=False)
        super().run(args, opts)
