"""Scrapy's private parts: the only place that touches them, with one check of all of them before they are used."""

from __future__ import annotations

import asyncio
import inspect
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary, WeakSet

import scrapy
from scrapy import cmdline
from scrapy.commands import BaseRunSpiderCommand
from scrapy.core import downloader
from scrapy.core import engine as core
from scrapy.core.downloader import Downloader
from scrapy.core.engine import ExecutionEngine
from scrapy.core.scraper import Scraper

from refillspot.exceptions import IncompatibleEngineError
from refillspot.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from scrapy import Request
    from scrapy.commands import ScrapyCommand
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import BaseSettings
    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

SUPPORTED = "2.19"  # what all of this was read and measured in

LAST_SECONDS = 5.0  # for what waits for a server when the crawl ends; Docker kills after 10
OPENING_SECONDS = 0.05  # between looks whether a spider is open that is to be closed

SLOT = getattr(core, "_Slot", None)
METHODS: list[tuple[object, str, list[str]]] = [  # owner, method, parameters
    (ExecutionEngine, "_handle_downloader_output", ["self", "result", "request"]),
    (Scraper, "handle_spider_error", ["self", "_failure", "request", "response"]),
    (SLOT, "remove_request", ["self", "request"]),
    (Downloader, "_wait_for_download", ["self", "slot", "request", "queue_dfd"]),
    (BaseRunSpiderCommand, "_create_crawler", ["self", "spidercls"]),
]
NAMES: list[tuple[object, str, list[str]]] = [  # owner, method, names that its code uses
    (ExecutionEngine, "__init__", ["_slot"]),
    (ExecutionEngine, "close_async", ["spider"]),
    (SLOT, "__init__", ["closing", "inprogress", "nextcall"]),
    (downloader.Slot, "__init__", ["transferring"]),
    (Downloader, "_process_queue", ["_wait_for_download"]),
]


def check() -> None:
    """Make sure that Scrapy's inside is the one that this project was written for.

    Raises:
        IncompatibleEngineError: it is not; the message names the part.
    """
    for owner, name, parameters in METHODS:
        method = getattr(owner, name, None)
        if method is None or list(inspect.signature(method).parameters) != parameters:
            raise _unknown(owner, f"{name}({', '.join(parameters)})")
    for owner, name, names in NAMES:
        code = getattr(getattr(owner, name, None), "__code__", None)
        if code is None:
            raise _unknown(owner, name)
        for used in names:
            if used not in code.co_names:
                raise _unknown(owner, used)
    if not inspect.iscoroutinefunction(getattr(Downloader, "_wait_for_download", None)):
        raise _unknown(Downloader, "_wait_for_download")


def _unknown(owner: object, part: str) -> IncompatibleEngineError:
    name = getattr(owner, "__qualname__", "_Slot")
    return IncompatibleEngineError(
        _(
            "refillspot relies on {part} of Scrapy {supported}, which Scrapy {installed} does not have: install the "
            "versions of requirements.txt (make setup)"
        ).format(part=f"{name}.{part}", supported=SUPPORTED, installed=scrapy.__version__)
    )


# --- what becomes of a request: no signal says it


class Watcher(Protocol):
    """Whoever wants to know. Called before the engine goes on."""

    def downloaded(self, request: Request, result: Response | Request | Failure) -> None:
        """All downloader middlewares are through."""

    def failed(self, request: Request, failure: Failure) -> None:
        """A callback or an errback raised; `CloseSpider` included."""

    def finished(self, request: Request) -> None:
        """The callback is exhausted and every item of it is through the pipelines."""


def watch(engine: ExecutionEngine, watcher: Watcher) -> None:
    """Tell `watcher` what becomes of each request of `engine`, robots.txt and the like included.

    Three methods are wrapped on the running engine; each was measured to be called whatever becomes of a request.

    Raises:
        IncompatibleEngineError: see `check`.
    """
    check()
    slot: Any = engine._slot
    downloaded, finished = engine._handle_downloader_output, slot.remove_request
    failed = engine.scraper.handle_spider_error

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


# --- how the engine is


