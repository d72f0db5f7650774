"""Everything that is looked at, in order: what the later needs comes first."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from refillspot.clock import Clock, write_kst
from refillspot.doctor import Check, problem
from refillspot.doctor.machine import PINS, Resources, examine_configuration, examine_packages, examine_resources
from refillspot.doctor.servers import Servers, examine_clocks, examine_schedule
from refillspot.doctor.shape_report import ShapeReport
from refillspot.doctor.site import FirstContact
from refillspot.doctor.visit import TURN_SECONDS, Visitor
from refillspot.exceptions import ConfigurationError, ServiceUnavailableError
from refillspot.language import gettext as _
from refillspot.operations.pace_control import read_pace
from refillspot.policies.politeness_settings import CrawlWindow
from refillspot.postgres.crawl_days import read_crawl_days
from refillspot.postgres.kept_pages import newest_bodies
from refillspot.retelling import retell
from refillspot.services import embedded, read_environment
from refillspot.shared.budget import RequestBudget
from refillspot.sites import find_site

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from refillspot.doctor.site import Hosts
    from refillspot.services import Environment
    from refillspot.sites.site import Site


KEPT_PAGES = 500  # of those that crawls have kept, the newest: what one page shows may be chance


@dataclass(slots=True, frozen=True, kw_only=True)
class Questions:
    """What of the settings a check-up needs."""

    environ: Mapping[str, str]
    fleet_mib: int
    """FLEET_MAX_MEMORY_MB."""
    fleet_workers: int
    """FLEET_WORKERS; for auto, the most that it can come to here."""
    backup_seconds: float
    """BACKUP_MAX_AGE_SECONDS."""
    every_hours: float | None
    """SCHEDULE_EVERY_HOURS; None for auto."""
    hosts: Hosts
    headers: Mapping[str, str]
    """Of every request of a crawl, User-Agent included."""
    requests_per_second: float
    most_believed: float
    """Requests/s up to which Redis is believed, see `pace_setting`."""
    block_seconds: float
    politeness_key: str
    """Where in Redis the pace is kept."""
    window: str
    """CRAWL_WINDOW."""
    clock: Clock
    is_offline: bool
    shapes: Path | None = None
    """Where to write what the site sends, as shapes alone."""


def examine(questions: Questions, directory: Path | None = None) -> Iterator[Check]:
    """Yield check after check. Servers that this starts are stopped again."""
    try:
        environment = read_environment(questions.environ, directory)
    except ConfigurationError as error:
        yield problem("settings", error)
        return
    yield from examine_configuration(environment)
    yield from examine_resources(Resources.now(environment.home), environment.home, questions.fleet_mib)
    if PINS.is_file():
        yield from examine_packages(PINS.read_text(encoding="utf-8").splitlines())
    try:
        yield from _examine_servers_and_site(questions, environment)
    except ServiceUnavailableError as error:  # its home is somebody else's, or what was started does not stop
        yield problem("settings", error)


def _examine_servers_and_site(questions: Questions, environment: Environment) -> Iterator[Check]:
    with embedded.leave_as_found(environment.home):
        servers = Servers(environment, questions.fleet_workers, questions.backup_seconds)
        yield from servers.examine()
        if (url := servers.urls.get("postgres")) and (days := read_crawl_days(url)):
            yield from examine_schedule(days, questions.every_hours, questions.clock.now())
        yield from examine_clocks(servers.facts)
        site = find_site()
        report = ShapeReport(questions.shapes, site.examination) if questions.shapes and site.examination else None
        if not questions.is_offline:
            yield from _examine_site(questions, site, servers.urls.get("redis"), report)
        if report:
            for body in newest_bodies(servers.urls.get("postgres"), site.name, KEPT_PAGES):
                report.add_store(body, is_kept=True)
            yield report.write()


def _examine_site(
    questions: Questions, site: Site, redis_url: str | None, report: ShapeReport | None
) -> Iterator[Check]:
    if redis_url is None:
        what = _("the site was not asked: without Redis there is no shared pace")
        yield Check("site", "problem", what, _("See the finding about Redis."))
        return
    if why_not := _why_not_now(questions, redis_url):
        yield why_not
        return
    yield from asyncio.run(_visit(questions, site, redis_url, report))


def _why_not_now(questions: Questions, redis_url: str) -> Check | None:
    try:
        window = CrawlWindow.parse(questions.window)
    except ConfigurationError as error:
        return Check("settings", "problem", error.what, _("Correct CRAWL_WINDOW."))
    now = questions.clock.now()
    if window and window.seconds_until_open(now):
        what = _("the site was not asked: CRAWL_WINDOW opens at {time} KST").format(
            time=write_kst(window.opens_at(now))
        )
        return Check("site", "note", what, _("Try again then."))
    if questions.requests_per_second <= 0:
        return None
    pace = read_pace(redis_url, questions.politeness_key, questions.requests_per_second)
    if pace["is_stopped"]:
        what = _("the site was not asked: it has blocked its crawls three times within a day")
        remedy = _("Look at it in a browser, and wait until another day. After scrapy resume, crawls continue.")
        return Check("site", "warning", what, remedy)
    if pace["held_seconds"] > TURN_SECONDS:
        what = _("the site was not asked: for another {seconds:.0f} s nothing leaves ({reason})")
        what = what.format(seconds=pace["held_seconds"], reason=retell(pace["held_because"]))
        return Check(
            "site", "warning", what, _("Try again then; until then all workers wait: `scrapy politeness show`.")
        )
    return None


async def _visit(questions: Questions, site: Site, redis_url: str, report: ShapeReport | None) -> list[Check]:
    if site.examination is None:
        return []
    pace, budget = questions.requests_per_second, None
    if pace > 0:
        budget = RequestBudget(redis_url, questions.politeness_key, pace, most=questions.most_believed)
    visitor = Visitor(site, questions.headers, budget, questions.block_seconds)
    try:
        contact = FirstContact(questions.hosts, site.examination, visitor, budget, report)
        return [check async for check in contact.examine()]
    finally:
        if budget:
            await budget.close()
