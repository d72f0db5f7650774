from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.commands.edit import Command as EditCommand
from scrapy.exceptions import UsageError
from scrapy.spiderloader import get_spider_loader

from refillspot.command import check_spider
from refillspot.language import gettext as _
from refillspot.retelling import retell
from refillspot.scrapys_own import AdjustedCommand

if TYPE_CHECKING:
    import argparse


class Command(AdjustedCommand, EditCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy edit`: Scrapy's own, with the spider that is near a name."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        self._refuse_options(args)
        for name in args:
            check_spider(name, get_spider_loader(self.settings).list())
        editor = self.settings["EDITOR"]
        try:
            super().run(args, opts)
        except (OSError, ValueError) as error:  # it is not there; its quotes are not closed
            told = _("the editor {editor!r} cannot be started: {why}. Name another with EDITOR")
            why = retell(getattr(error, "strerror", None) or str(error))
            raise UsageError(told.format(editor=editor, why=why), print_help=False) from error
