from __future__ import annotations

from typing import ClassVar

from refillspot.commands.pause import Command as PauseCommand
from refillspot.language import gettext as _


class Command(PauseCommand):
    """`scrapy resume [ID]`: the workers of a paused crawl go on."""

    paused: ClassVar[bool] = False

    def told(self) -> str:
        return _("Crawl {id} goes on. Where no worker is left, scrapy crawls show {id} says how to start one.")

    def short_desc(self) -> str:
        return _("Let the workers of a paused crawl go on")
