"""Several `scrapy crawl diningcode` on one queue, against a replica, into a database of the benchmark's own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.site import PROJECT
from bench.worker import OWN_VARIABLES, empty_database, running_services

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def running_workers(
    count: int, site_url: str, settings: Mapping[str, object], *arguments: str
) -> Iterator[list[subprocess.Popen[str]]]:
    """Start workers on all of Seoul, page cache off; what still runs at the end is killed."""
    with running_services() as services, empty_database(services.database_url) as database_url:
        every = {
            "DININGCODE_API_URL": site_url,
            "DININGCODE_WEB_URL": site_url,
            "REDIS_KEY_PREFIX": f"bench-{uuid.uuid4().hex[:12]}",
            "CACHE_ENABLED": "False",
            "LOG_LEVEL": "INFO",
            "UNLIKELY_SAMPLE_SHARE": 1,  # every row is a store to fetch
            **settings,
        }
        options = [part for name, value in every.items() for part in ("-s", f"{name}={value}")]
        given = [part for argument in ("district=all", *arguments) for part in ("-a", argument)]
        command = [sys.executable, "-m", "scrapy", "crawl", "diningcode", *given, *options]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
        environment = kept | {"DATABASE_URL": database_url, "REDIS_URL": services.redis_url}
        environment["CACHE_REDIS_URL"] = services.cache_redis_url
        logs = Path(tempfile.mkdtemp(prefix="refillspot-bench-logs-"))
        workers = []
        try:
            for number in range(count):
                with (logs / f"worker-{number}.log").open("w") as log:
                    workers.append(subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=log, text=True))
            print(f"logs: {logs}", file=sys.stderr)
            yield workers
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
