from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from scrapy.commands.settings import Command as SettingsCommand
from scrapy.exceptions import UsageError

from refillspot.language import gettext as _
from refillspot.scrapys_own import AdjustedCommand

if TYPE_CHECKING:
    import argparse


KINDS = ("get", "getbool", "getint", "getfloat", "getlist")


class Command(AdjustedCommand, SettingsCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy settings`: Scrapy's own, with a sentence where a setting is not of the asked kind."""

    has_arguments: ClassVar[bool] = False

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not (args or any(getattr(opts, kind) for kind in KINDS)):
            raise UsageError(_("name a setting: scrapy settings --get CONCURRENT_REQUESTS"), print_help=False)
        try:
            super().run(args, opts)
        except (ValueError, TypeError) as error:
            raise UsageError(_("it is of another kind: {error}").format(error=error), print_help=False) from error
