"""A crawl by a fleet, from joining it to its exit code."""

from __future__ import annotations

import logging
import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from scrapy.settings import SETTINGS_PRIORITIES
from scrapy.spiderloader import SpiderLoader

from refillspot.clock import Clock
from refillspot.configuration import read_settings
from refillspot.crawl_ids import check_crawl_id
from refillspot.exceptions import ArgumentError
from refillspot.exit_status import (
    COULD_NOT_RUN,
    HELD,
    ExitStatus,
    complete_exit_status,
    crawl_exit_status,
    limit_exit_status,
    write_stores,
)
from refillspot.fleet.supervisor import Supervisor, fleet_exit_code
from refillspot.fleet.watch import Watch, Watchdog
from refillspot.fleet.worker import Worker
from refillspot.frontier.codec import check_formats
from refillspot.frontier.queue import COMPLETE
from refillspot.frontier.session import gate_thresholds
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.listing.asking import see_them
from refillspot.logs import Origin, write_json_log
from refillspot.monitoring.display import Display
from refillspot.monitoring.metrics import serve_metrics
from refillspot.monitoring.snapshot import CrawlReader
from refillspot.operations.progress import ProgressReader
from refillspot.policies.politeness_settings import allowed_pace
from refillspot.postgres.connection import run
from refillspot.postgres.crawl_queues import check_queue
from refillspot.postgres.crawls import CrawlTable, look_at_crawl
from refillspot.postgres.worker_stats import read
from refillspot.readable import say
from refillspot.services import read_environment
from refillspot.services.ownership import claim_home, errors_told
from refillspot.shared.keys import crawl_prefix
from refillspot.stats.counts import OWN
from refillspot.stats.crawl import LIMITS
from refillspot.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scrapy.settings import BaseSettings

    from refillspot.fleet.supervisor import FleetEnd
    from refillspot.services import ServiceAddresses
    from refillspot.stats.crawl import Crawl

SUPERVISOR_MB = 128  # MiB of the fleet's own process, which count too
DIGITS = 9  # of a number of workers; what is longer is a slip, and from 4300 on Python refuses to read it
CMDLINE = SETTINGS_PRIORITIES["cmdline"]
WORKER_MB = 256  # MiB that a worker must have; it uses about 120
FULL = 0.9  # of its share, at which a worker ends: what it has in hand then is finished first
WORKER_REQUESTS_PER_SECOND = 10.0  # what one worker asks with ease: 8 under way at 0.4 s are 20


