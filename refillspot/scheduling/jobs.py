"""What is done every day without anybody: which commands, and at what time in Korea. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from refillspot.clock import KST
from refillspot.exit_status import COMPLETE, COULD_NOT_RUN, INCOMPLETE
from refillspot.interruption import INTERRUPTED
from refillspot.language import gettext as _
from refillspot.sites import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from refillspot.policies.politeness_settings import CrawlWindow

DAY = timedelta(days=1)
MONDAY = 0
SUMMARY_AT = timedelta(hours=9, minutes=30)  # when it is Monday in UTC, too: the Task Scheduler may reckon in that
WINDOW = "01:00-06:00"  # in which the site has the fewest visitors
KEPT_BACKUPS = 14
EVERY_HOURS = "24"  # a crawl is to be completed
CARE_AFTER = timedelta(minutes=30)  # the window has closed: what was in hand has ended by then
WATCH_AFTER = timedelta(
    hours=13
)  # a crawl that was complete when the window closed is 37 h old then, if one was missed


@dataclass(slots=True, frozen=True)
class Job:
    name: str
    meaning: str
    at: timedelta
    """Since midnight in Korea."""
    commands: tuple[tuple[str, ...], ...]
    """Arguments of `scrapy`; each is run if the one before has ended well."""
    longest: timedelta | None = None
    """How long it takes by itself at most; None: nobody knows, and it is short."""
    well: tuple[int, ...] = (COMPLETE,)
    """Exit codes with which nothing has failed."""
    again: tuple[int, ...] = ()
    """Exit codes after which the same command may do better."""
    is_weekly: bool = False
    """On Mondays in Korea, else daily."""

    def next_after(self, moment: datetime) -> datetime:
        """Return when it is due next, in Korean time."""
        midnight = moment.astimezone(KST).replace(hour=0, minute=0, second=0, microsecond=0)
        due = midnight + self.at
        while due <= moment or (self.is_weekly and due.weekday() != MONDAY):
            due += DAY
        return due


@dataclass(slots=True, frozen=True)
class Schedule:
    """Jobs, and of whom and where they are run."""

    jobs: tuple[Job, ...]
    program: tuple[str, ...]
    """What stands before the arguments of `scrapy`."""
    directory: Path
    """Where scrapy.cfg and .env are."""
    logs: Path
    user: str
    language: str
    """Of messages, "ko": a scheduler has none of its own."""
    options: tuple[str, ...]
    """With which `scrapy schedule` makes the same jobs."""


def daily_jobs(
    window: CrawlWindow, crawl: Sequence[str], keep: int, *, every_hours: str, has_webhook: bool
) -> tuple[Job, ...]:
    """Return the jobs of a schedule. `crawl`: its further arguments; `every_hours`: how often it is to be completed.

    A crawl ends when the window closes, and the next one goes on with what is left: of two that run at once both take
    from one queue. The rest has hours of its own, so that no crawl keeps it from being done.
    """
    length = (window.end - window.begin) % DAY or DAY
    begun = ("fleet", DEFAULT, *crawl, "-s", f"CRAWL_WINDOW={window}")
    limit = ("-s", f"CLOSESPIDER_TIMEOUT={length.total_seconds():.0f}")
    look = ("doctor", "--offline", *["--notify"] * has_webhook, "-s", f"SCHEDULE_EVERY_HOURS={every_hours}")
    jobs = (
        Job(
            "crawl",
            _("the crawl"),
            window.begin % DAY,
            ((*begun, *limit),),
            length,
            (COMPLETE, INCOMPLETE),
            (COULD_NOT_RUN, INTERRUPTED),
        ),
        Job(
            "care",
            _("the backup, and what is too old removed"),
            (window.end + CARE_AFTER) % DAY,
            (("db", "backup", "--keep", str(keep)), ("db", "prune")),
        ),
        Job(
            "watch",
            _("whether a day was missed"),
            (window.end + WATCH_AFTER) % DAY,
            (look,),
        ),
    )
    news = ("changes", "--since", "7d", "--notify")
    summary = Job("summary", _("what has changed in a week, for the webhook"), SUMMARY_AT, (news,), is_weekly=True)
    return (*jobs, summary) if has_webhook else jobs