def wake(crawler: Crawler) -> None:
    """Let the engine look at once whether there is something to do."""
    if crawler.engine and (slot := crawler.engine._slot):
        slot.nextcall.schedule()


def is_ending(crawler: Crawler) -> bool:
    """Tell whether the crawl waits for its last requests: then none of them should wait for its turn."""
    slot = crawler.engine._slot if crawler.engine else None
    return slot is not None and slot.closing is not None


def has_lost_patience(crawler: Crawler) -> bool:
    """Tell whether the crawl has been ending for longer than its last requests may wait for a server."""
    return _has_gone_on(crawler, is_ending(crawler) or crawler in _stopping)


def was_told_to_stop(crawler: Crawler) -> bool:
    """Tell the same of one that somebody has told to stop; not of one that ends because all is done."""
    return _has_gone_on(crawler, crawler in _stopping)


def _has_gone_on(crawler: Crawler, is_so: bool) -> bool:  # noqa: FBT001
    """Whether the crawl has been ending for so long, since the first look that found it so."""
    return is_so and monotonic() - _ending_since.setdefault(crawler, monotonic()) >= LAST_SECONDS


_stopping: WeakSet[Crawler] = WeakSet()
_ending_since: WeakKeyDictionary[Crawler, float] = WeakKeyDictionary()


def count_in_hand(crawler: Crawler) -> int | None:
    """Return how many requests are not done yet, None = no spider is open."""
    slot = crawler.engine._slot if crawler.engine else None
    return len(slot.inprogress) if slot is not None else None


def leave_unopened(crawler: Crawler) -> None:
    """Let a crawl end that cannot begin: Scrapy would close what was never opened, and log a traceback for each part.

    Called by whoever opens before the rest; the error that it raises then is the whole story.
    """
    assert crawler.engine  # noqa: S101  # it is what opens
    crawler.engine.spider = None


# --- what is made of Scrapy's own


def say_commands_with(
    tell: Callable[[Mapping[str, ScrapyCommand], str], None],
    tell_unknown: Callable[[str, Mapping[str, ScrapyCommand]], None],
) -> None:
    """Let `scrapy` without a command, and with one that is none, say it so; it has no setting for that.

    Another Scrapy says it in its own words.
    """

    def print_commands(settings: BaseSettings, *inproject: bool) -> None:
        tell(cmdline._get_commands_dict(settings, *inproject), settings["BOT_NAME"])

    def print_unknown_command(settings: BaseSettings, cmdname: str, *inproject: bool) -> None:
        tell_unknown(cmdname, cmdline._get_commands_dict(settings, *inproject))

    vars(cmdline).update(_print_commands=print_commands, _print_unknown_command=print_unknown_command)


class ReservingDownloader(Downloader):
    """Counts a request as under way when it leaves the queue, not when its coroutine first runs.

    Scrapy 2.19 on asyncio lets a whole queue pass its limit in between: with CONCURRENT_REQUESTS_PER_DOMAIN = 8 a
    server saw 56 requests at once.

    Raises:
        IncompatibleEngineError: see `check`.
    """

    def __init__(self, crawler: Crawler) -> None:
        check()
        super().__init__(crawler)

    def _wait_for_download(  # not async: the reservation must happen at the call
        self, slot: downloader.Slot, request: Request, queue_dfd: Deferred[Response]
    ) -> Coroutine[Any, Any, None]:
        slot.transferring.add(request)
        return super()._wait_for_download(slot, request, queue_dfd)


def create_crawler(command: BaseRunSpiderCommand, spider: str) -> Crawler:
    """Make a crawler as Scrapy's own commands do, with what they watch in it.

    Raises:
        IncompatibleEngineError: see `check`.
    """
    check()
    crawler = command._create_crawler(spider)
    stop = crawler.stop_async

    async def stop_async() -> None:
        """Stop what is open: Scrapy lets a process end that is told so while its spider opens, and closes nothing."""
        _stopping.add(crawler)
        engine = crawler.engine
        while crawler.crawling and engine and engine.spider and not engine.running:  # noqa: ASYNC110  # no signal says it
            await asyncio.sleep(OPENING_SECONDS)
        await stop()

    vars(crawler)["stop_async"] = stop_async
    return crawler
