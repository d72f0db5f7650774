from __future__ import annotations

from typing import ClassVar

from refillspot.commands.pause import Command as PauseCommand


class Command(PauseCommand):
    """`scrapy resume [ID]`: the workers of a paused crawl go on."""

    paused: ClassVar[bool] = False
    told: ClassVar[str] = "Crawl {id} goes on. Where no worker is left, scrapy crawls show {id} says how to start one."

    def short_desc(self) -> str:
        return "Let the workers of a paused crawl go on"