@dataclass(slots=True)
class FleetCrawl:
    """One crawl that a fleet has joined."""

    crawl: Crawl
    spider: str
    arguments: Mapping[str, str]
    settings: BaseSettings
    services: ServiceAddresses

    @classmethod
    def join(
        cls, spider: str, arguments: Mapping[str, str], settings: BaseSettings, services: ServiceAddresses
    ) -> FleetCrawl:
        """Join the newest unfinished crawl with equal arguments, or begin one, before any worker starts.

        Raises:
            ArgumentError: the spider's arguments are not known, or the pace is none for this site.
            ConfigurationError: a setting of the spider cannot be used.
            HeldCrawlError: a crawl of one of these districts is held.
            QueueElsewhereError, QueueFormatError: workers are at work on it with another Redis, or another version.
            ServiceUnavailableError: PostgreSQL does not answer.
        """
        spider_class = SpiderLoader.from_settings(settings).load(spider)
        settings = settings.copy()
        spider_class.update_settings(settings)
        read_settings(settings)  # those of the spider, too
        allowed_pace(settings)  # before there is a crawl that nobody may go on with
        made: Any = spider_class(**arguments)
        made.settings = settings
        asked = (spider, getattr(made, "crawl_arguments", {}), getattr(made, "crawl_id", None))
        crawls = CrawlTable(services.database_url, thresholds=gate_thresholds(settings))
        supersedes = getattr(made, "supersedes", False)
        crawl = run(crawls.join(*asked, Clock.of(settings).now(), supersedes=supersedes))
        with ProgressReader(services.redis_url, crawl_prefix(settings["REDIS_KEY_PREFIX"], crawl.id)) as reader:
            queue, formats = reader.queue()
        check_queue(services.database_url, crawl.id, queue)
        check_formats(formats, crawl.id)
        check_crawl_id(crawl.id)  # it names the directory of the logs
        return cls(crawl, spider, arguments, settings, services)

    def run(self, asked: str, passed: Sequence[str]) -> int:
        """Start workers, watch them to the end, say how it went; return the exit code."""
        try:
            sizing = size_fleet(
                asked,
                cores=psutil.cpu_count() or 1,
                memory_mb=self.settings.getint("FLEET_MAX_MEMORY_MB"),
                requests_per_second=allowed_pace(self.settings),
            )
        except ValueError as error:
            raise ArgumentError(str(error)) from error
        say(sizing.why, file=sys.stderr)
        self._log()
        workers = [self._worker(number, sizing.share_mb, passed) for number in range(1, sizing.workers + 1)]
        say(_("logs: {directory}").format(directory=self.logs), file=sys.stderr)
        prefix = crawl_prefix(self.settings["REDIS_KEY_PREFIX"], self.crawl.id)
        district = self.arguments.get("district", "")
        title = _("{spider} {district}, crawl {id}").format(spider=self.spider, district=district, id=self.crawl.id)
        self._serve_metrics()
        with (
            CrawlReader(self.services, self.settings, self.crawl) as looks,
            ProgressReader(self.services.redis_url, prefix) as reader,
            Display(Terminal(outlives_reader=True), title) as display,
        ):
            watch = Watch(looks, display, reader, self.services.database_url, self.crawl.id)
            watchdog = Watchdog(reader.silent_workers, self.settings.getfloat("FRONTIER_LEASE_SECONDS"))
            end = Supervisor(workers, watch.is_over, watch.look, watchdog, has_limits=bool(self._limits)).run()
            result = reader.result()
        crawl = look_at_crawl(self.services.database_url, self.crawl.id)
        if crawl and crawl.state == COMPLETE:
            result = result or crawl.result
        return self._tell(end, result, crawl)

    @property
    def logs(self) -> Path:
        """The directory of its logs."""
        home = read_environment().home
        claim_home(home)
        for directory in (home / "logs", home / "logs" / self.crawl.id):
            with errors_told(directory):
                directory.mkdir(mode=0o700, exist_ok=True)
        return directory

    @property
    def _limits(self) -> list[str]:
        """The limits of the user's settings that end a worker, and no crawl."""
        return [reason for reason in LIMITS if self.settings.getfloat(reason.upper())]

    def _worker(self, number: int, share_mb: int, passed: Sequence[str]) -> Worker:
        log = self.logs / f"worker-{number}-{os.getpid()}.log"
        arguments = dict(self.arguments) | {"crawl": self.crawl.id}
        level = self.settings["LOG_LEVEL"] if self.settings.getpriority("LOG_LEVEL") == CMDLINE else "INFO"
        options = [
            f"WORKER_MAX_MEMORY_MB={share_mb}",
            f"LOG_LEVEL={level}",
            *passed,
            f"LOG_JSON_FILE={log.with_suffix('.jsonl')}",
        ]
        command = [sys.executable, "-m", "scrapy", "crawl", self.spider]
        command += [part for name, value in arguments.items() for part in ("-a", f"{name}={value}")]
        command += [part for option in options for part in ("-s", option)]
        return Worker(number, command, Path.cwd(), log)

    def _log(self) -> None:
        """Tell people what they were told without this, and programs in a file."""
        if logging.lastResort:
            logging.root.addHandler(logging.lastResort)
        write_json_log(self.logs / f"fleet-{os.getpid()}.jsonl", "INFO", lambda: Origin(self.crawl.id))

    def _serve_metrics(self) -> None:
        if port := str(self.settings["METRICS_PORT"]):
            address = serve_metrics(port, CrawlReader(self.services, self.settings, self.crawl))
            say(_("metrics: {address}").format(address=address), file=sys.stderr)

    def _tell(self, end: FleetEnd, result: dict[str, int] | None, crawl: Crawl | None) -> int:
        stored = crawl.stored if crawl else None
        if result is not None:
            status = complete_exit_status(result, (crawl and crawl.departures) or ())
        elif end.is_limited and not end.was_interrupted:
            status = limit_exit_status(self._limits, stored)
        else:
            code = fleet_exit_code(end)
            sentence = _("Not complete, {stores} stored so far. The same command continues from here.")
            status = ExitStatus(COULD_NOT_RUN if code is None else code, sentence.format(stores=write_stores(stored)))
            if code == HELD:
                status = self._held(stored)
        say(status.sentence + see_them(status, self.spider, self.arguments), file=sys.stderr)
        if end.restarts:
            told = ngettext(
                "{restarts} worker restart, {recycled} of them to free memory",
                "{restarts} worker restarts, {recycled} of them to free memory",
                end.restarts,
            )
            say(told.format(restarts=end.restarts, recycled=end.recycled), file=sys.stderr)
        return status.exit_code

    def _held(self, stored: int | None) -> ExitStatus:
        """Say what the worker says that has held the crawl, of all that the crawl has stored."""
        workers = [worker for worker in read(self.services.database_url, self.crawl.id) if worker.ended_at]
        for worker in sorted(workers, key=lambda worker: worker.seen_at, reverse=True):
            status = crawl_exit_status(worker.stats | {f"{OWN}stored": stored})
            if status.exit_code == HELD:
                return status
        told = _("Held, {stores} stored so far: the end of a worker's log says why, and what to do.")
        return ExitStatus(HELD, told.format(stores=write_stores(stored)))


