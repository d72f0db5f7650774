"""Extensions that kill their worker, as a fault in a C library would, or let it hang: without a word; or change it."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import signal
import time
from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from scrapy import signals

from refillspot.downloadermiddlewares import distress
from refillspot.frontier import codec, commit_check
from refillspot.policies.politeness import LATENCIES
from refillspot.postgres import connection
from refillspot.signals import crawl_joined

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Poison:
    """The page of the store POISON kills."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls()
        crawler.signals.connect(extension.response_received, signal=signals.response_received)
        return extension

    def response_received(self, response: Response, request: Request) -> None:
        if os.environ["POISON"].encode() in request.body and response.status == 200:
            die()


class Hang(Poison):
    """What reads the page of the store POISON never comes back."""

    def response_received(self, response: Response, request: Request) -> None:
        if os.environ["POISON"].encode() in request.body and response.status == 200:
            while True:
                time.sleep(60)


class DiesAmongSeeds:
    """The fifth seed kills: some may be in the queue by then."""

    seeds = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls()
        crawler.signals.connect(extension.request_scheduled, signal=signals.request_scheduled)
        return extension

    def request_scheduled(self) -> None:
        self.seeds += 1
        if self.seeds == 5:
            die()


class Leak:
    """Each store page leaves 8 MiB behind."""

    def __init__(self) -> None:
        self.kept: list[bytearray] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls()
        crawler.signals.connect(extension.item_scraped, signal=signals.item_scraped)
        return extension

    def item_scraped(self) -> None:
        self.kept.append(bytearray(b"x") * (8 * 2**20))


class StopsAsItOpens:
    """A signal comes while the spider opens, which takes until the crawler has been told to stop."""

    def __init__(self, crawler: Crawler) -> None:
        told, stop = asyncio.Event(), crawler.stop_async

        async def stop_async() -> None:
            told.set()
            await stop()

        vars(crawler)["stop_async"] = stop_async
        self.told = told

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        return extension

    async def spider_opened(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await self.told.wait()


class SlowAfterASample:
    """By what the downloader noted, each answer after a sample takes ten times as long; the machine has no say."""

    answers = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        distress.LEAST_STALL_SECONDS = math.inf
        extension = cls()
        crawler.signals.connect(extension.headers_received, signal=signals.headers_received)
        return extension

    def headers_received(self, request: Request) -> None:
        self.answers += 1
        request.meta["download_latency"] = 0.1 if self.answers <= LATENCIES else 1.0


class LooksOften:
    """Looks at PostgreSQL without waiting for ten seconds to pass."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:  # noqa: ARG003  # that of an extension
        commit_check.LOOK_SECONDS = 0.1
        return cls()


class NextVersion:
    """Another refillspot: what it queues this one cannot read, and it reads what this one queues."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:  # noqa: ARG003  # that of an extension
        codec.VERSION = bytes([codec.VERSION[0] + 1])
        codec.READABLE.add(codec.VERSION)
        vars(codec)["program_version"] = lambda: "9.9"
        return cls()


class LosesPostgres(logging.Handler):
    """PostgreSQL takes no connections any more once a crawl is joined, until that has been noticed and waited for."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls()
        extension.database_url = crawler.settings["DATABASE_URL"]
        crawler.signals.connect(extension.crawl_joined, signal=crawl_joined)
        return extension

    database_url: str

    def crawl_joined(self) -> None:
        self._allow_connections("false")
        logging.getLogger(connection.__name__).addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if "trying again" in record.getMessage():
            self._allow_connections("true")

    def _allow_connections(self, value: str) -> None:
        """From another database of the server."""
        name = conninfo_to_dict(self.database_url)["dbname"]
        with psycopg.connect(make_conninfo(self.database_url, dbname="postgres"), autocommit=True) as administrator:
            administrator.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {value}".encode())
            administrator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
