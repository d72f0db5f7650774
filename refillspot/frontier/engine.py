"""Where the frontier learns from Scrapy's engine what becomes of a request: no signal says it.

Three methods are wrapped on the running engine, two of them private; each was measured to be called on every road
that a request can take.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Protocol

from refillspot.exceptions import IncompatibleEngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy import Request
    from scrapy.core.engine import ExecutionEngine
    from scrapy.http import Response
    from twisted.python.failure import Failure


class Watcher(Protocol):
    """Whoever wants to know. Called before the engine goes on."""

    def downloaded(self, request: Request, result: Response | Request | Failure) -> None:
        """All downloader middlewares are through."""

    def failed(self, request: Request, failure: Failure) -> None:
        """A callback or an errback raised; `CloseSpider` included."""

    def finished(self, request: Request) -> None:
        """The callback is exhausted and every item of it is through the pipelines."""


WRAPPED = {
    "_handle_downloader_output": ["result", "request"],
    "handle_spider_error": ["_failure", "request", "response"],
    "remove_request": ["request"],
}


def watch(engine: ExecutionEngine, watcher: Watcher) -> None:
    """Tell `watcher` what becomes of each request of `engine`, robots.txt and the like included.

    Raises:
        IncompatibleEngineError: the inside of Scrapy is not the one this was written for.
    """
    slot = engine._slot  # noqa: SLF001  # see above
    downloaded = _method(engine, "_handle_downloader_output")
    failed = _method(engine.scraper, "handle_spider_error")
    finished = _method(slot, "remove_request")

    def handle_downloader_output(result: Any, request: Request) -> Any:
        watcher.downloaded(request, result)
        return downloaded(result, request)

    def handle_spider_error(failure: Failure, request: Request, response: Any) -> None:
        watcher.failed(request, failure)
        failed(failure, request, response)

    def remove_request(request: Request) -> None:
        try:
            watcher.finished(request)
        finally:
            finished(request)

    vars(engine)["_handle_downloader_output"] = handle_downloader_output
    vars(engine.scraper)["handle_spider_error"] = handle_spider_error
    vars(slot)["remove_request"] = remove_request


def _method(owner: object, name: str) -> Callable[..., Any]:
    method: Callable[..., Any] | None = getattr(owner, name, None)
    if method is None or list(inspect.signature(method).parameters) != WRAPPED[name]:
        raise IncompatibleEngineError(
            f"this Scrapy has no {name}({', '.join(WRAPPED[name])}), which tells when a request is done: "
            "install the versions of requirements.txt (make setup)"
        )
    return method
