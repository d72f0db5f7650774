"""A crawl for Prometheus: http://127.0.0.1:METRICS_PORT/metrics, read anew each time that somebody asks.

Metrics are in base units, seconds and bytes; `_total` is added to the names of counters.
"""

from __future__ import annotations

import re
from operator import attrgetter
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client import CollectorRegistry, make_wsgi_app, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.monitoring.snapshot import REDIS
from refillspot.retelling import server_words
from refillspot.stats.counts import number_of
from refillspot.stats.workers import AT_WORK, MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from prometheus_client import Metric

    from refillspot.monitoring.snapshot import CrawlReader, Snapshot
    from refillspot.postgres.backup import LastBackups
    from refillspot.stats.crawl import CrawlStats

HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", re.IGNORECASE)
LAST_CRAWL = "refillspot_last_crawl_time_seconds"
ADDRESS = "127.0.0.1"  # of this machine only: the page tells what is crawled, and asks for no password


class Counter(NamedTuple):
    of: Callable[[CrawlStats], float]
    meaning: str


class Kinds(NamedTuple):
    start: str
    """Of the stats that count one kind each; the rest of their names is the label's value."""
    label: str
    meaning: str
    only: frozenset[str] | None = None
    """The kinds, where other stats begin so too."""


class OfWorker(NamedTuple):
    stat: str
    meaning: str
    times: float = 1.0
    """To the base unit."""
    is_counter: bool = False


def _stat(name: str) -> Callable[[CrawlStats], float]:
    return lambda stats: stats.number(name) or 0


COUNTERS = {
    "refillspot_stores_stored": Counter(attrgetter("stored"), "Stores committed to PostgreSQL."),
    "refillspot_stores_rejected": Counter(attrgetter("rejected"), "Stores that PostgreSQL refused."),
    "refillspot_pages_unread": Counter(_stat("postgres/unread"), "Store pages that no parser could read."),
    "refillspot_commits": Counter(_stat("postgres/flushes"), "Group commits."),
    "refillspot_commit_seconds": Counter(_stat("postgres/seconds"), "Time that group commits took."),
    "refillspot_postgres_waits": Counter(_stat("postgres/waits"), "How often PostgreSQL had to be waited for."),
    "refillspot_redis_outages": Counter(_stat("frontier/redis_outages"), "How often Redis had to be waited for."),
    "refillspot_requests": Counter(attrgetter("asked"), "Requests that went to the site."),
    "refillspot_permits": Counter(_stat("politeness/permits"), "Requests that left, where there is a budget."),
    "refillspot_requests_retried": Counter(_stat("frontier/retried"), "Requests that went back into the queue."),
    "refillspot_sent_bytes": Counter(_stat("downloader/request_bytes"), "Bytes of requests."),
    "refillspot_received_bytes": Counter(_stat("site/bytes"), "Bytes of bodies that came from the site, as they came."),
    "refillspot_answer_seconds": Counter(_stat("site/seconds"), "Time from requests to the headers of their answers."),
    "refillspot_permit_wait_seconds": Counter(
        _stat("politeness/waited_seconds"), "Time that requests waited to leave."
    ),
    "refillspot_cache_saved_bytes": Counter(_stat("cache/bytes_saved"), "Bytes of bodies that were not fetched again."),
}
BY_KIND = {
    "refillspot_responses": Kinds("site/status/", "status", "Answers of the site by HTTP status."),
    "refillspot_request_errors": Kinds("downloader/exception_type_count/", "kind", "Requests without an answer."),
    "refillspot_dead_letters_written": Kinds("frontier/dead_reason/", "kind", "Requests that failed for good."),
    "refillspot_cache_lookups": Kinds(
        "cache/", "result", "Pages looked for in the cache.", frozenset({"hits", "misses", "refreshes"})
    ),
    "refillspot_pace_changes": Kinds(
        "politeness/",
        "kind",
        "Decisions about the pace of all workers.",
        frozenset({"slowed", "raised", "held", "blocked", "limited", "delayed"}),
    ),
    "refillspot_log_lines": Kinds("log_count/", "level", "Lines of the log."),
}
BY_WORKER = {
    "refillspot_worker_resident_memory_bytes": OfWorker("memory/last_mb", "Resident memory.", MIB),
    "refillspot_worker_own_memory_bytes": OfWorker("memory/uss_mb", "Memory without shared pages (USS).", MIB),
    "refillspot_worker_event_loop_lag_seconds": OfWorker(
        "loop/lag_seconds", "Lateness of its event loop at the worst."
    ),
    "refillspot_worker_concurrent_requests": OfWorker("concurrency/level", "Requests that may be under way at once."),
    "refillspot_worker_cpu_seconds": OfWorker("cpu/seconds", "Processor time.", is_counter=True),
    "refillspot_worker_requests": OfWorker("downloader/request_count", "Requests to the site.", is_counter=True),
    "refillspot_worker_stores_stored": OfWorker("postgres/rows", "Stores that it committed.", is_counter=True),
}


