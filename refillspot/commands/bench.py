from __future__ import annotations

from typing import Any, ClassVar

from scrapy.commands.bench import Command as BenchCommand

from refillspot.scrapys_own import IN_MEMORY, OnScrapysQueue


class Command(OnScrapysQueue, BenchCommand):  # type: ignore[misc]  # settings are there once a command runs
    """`scrapy bench`: Scrapy's own, which asks a server of its own on this machine, as fast as it can.

    `scrapy perf` measures this project.
    """

    has_arguments: ClassVar[bool] = False
    given: ClassVar[dict[str, Any]] = {
        **IN_MEMORY, "ADDONS": {}, "DOWNLOADER_MIDDLEWARES": {}, "SPIDER_MIDDLEWARES": {},
        "EXTENSIONS": {"scrapy.extensions.closespider.CloseSpider": 0},
    }  # fmt: skip
