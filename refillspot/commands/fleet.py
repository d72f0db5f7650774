from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from refillspot.commands._errors import told_on_stderr
from refillspot.language import gettext as _
from refillspot.readable import say

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCommand):
    """`scrapy fleet diningcode -n auto -a district=all`: several workers on one crawl, supervised.

    Exit codes as `scrapy crawl`: 0 complete; 1 could not run; 2 wrong usage; 3 complete, but something is missing;
    130 interrupted, resumable.
    """

    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_LEVEL": "WARNING"}

    def syntax(self) -> str:
        return "[options] <spider>"

    def short_desc(self) -> str:
        return _("Crawl with several workers on one queue")

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("-a", dest="spargs", action="append", default=[], metavar="NAME=VALUE",
                            help=_("set a spider argument (may be repeated)"))  # fmt: skip
        parser.add_argument("-n", dest="workers", default=None, metavar="N",
                            help=_("how many workers, or auto (default: FLEET_WORKERS)"))  # fmt: skip

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        from refillspot.exceptions import ArgumentError
        from refillspot.fleet.crawl import FleetCrawl
        from refillspot.redaction import NAMES, hide
        from refillspot.services import read_environment, resolve

        assert self.settings  # noqa: S101  # Scrapy made them
        if options := [arg for arg in args if arg.startswith("-")]:
            raise UsageError(
                _("unknown option {options}: see scrapy fleet -h").format(options=" ".join(options)), print_help=False
            )
        if len(args) != 1:
            raise UsageError(_("say which spider: scrapy fleet diningcode -a district=강남구"), print_help=False)
        try:
            arguments = arglist_to_dict(opts.spargs)
        except ValueError as error:
            raise UsageError(_("use -a NAME=VALUE, for example -a district=강남구"), print_help=False) from error
        with told_on_stderr(self):
            os.environ.update({name: self.settings[name] for name in NAMES if self.settings.get(name)})
            passed = [option for option in opts.set if option.partition("=")[0] not in NAMES]  # `ps` shows these
            hide(read_environment().values)
            services = resolve()
            try:
                crawl = FleetCrawl.join(args[0], arguments, self.settings, services)
                self.exitcode = crawl.run(opts.workers or str(self.settings["FLEET_WORKERS"]), passed)
            except ArgumentError as error:
                say(_("Error: {error}").format(error=error), file=sys.stderr)
                self.exitcode = 2