@dataclass(slots=True, frozen=True)
class Sizing:
    workers: int
    share_mb: int
    """MiB at which a worker ends and is started again."""
    why: str
    """One line for the person who starts the fleet."""


def size_fleet(asked: str, *, cores: int, memory_mb: int, requests_per_second: float) -> Sizing:
    """Return how many workers to start; `asked` is a number or "auto". 0 requests/s = no limit.

    Raises:
        ValueError: `asked` is neither, or more than the memory allows.
    """
    for_workers_mb = memory_mb - SUPERVISOR_MB
    by_memory = for_workers_mb // WORKER_MB
    if by_memory < 1:
        least = SUPERVISOR_MB + WORKER_MB
        told = _("FLEET_MAX_MEMORY_MB={memory_mb} is too low: one worker needs {least}")
        raise ValueError(told.format(memory_mb=memory_mb, least=least))
    if asked != "auto":
        if not asked.isdecimal() or len(asked) > DIGITS or int(asked) < 1:
            raise ValueError(
                _("-n {asked} is not a number of workers: use, for example, -n 4, or -n auto").format(asked=asked)
            )
        if int(asked) > by_memory:
            told = _("-n {asked} is more than FLEET_MAX_MEMORY_MB={memory_mb} allows ({most})")
            raise ValueError(told.format(asked=asked, memory_mb=memory_mb, most=by_memory))
        told = ngettext("{asked} worker, as asked", "{asked} workers, as asked", int(asked))
        return Sizing(int(asked), int(FULL * for_workers_mb / int(asked)), told.format(asked=asked))
    by_budget = math.ceil(requests_per_second / WORKER_REQUESTS_PER_SECOND) if requests_per_second > 0 else cores
    workers = min(by_budget, cores, by_memory)
    why = ngettext(
        "{workers} worker: the request budget allows {budget}, the cores {cores}, the memory {memory}",
        "{workers} workers: the request budget allows {budget}, the cores {cores}, the memory {memory}",
        workers,
    ).format(workers=workers, budget=by_budget, cores=cores, memory=by_memory)
    return Sizing(workers, for_workers_mb // workers, why)
