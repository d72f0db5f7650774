"""What became of a request, from every road that it can take through the engine. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from refillspot.exceptions import PassingError

if TYPE_CHECKING:
    from collections.abc import Collection

    from scrapy import Request


class Verdict(IntEnum):
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
class Outcome:
    verdict: Verdict = Verdict.DONE
    reason: str = ""
    kind: str = ""
    """The reason without what is particular, to be counted by: "HTTP 404", or an exception's class."""
    traceback: str = ""
    replacement: Request | None = None


def of_download(result: Response | Request | Failure, good_statuses: Collection[int]) -> Outcome:
    """Judge what came out of the downloader and all its middlewares."""
    if isinstance(result, Response):
        if 200 <= result.status < 300 or result.status in good_statuses:
            return Outcome()
        return Outcome(Verdict.DEAD, f"HTTP {result.status}", f"HTTP {result.status}")
    if isinstance(result, Failure):
        return _of_error(Verdict.DEAD, result)
    return Outcome(Verdict.REPLACED, replacement=result)


def of_failure(failure: Failure) -> Outcome:
    """Judge an exception of a callback or an errback."""
    if isinstance(failure.value, CloseSpider):
        return Outcome(Verdict.RETURNED)
    verdict = Verdict.RETRY if isinstance(failure.value, PassingError) else Verdict.DEAD
    return _of_error(verdict, failure)


def of_item_failure(failure: Failure) -> Outcome:
    """Judge an exception of a pipeline: the page was good, storing it may work another time."""
    return _of_error(Verdict.RETRY, failure)


def _of_error(verdict: Verdict, failure: Failure) -> Outcome:
    error = failure.value
    return Outcome(verdict, f"{type(error).__name__}: {error}", _kind(error), failure.getTraceback())


def _kind(error: BaseException | None) -> str:
    """Return the class; of a request that a middleware ignores, that of the cause: a body too large, unpacked."""
    cause = error.__cause__ if isinstance(error, IgnoreRequest) and error.__cause__ else error
    return type(cause).__name__.lstrip("_")