def serve_metrics(port: str, reader: CrawlReader) -> str:
    """Serve the page from now on, to the end of the process; return its address. Port 0 = one that is free.

    Raises:
        ConfigurationError: the port is taken, may not be used, or is none.
    """
    registry = CollectorRegistry()
    registry.register(CrawlCollector(reader))
    try:
        server, _thread = start_http_server(int(port), ADDRESS, registry)
        server.set_app(_of_this_machine(make_wsgi_app(registry)))
    except (OSError, OverflowError, ValueError) as error:
        raise ConfigurationError(
            _("METRICS_PORT={port} cannot be used: {error}").format(port=port, error=server_words(error))
        ) from error
    return f"http://{ADDRESS}:{server.server_port}/metrics"


def _of_this_machine(app: WSGIApplication) -> WSGIApplication:
    """Answer only who asks this machine by its own name.

    A page of the Web may give its own name the address 127.0.0.1, and then read in a browser here what that answers.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if HOST.fullmatch(environ.get("HTTP_HOST", "")):
            return app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"Ask for http://{ADDRESS}, or localhost.\n".encode()]

    return answer


class CrawlCollector(Collector):
    """Counters are of all workers that the crawl ever had; gauges are of the present, or missing."""

    def __init__(self, reader: CrawlReader) -> None:
        self._reader = reader
        self._turn = Lock()  # the server answers each request in a thread of its own

    def describe(self) -> list[Metric]:
        return []  # what there is shows itself with the first look

    def collect(self) -> Iterator[Metric]:
        with self._turn:
            snapshot = self._reader.read()
        stats = snapshot.stats
        yield from _counters(stats)
        yield from _kinds(stats)
        yield from _queue(snapshot, stats)
        if snapshot.pace and stats.has_budget:
            yield from _budget(snapshot.pace)
        yield from _workers(stats)
        if snapshot.backups:
            yield from _backups(snapshot.backups)
        if snapshot.days and snapshot.days.completed_at:
            completed = snapshot.days.completed_at.timestamp()
            yield GaugeMetricFamily(LAST_CRAWL, "When a crawl was last completed, since 1970.", value=completed)


def _counters(stats: CrawlStats) -> Iterator[Metric]:
    for name, counter in COUNTERS.items():
        yield CounterMetricFamily(name, counter.meaning, value=counter.of(stats))


def _kinds(stats: CrawlStats) -> Iterator[Metric]:
    for name, kinds in BY_KIND.items():
        family = CounterMetricFamily(name, kinds.meaning, labels=[kinds.label])
        for stat in stats.stats:
            kind, count = stat.removeprefix(kinds.start), stats.number(stat)
            if kind != stat and count is not None and (kinds.only is None or kind in kinds.only):
                family.add_metric([kind], count)
        yield family


def _queue(snapshot: Snapshot, stats: CrawlStats) -> Iterator[Metric]:
    crawl, progress = snapshot.crawl, snapshot.progress
    info = GaugeMetricFamily("refillspot_crawl_info", "The crawl.", labels=["crawl", "spider", "state"])
    info.add_metric([crawl.id, crawl.spider, crawl.state], 1)
    yield info
    begun = crawl.started_at.timestamp()
    yield GaugeMetricFamily("refillspot_crawl_start_time_seconds", "When it was begun, since 1970.", value=begun)
    if progress is None or REDIS in snapshot.away:
        return
    left = GaugeMetricFamily("refillspot_requests_left", "Requests that are not done yet.", labels=["state"])
    for state in ("queued", "leased", "waiting"):
        left.add_metric([state], getattr(progress, state))
    yield left
    yield CounterMetricFamily(
        "refillspot_requests_settled", "Requests whose stores are committed.", value=progress.done
    )
    yield GaugeMetricFamily("refillspot_dead_letters", "Requests that failed for good, now.", value=stats.dead)
    yield GaugeMetricFamily("refillspot_workers_at_work", "Workers that hold their leases.", value=stats.at_work)
    yield GaugeMetricFamily("refillspot_crawl_paused", "1 while the operator lets it pause.", value=progress.paused)


def _budget(pace: Mapping[str, Any]) -> Iterator[Metric]:
    meanings = {
        "requests_per_second": ("refillspot_pace_requests_per_second", "How fast all workers together may ask now."),
        "ceiling": ("refillspot_pace_ceiling_requests_per_second", "What the operator allows at most."),
        "held_seconds": ("refillspot_pace_held_seconds", "For how long nothing leaves."),
    }
    for what, (name, meaning) in meanings.items():
        yield GaugeMetricFamily(name, meaning, value=pace[what])


def _backups(last: LastBackups) -> Iterator[Metric]:
    if last.made_at:
        made = last.made_at.timestamp()
        yield GaugeMetricFamily("refillspot_backup_time_seconds", "When the last backup was made.", value=made)
    yield GaugeMetricFamily("refillspot_backup_failed", "1 where the last one failed.", value=last.has_failed)


def _workers(stats: CrawlStats) -> Iterator[Metric]:
    at_work = {one.worker for one in stats.worker_figures if one.state == AT_WORK}
    for name, of_worker in BY_WORKER.items():
        family_type = CounterMetricFamily if of_worker.is_counter else GaugeMetricFamily
        family = family_type(name, of_worker.meaning, labels=["worker"])
        for worker in (one for one in stats.workers if one.worker in at_work):
            if (value := number_of(worker.stats.get(of_worker.stat))) is not None:
                family.add_metric([worker.worker], value * of_worker.times)
        yield family
