from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.commands.check import Command as CheckCommand
from scrapy.settings import SETTINGS_PRIORITIES

from refillspot.command import HouseCommand, check_spider
from refillspot.language import gettext as _
from refillspot.scrapys_own import ANYWHERE, IN_MEMORY

if TYPE_CHECKING:
    import argparse

OFFLINE: dict[str, Any] = {
    **IN_MEMORY,
    "ADDONS": {},  # no server is started, or looked for
    "EXTENSIONS": {},
    "SPIDER_MIDDLEWARES": {},
    "DOWNLOADER_MIDDLEWARES": {"refillspot.contracts.SavedAnswersMiddleware": 0},
    "SPIDER_CONTRACTS": {"refillspot.contracts.SavedAnswerContract": 1},
}


class Command(HouseCommand, CheckCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy check`: whether each callback still makes of a saved answer what was recorded, without the site."""

    def short_desc(self) -> str:
        return _("Check the spiders' callbacks against saved answers")

    def long_desc(self) -> str:
        return _(
            "Gives each callback an answer that was saved, and compares what it yields with what was recorded. Needs "
            "neither the site nor a server."
        )

    def adjust(self, opts: argparse.Namespace) -> None:
        opts.spargs = ANYWHERE | opts.spargs
        for name, value in OFFLINE.items():
            self.settings.set(name, value, priority=SETTINGS_PRIORITIES["cmdline"] - 1)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process  # noqa: S101  # Scrapy made it
        self._refuse_options(args)
        for name in args:
            check_spider(name, self.crawler_process.spider_loader.list())
        super().run(args, opts)
