from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from scrapy import exceptions
from scrapy.commands.shell import Command as ShellCommand

from refillspot.exceptions import SiteError
from refillspot.language import gettext as _
from refillspot.readable import say
from refillspot.scrapys_own import LooksAtPage

if TYPE_CHECKING:
    import argparse

NO_ANSWER = (
    exceptions.CannotResolveHostError, exceptions.DownloadCancelledError, exceptions.DownloadConnectionRefusedError,
    exceptions.DownloadFailedError, exceptions.DownloadTimeoutError, exceptions.ResponseDataLossError,
    exceptions.UnsupportedURLSchemeError, exceptions.NotSupported,
)  # fmt: skip


class Command(LooksAtPage, ShellCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy shell`: Scrapy's own, with Scrapy's own queue; on a store's page, `store` is what a crawl makes of it."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            super().run(args, opts)
        except NO_ANSWER as error:
            say(_("Nothing came back of {url}: {error}").format(url=args[0], error=error), file=sys.stderr)
            self.exitcode = 1

    def update_vars(self, vars: dict[str, Any]) -> None:  # noqa: A002  # Scrapy's name
        vars["store"] = None
        if (response := vars.get("response")) is None:
            return
        from refillspot.site_hosts import SiteHosts
        from refillspot.sites import find_site, site_names

        web_url = SiteHosts.of(self.settings).web_url
        for name in site_names():
            try:
                store = find_site(name).store_at(response.url, response.request.body, response.body, web_url)
            except SiteError as error:
                say(_("This page of a store cannot be read: {error}").format(error=error), file=sys.stderr)
            else:
                vars["store"] = vars["store"] or store
