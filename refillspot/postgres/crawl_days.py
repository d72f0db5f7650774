"""On which days a crawl was completed: whether one is missing. A crawl with a limit is a trial, and does not count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
from psycopg.rows import args_row

from refillspot.postgres.connection import LOOK_SECONDS, limit_statements, open_connection

if TYPE_CHECKING:
    from datetime import datetime

LEARNT_HOURS = 24.0  # of a schedule that nobody has told of
HABIT_DAYS = 5  # of seven on which a crawl was completed, from which on the next one is expected
PATIENCE = 1.5  # times as long as expected, until a day is missed: 36 h for a crawl a day
DAYS = """
    WITH whole AS (
        SELECT id, state, started_at, ended_at, (ended_at AT TIME ZONE 'Asia/Seoul')::date AS day,
            state <> 'running' AND NOT accepted AND decision IS NULL AS is_held
        FROM refillspot.crawls WHERE coalesce(arguments -> 'limit', 'null') = 'null'
    ), complete AS (SELECT max(ended_at) AS at, max(day) AS day FROM whole WHERE state = 'complete')
    SELECT complete.at, coalesce(
            complete.at, (SELECT min(started_at) FROM whole), (SELECT min(applied_at) FROM refillspot.migrations)
        ), (SELECT count(DISTINCT day) FROM whole WHERE state = 'complete' AND day > complete.day - 7)::int,
        (SELECT id FROM whole WHERE state = 'running' ORDER BY started_at DESC LIMIT 1),
        (SELECT id FROM whole WHERE is_held ORDER BY started_at DESC LIMIT 1)
    FROM complete
"""


@dataclass(slots=True, frozen=True)
class CrawlDays:
    completed_at: datetime | None
    """When a crawl was last completed; None: none ever was."""
    since: datetime
    """The same; before the first, when one was begun, or when the tables were made."""
    days_of_week: int
    """Days with a completed crawl, of the seven up to the last of them; in Korea."""
    unfinished: str | None
    """The newest crawl that is not complete."""
    held: str | None
    """The newest crawl that is held: until somebody has looked at it, none begins in its districts."""

    @property
    def is_habit(self) -> bool:
        return self.days_of_week >= HABIT_DAYS

    def missed_since(self, every_hours: float, now: datetime) -> timedelta | None:
        """Return for how long there was no crawl, if that is too long for one `every_hours`."""
        passed = now - self.since
        return passed if passed > timedelta(hours=PATIENCE * every_hours) else None


def read_crawl_days(database_url: str) -> CrawlDays | None:
    """Return what a database knows of its crawls; None while it does not answer, or has no tables."""
    try:
        with open_connection(database_url, seconds=LOOK_SECONDS) as connection:
            limit_statements(connection)
            return connection.cursor(row_factory=args_row(CrawlDays)).execute(DAYS).fetchone()
    except psycopg.Error:
        return None
