"""What Redis is told about a request that is over."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING, Any

from refillspot.exceptions import RefusedRequestError
from refillspot.frontier.letters import write_letter
from refillspot.frontier.outcomes import Outcome, Verdict
from refillspot.policies.fallback import API_FAILURE
from refillspot.policies.retries import backoff_seconds

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.statscollectors import StatsCollector

    from refillspot.frontier.codec import RequestCodec
    from refillspot.frontier.consumer import Exchange
    from refillspot.frontier.queue import Entry

logger = logging.getLogger(__name__)

LANES = 1000  # priorities beyond ± this are this
CARRIED = ("retry_times", "redirect_times", "redirect_ttl", API_FAILURE)
"""What a retry, a redirect or the other road adds to meta. No more of the copy is queued: secrets may be in it."""


class Settlement:
    """Tells what became of requests. Stats: frontier/retried, dead, refused; dead_reason/… by kind."""

    def __init__(
        self,
        exchange: Exchange,
        codec: RequestCodec,
        stats: StatsCollector,
        *,
        retry_times: int,
        retry_backoff: float,
    ) -> None:
        self._exchange = exchange
        self._codec = codec
        self._stats = stats
        self._retry_times = retry_times
        self._retry_backoff = retry_backoff

    def settle(self, entry: Entry, outcome: Outcome) -> None:
        match outcome.verdict:
            case Verdict.DONE:
                self._exchange.settle(entry.key, "done", *entry.key)
            case Verdict.REPLACED:
                assert outcome.replacement  # noqa: S101  # that is what the verdict says
                self._replace(entry, outcome.replacement)
            case Verdict.RETRY:
                self._retry(entry, outcome)
            case Verdict.DEAD:
                self._bury(entry, outcome)
            case Verdict.RETURNED:
                self._exchange.settle(entry.key, "return", *entry.key, entry.payload)

    def refuse(self, request: Request, error: Exception) -> None:
        """Keep the trace of a request that cannot be queued at all."""
        logger.error("%s is a dead letter, it cannot be queued: %s", request, error)
        self._stats.inc_value("frontier/refused")
        self._exchange.push("refuse", write_letter(f"cannot be queued: {error}", url=request.url))

    def _retry(self, entry: Entry, outcome: Outcome) -> None:
        stored = self._codec.loads(entry.payload)
        meta = stored.setdefault("meta", {})
        meta["retry_times"] = meta.get("retry_times", 0) + 1
        if meta["retry_times"] > self._retry_times:
            self._bury(entry, outcome)
        else:
            logger.warning("%s fails for now and is tried again: %s", stored["url"], outcome.reason)
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
            self._bury(entry, Outcome(Verdict.DEAD, f"cannot be queued again: {error}", type(error).__name__))
            return
        self._exchange.settle(entry.key, "replace", *entry.key, to, delay_ms, payload)
        self._stats.inc_value("frontier/retried")

    def _bury(self, entry: Entry, outcome: Outcome) -> None:
        logger.error("a request is a dead letter: %s (see: scrapy deadletters list)", outcome.reason)
        letter = write_letter(outcome.reason, traceback=outcome.traceback, payload=entry.payload)
        self._exchange.settle(entry.key, "bury", *entry.key, letter)
        self._stats.inc_value("frontier/dead")
        self._stats.inc_value(f"frontier/dead_reason/{outcome.kind}")


def lane(priority: int) -> int:
    """Return the lane in which requests of a priority wait; the higher comes first."""
    return max(-LANES, min(LANES, priority))
