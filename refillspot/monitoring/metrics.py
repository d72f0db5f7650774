"""A crawl for Prometheus: http://127.0.0.1:METRICS_PORT/metrics, read anew each time that somebody asks."""

from __future__ import annotations

import re
from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, make_wsgi_app, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.monitoring.metric_names import BY_KIND, BY_WORKER, COUNTERS
from refillspot.monitoring.snapshot import REDIS
from refillspot.monitoring.worker_figures import AT_WORK, has_budget, worker_figures
from refillspot.stats.totals import total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from prometheus_client import Metric

    from refillspot.monitoring.snapshot import CrawlReader, Snapshot

HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", re.IGNORECASE)
ADDRESS = "127.0.0.1"  # of this machine only: the page tells what is crawled, and asks for no password


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
            _("METRICS_PORT={port} cannot be used: {error}").format(port=port, error=error)
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
        stats = total(snapshot.workers)
        yield from _counters(stats)
        yield from _kinds(stats)
        yield from _queue(snapshot)
        if snapshot.pace and has_budget(stats):
            yield from _budget(snapshot.pace)
        yield from _workers(snapshot)


def _counters(stats: Mapping[str, Any]) -> Iterator[Metric]:
    for name, counter in COUNTERS.items():
        yield CounterMetricFamily(name, counter.meaning, value=stats.get(counter.stat, 0))


def _kinds(stats: Mapping[str, Any]) -> Iterator[Metric]:
    for name, kinds in BY_KIND.items():
        family = CounterMetricFamily(name, kinds.meaning, labels=[kinds.label])
        for stat, count in stats.items():
            kind = stat.removeprefix(kinds.start)
            if kind != stat and (kinds.only is None or kind in kinds.only):
                family.add_metric([kind], count)
        yield family


def _queue(snapshot: Snapshot) -> Iterator[Metric]:
    crawl, progress = snapshot.crawl, snapshot.progress
    info = GaugeMetricFamily("refillspot_crawl_info", "The crawl.", labels=["crawl", "spider", "state"])
    info.add_metric([crawl.id, crawl.spider, crawl.state], 1)
    yield info
    begun = crawl.started_at.timestamp()
    yield GaugeMetricFamily("refillspot_crawl_start_time_seconds", "When it was begun, since 1970.", value=begun)
    if progress is None or REDIS in snapshot.away:
        return
    left = GaugeMetricFamily("refillspot_requests_left", "Requests that are not settled.", labels=["state"])
    for state in ("queued", "leased", "waiting"):
        left.add_metric([state], getattr(progress, state))
    yield left
    yield CounterMetricFamily(
        "refillspot_requests_settled", "Requests whose stores are committed.", value=progress.done
    )
    yield GaugeMetricFamily("refillspot_dead_letters", "Requests that failed for good, kept.", value=progress.dead)
    at_work = progress.workers if crawl.state == "running" else 0  # at the end their leases are not given back
    yield GaugeMetricFamily("refillspot_workers_at_work", "Workers that hold their leases.", value=at_work)
    yield GaugeMetricFamily("refillspot_crawl_paused", "1 while the operator lets it pause.", value=progress.paused)


def _budget(pace: Mapping[str, Any]) -> Iterator[Metric]:
    meanings = {
        "requests_per_second": ("refillspot_pace_requests_per_second", "How fast all workers together may ask now."),
        "ceiling": ("refillspot_pace_ceiling_requests_per_second", "What the operator allows at most."),
        "held_seconds": ("refillspot_pace_held_seconds", "For how long nothing leaves."),
    }
    for what, (name, meaning) in meanings.items():
        yield GaugeMetricFamily(name, meaning, value=pace[what])


def _workers(snapshot: Snapshot) -> Iterator[Metric]:
    at_work = [
        worker for worker in snapshot.workers if worker_figures(worker, snapshot.at, is_over=False).state == AT_WORK
    ]
    for name, of_worker in BY_WORKER.items():
        family_type = CounterMetricFamily if of_worker.is_counter else GaugeMetricFamily
        family = family_type(name, of_worker.meaning, labels=["worker"])
        for worker in at_work:
            if (value := worker.stats.get(of_worker.stat)) is not None:
                family.add_metric([worker.worker], value * of_worker.times)
        yield family
