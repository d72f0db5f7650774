"""An extension that a benchmark loads into workers: it writes down which permit each request left with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from scrapy import Request, signals

from refillspot.downloadermiddlewares.politeness import SENT

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler


class GrantLog:
    """Appends a line a request, its moment on the server's clock in seconds. Settings: BENCH_GRANTS_FILE."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)  # whole lines, also of a worker that dies

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        log = cls(crawler.settings["BENCH_GRANTS_FILE"])
        crawler.signals.connect(log.note, signal=signals.request_reached_downloader)
        return log

    def note(self, request: Request) -> None:
        if SENT in request.meta:
            os.write(self._file, f"{request.meta[SENT]!r}\n".encode())
