from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.commands.check import Command as CheckCommand
from scrapy.settings import SETTINGS_PRIORITIES

from refillspot.command import IN_MEMORY, check_spider, look_at_options, look_at_settings
from refillspot.language import gettext as _

if TYPE_CHECKING:
    import argparse

    from scrapy.settings import Settings

OFFLINE: dict[str, Any] = {
    **IN_MEMORY,
    "ADDONS": {},  # no server is started, or looked for
    "EXTENSIONS": {},
    "SPIDER_MIDDLEWARES": {},
    "DOWNLOADER_MIDDLEWARES": {"refillspot.contracts.SavedAnswersMiddleware": 0},
    "SPIDER_CONTRACTS": {"refillspot.contracts.SavedAnswerContract": 1},
}
ANY_PLACE = {"district": "all"}
"""A spider wants to know where; what a saved answer is about lies somewhere."""


class Command(CheckCommand):
    """`scrapy check`: whether each callback still makes of a saved answer what was recorded, without the site."""

    settings: Settings

    def short_desc(self) -> str:
        return _("Check the spiders' callbacks against saved answers")

    def long_desc(self) -> str:
        return _(
            "Gives each callback an answer that was saved, and compares what it yields with what was recorded. Needs "
            "neither the site nor a server."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        from refillspot.help import speak

        super().add_options(parser)
        speak(parser)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        look_at_options(opts)
        super().process_options(args, opts)
        opts.spargs = ANY_PLACE | opts.spargs
        for name, value in OFFLINE.items():
            self.settings.set(name, value, priority=SETTINGS_PRIORITIES["cmdline"] - 1)
        look_at_settings(self.settings)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process  # noqa: S101  # Scrapy made it
        for name in args:
            check_spider(name, self.crawler_process.spider_loader.list())
        super().run(args, opts)
