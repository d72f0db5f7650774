"""Which stat is which metric of Prometheus, in base units: seconds, bytes. `_total` is added to counters."""

from __future__ import annotations

from typing import NamedTuple

MIB = 2**20


class Counter(NamedTuple):
    stat: str
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


COUNTERS = {
    "refillspot_stores_stored": Counter("postgres/rows", "Stores committed to PostgreSQL."),
    "refillspot_stores_rejected": Counter("postgres/rejected", "Stores that PostgreSQL refused."),
    "refillspot_pages_unread": Counter("postgres/unread", "Store pages that no parser could read."),
    "refillspot_commits": Counter("postgres/flushes", "Group commits."),
    "refillspot_commit_seconds": Counter("postgres/seconds", "Time that group commits took."),
    "refillspot_postgres_waits": Counter("postgres/waits", "How often PostgreSQL had to be waited for."),
    "refillspot_redis_outages": Counter("frontier/redis_outages", "How often Redis had to be waited for."),
    "refillspot_requests": Counter("downloader/request_count", "Requests to the site, with those that wait to leave."),
    "refillspot_permits": Counter("politeness/permits", "Requests that left, where there is a budget."),
    "refillspot_requests_retried": Counter("frontier/retried", "Requests that went back into the queue."),
    "refillspot_sent_bytes": Counter("downloader/request_bytes", "Bytes of requests."),
    "refillspot_received_bytes": Counter("site/bytes", "Bytes of bodies that came from the site, as they came."),
    "refillspot_answer_seconds": Counter("site/seconds", "Time from requests to the headers of their answers."),
    "refillspot_permit_wait_seconds": Counter("politeness/waited_seconds", "Time that requests waited for a permit."),
    "refillspot_cache_saved_bytes": Counter("cache/bytes_saved", "Bytes of bodies that were not fetched again."),
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
