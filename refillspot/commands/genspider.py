from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrapy.commands.genspider import Command as GenspiderCommand
from scrapy.exceptions import UsageError

from refillspot.language import gettext as _
from refillspot.scrapys_own import AdjustedCommand

if TYPE_CHECKING:
    import argparse

NAME = re.compile(r"(?a:[A-Za-z][\w.-]*)")


class Command(AdjustedCommand, GenspiderCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy genspider`: Scrapy's own, which would write a module that keeps every command from starting."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        self._refuse_options(args)
        if args and not NAME.fullmatch(args[0]):
            told = _("{name} is no name of a spider: use Latin letters, digits, dots, dashes and underscores")
            raise UsageError(told.format(name=args[0]), print_help=False)
        super().run(args, opts)
