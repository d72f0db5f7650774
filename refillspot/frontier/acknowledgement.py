"""What became of a request, from every way that it can take through the engine, and what Redis is told of it."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from refillspot.exceptions import (
    BarredStoreError,
    PassingError,
    RefusedRequestError,
    SchemaVersionError,
    ServiceUnavailableError,
    UnsuitableServerError,
)
from refillspot.frontier.dead_letters import write_dead_letter
from refillspot.policies.circuit_breaker import API_FAILURE
from refillspot.policies.retries import backoff_seconds

if TYPE_CHECKING:
    from collections.abc import Collection

    from scrapy import Request
    from scrapy.statscollectors import StatsCollector

    from refillspot.frontier.codec import RequestCodec
    from refillspot.frontier.consumer import Consumer
    from refillspot.frontier.queue import Entry
    from refillspot.items import Commit

logger = logging.getLogger(__name__)

LANES = 1000  # priorities beyond ± this are this
CARRIED = ("retry_times", "redirect_times", "redirect_ttl", API_FAILURE)
"""What a retry, a redirect or the other channel adds to meta. No more of the copy is queued: secrets may be in it."""


NOT_NOW = (SchemaVersionError, ServiceUnavailableError, UnsuitableServerError)
"""With these a worker ends; they say nothing about the request that it had in hand."""


class Disposition(IntEnum):
    """The worst of what was seen counts; the larger, the worse."""

    DONE = 0
    """Downloaded, callback exhausted, items committed."""
    REPLACED = 1
    """A retry or a redirect goes on for it."""
    RETRY = 2
    """Failed for now: the same again, later."""
    DEAD = 3
    """Failed for good: kept as a dead letter."""
    RETURNED = 4
    """The crawl was closed meanwhile: as if it had never been given out."""


@dataclass(slots=True, frozen=True)
class RequestEnd:
    disposition: Disposition = Disposition.DONE
    reason: str = ""
    kind: str = ""
    """The reason without what is particular, to be counted by: "HTTP 404", or an exception's class."""
    traceback: str = ""
    replacement: Request | None = None
    commit: Commit | None = None
    """That of its items, where it is known."""


def judge_download(result: Response | Request | Failure, good_statuses: Collection[int]) -> RequestEnd:
    """Judge what came out of the downloader and all its middlewares."""
    if isinstance(result, Response):
        if 200 <= result.status < 300 or result.status in good_statuses:
            return RequestEnd()
        return RequestEnd(Disposition.DEAD, f"HTTP {result.status}", f"HTTP {result.status}")
    if isinstance(result, Failure):
        return RequestEnd() if isinstance(result.value, BarredStoreError) else _judge_error(Disposition.DEAD, result)
    return RequestEnd(Disposition.REPLACED, replacement=result)


def judge_failure(failure: Failure) -> RequestEnd:
    """Judge an exception of a callback or an errback."""
    if isinstance(failure.value, CloseSpider):
        return RequestEnd(Disposition.RETURNED)
    disposition = Disposition.RETRY if isinstance(failure.value, PassingError) else Disposition.DEAD
    return _judge_error(disposition, failure)


def judge_item_failure(failure: Failure) -> RequestEnd:
    """Judge an exception of a pipeline: the page was good, storing it may work another time, or for another worker."""
    if isinstance(failure.value, NOT_NOW):
        return RequestEnd(Disposition.RETURNED)
    return _judge_error(Disposition.RETRY, failure)


def _judge_error(disposition: Disposition, failure: Failure) -> RequestEnd:
    error = failure.value
    return RequestEnd(disposition, f"{type(error).__name__}: {error}", _kind(error), failure.getTraceback())


def _kind(error: BaseException | None) -> str:
    """Return the class; of a request that a middleware ignores, that of the cause: a body too large, unpacked."""
    cause = error.__cause__ if isinstance(error, IgnoreRequest) and error.__cause__ else error
    return type(cause).__name__.lstrip("_")


class Acknowledgement:
    """Tells what became of requests. Stats: frontier/retried, dead, refused; dead_reason/… by kind."""

    def __init__(
        self,
        consumer: Consumer,
        codec: RequestCodec,
        stats: StatsCollector,
        *,
        retry_times: int,
        retry_backoff: float,
    ) -> None:
        self._consumer = consumer
        self._codec = codec
        self._stats = stats
        self._retry_times = retry_times
        self._retry_backoff = retry_backoff

    def acknowledge(self, entry: Entry, end: RequestEnd) -> None:
        match end.disposition:
            case Disposition.DONE if end.commit:
                self._consumer.acknowledge(entry.key, "stored", *entry.key, *end.commit)
            case Disposition.DONE:
                self._consumer.acknowledge(entry.key, "done", *entry.key)
            case Disposition.REPLACED:
                assert end.replacement  # noqa: S101  # that is what the disposition says
                self._replace(entry, end.replacement)
            case Disposition.RETRY:
                self._retry(entry, end)
            case Disposition.DEAD:
                self._bury(entry, end)
            case Disposition.RETURNED:
                self._consumer.acknowledge(entry.key, "return", *entry.key, entry.payload)

    def refuse(self, request: Request, error: Exception) -> None:
        """Keep the trace of a request that cannot be queued at all."""
        logger.error("%s is a dead letter, it cannot be queued: %s", request, error)
        self._stats.inc_value("frontier/refused")
        self._consumer.push("refuse", write_dead_letter(f"cannot be queued: {error}", url=request.url))

    def _retry(self, entry: Entry, end: RequestEnd) -> None:
        stored = self._codec.loads(entry.payload)
        meta = stored.setdefault("meta", {})
        meta["retry_times"] = meta.get("retry_times", 0) + 1
        if meta["retry_times"] > self._retry_times:
            self._bury(entry, end)
        else:
            logger.warning("%s fails for now and is tried again: %s", stored["url"], end.reason)
            self._requeue(entry, stored, entry.key.lane)

    def _replace(self, entry: Entry, request: Request) -> None:
        stored = self._codec.loads(entry.payload)
        carried = {name: request.meta[name] for name in CARRIED if name in request.meta}
        stored |= {"url": request.url, "method": request.method, "body": request.body}
        stored["meta"] = stored.get("meta", {}) | carried
        self._requeue(entry, stored, lane(request.priority), request.meta.get("retry_after_seconds", 0.0))

    def _requeue(self, entry: Entry, stored: dict[str, Any], to: int, at_least: float = 0.0) -> None:
        attempt = stored["meta"].get("retry_times", 0)
        wait = backoff_seconds(attempt, self._retry_backoff, random.random()) if attempt else 0.0  # noqa: S311
        delay_ms = round(1000 * max(wait, at_least))
        try:
            payload = self._codec.dumps(stored)
        except RefusedRequestError as error:
            self._bury(entry, RequestEnd(Disposition.DEAD, f"cannot be queued again: {error}", type(error).__name__))
            return
        self._consumer.acknowledge(entry.key, "replace", *entry.key, to, delay_ms, payload)
        self._stats.inc_value("frontier/retried")

    def _bury(self, entry: Entry, end: RequestEnd) -> None:
        logger.error("a request is a dead letter: %s (see: scrapy deadletters list)", end.reason)
        letter = write_dead_letter(end.reason, traceback=end.traceback, payload=entry.payload)
        self._consumer.acknowledge(entry.key, "bury", *entry.key, letter)
        self._stats.inc_value("frontier/dead")
        self._stats.inc_value(f"frontier/dead_reason/{end.kind}")


def lane(priority: int) -> int:
    """Return the lane in which requests of a priority wait; the higher comes first."""
    return max(-LANES, min(LANES, priority))
