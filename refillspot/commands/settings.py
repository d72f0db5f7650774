from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar

from scrapy.commands.settings import Command as SettingsCommand
from scrapy.exceptions import UsageError

from refillspot.configuration.names import KNOWN
from refillspot.language import did_you_mean
from refillspot.language import gettext as _
from refillspot.readable import say
from refillspot.scrapys_own import AdjustedCommand

if TYPE_CHECKING:
    import argparse


KINDS = ("get", "getbool", "getint", "getfloat", "getlist")


class Command(AdjustedCommand, SettingsCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy settings`: Scrapy's own, with a sentence where a setting is not of the asked kind."""

    has_arguments: ClassVar[bool] = False

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        asked = [name for kind in KINDS if (name := getattr(opts, kind))]
        if not (args or asked):
            raise UsageError(_("name a setting: scrapy settings --get CONCURRENT_REQUESTS"), print_help=False)
        for name in asked:
            if name not in self.settings and (near := did_you_mean(name.upper(), KNOWN)):
                say(_("there is no setting {name}.").format(name=name) + near, file=sys.stderr)
        try:
            super().run(args, opts)
        except (ValueError, TypeError) as error:
            raise UsageError(_("it is of another kind: {error}").format(error=error), print_help=False) from error
