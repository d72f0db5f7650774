"""Three weeks of a city as an operator has them: a crawl at noon, a look at night, and what goes wrong on some days.

A day is missed, a backup fails, a newer version takes over, a crawl that reads no opening hours is held, rejected and
made again; each week there is a summary. Whoever is told of it is told of exactly that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from tests.own_webhook import OwnWebhook
    from tests.ten_days.days import Days

DAYS, WEEK = 21, 7
UPGRADED, MISSED, HELD, UNSAVED = 4, 9, 12, 15
BLIND = ("-s", 'EXTENSIONS={"tests.crawl.misreading.Blind": 1, "refillspot.extensions.notify.Notify": 0}')
NIGHT = timedelta(hours=13)  # after noon: the last crawl of the day before was 37 hours ago
KEPT = 3  # backups
HELD_CODE = 4
OF_VERDICT = """(
    SELECT v.old #>> '{}' FROM refillspot.store_history AS v
    WHERE (v.site, v.ref, v.field) = (s.site, s.ref, 'refill_verdict') ORDER BY v.first_seen_new LIMIT 1
)"""
CHANGED = f"""
    SELECT count(DISTINCT (h.ref, h.field, h.first_seen_new))
    FROM refillspot.store_history AS h JOIN refillspot.stores AS s USING (site, ref)
    WHERE h.first_seen_new >= %(since)s AND (s.refill_verdict <> 'unlikely' OR {OF_VERDICT} IS NOT NULL) AND
"""
HOURS = f"{CHANGED} h.field = 'hours'"
GONE = f"""{CHANGED} (h.field = 'status' AND h.new #>> '{{}}' IN ('gone', 'missing', 'closed')
    OR h.field = 'refill_verdict' AND h.new #>> '{{}}' = 'unlikely')"""
BACK = f"""{CHANGED} (h.field = 'status' AND h.new #>> '{{}}' = 'operating'
    OR h.field = 'refill_verdict' AND h.old #>> '{{}}' = 'unlikely')"""
NEW = f"""
    SELECT count(*) FROM refillspot.stores AS s
    WHERE s.first_seen_at >= %(later)s AND coalesce({OF_VERDICT}, s.refill_verdict) <> 'unlikely'
"""
LIKELY = "SELECT count(*) FROM refillspot.stores WHERE refill_verdict = 'likely' AND status = 'operating'"


@dataclass
class Weeks:
    """`old` and `new` start `scrapy …` of the version before and of this one, and wait for its end."""

    days: Days
    webhook: OwnWebhook
    home: Path
    new: Callable[..., subprocess.CompletedProcess[str]]
    start_new: Callable[..., Any]
    expected: list[tuple[int, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    is_new: bool = False

    def live(self) -> None:
        day = self.days.day
        if day == UPGRADED:
            self.days.start, self.is_new = self.start_new, True
        if day == MISSED:
            self.days.miss()
        else:
            if day == HELD:
                self._hold(day)
            self.days.live()
            self.expect(day, "finished")
        if self.is_new:
            self._look_at_night(day)

    def expect(self, day: int, event: str) -> None:
        self.expected.append((day, event))

    def _hold(self, day: int) -> None:
        """Crawl with parsers that find no opening hours; somebody sees it, and rejects that crawl."""
        before, known = self.days.rows(), self.days.counts()
        held = self.days.crawl([*self.days.begin(), *BLIND])
        self.expect(day, "held")
        told = self.webhook.told[-1]
        if held.returncode != HELD_CODE or told.get("sentence", "-") not in held.stderr:
            self.wrong.append(f"day {day}: {held.returncode}, told {told}: {held.stderr[-1000:]}")
        self._run(day, "gate", "show", code=HELD_CODE)
        self._run(day, "gate", "reject")
        if (self.days.rows(), self.days.counts()) != (before, known):
            self.wrong.append(f"day {day}: after the crawl was rejected, stores or their history are others")

    def _look_at_night(self, day: int) -> None:
        at = self.days.at(self.days.city.noon(day) + NIGHT)
        directory = self.home / ("a file" if day == UNSAVED else "backups")
        self._run(day, "db", "backup", str(directory), "--keep", str(KEPT), *at, code=1 if day == UNSAVED else 0)
        self._run(day, "db", "prune", *at)
        watch = ("doctor", "--offline", "--notify", "-s", "SCHEDULE_EVERY_HOURS=24", *at)
        doctor = self._run(day, *watch, code=1 if day == MISSED else 0)
        if day == UNSAVED:
            self.expect(day, "backup_failed")
        if day in {MISSED, UNSAVED}:
            self.expect(day, "doctor")
            if not any(one["what"] in doctor.stdout for one in self.webhook.told[-1].get("findings", ())):
                self.wrong.append(f"day {day}: {self.webhook.told[-1]} is not what doctor says: {doctor.stdout}")
        if day % WEEK == WEEK - 1:
            self._sum_up(day, at)

    def _sum_up(self, day: int, at: list[str]) -> None:
        self._run(day, "changes", "--since", "7d", "--notify", *at)
        self.expect(day, "summary")
        told = self.webhook.told[-1]
        due = self._due(self.days.city.noon(day) + NIGHT - timedelta(days=WEEK))
        if differences := {name: (told.get(name), count) for name, count in due.items() if told.get(name) != count}:
            self.wrong.append(f"day {day}: the summary says, and is to say: {differences}")

    def _due(self, since: datetime) -> dict[str, int]:
        """Return what the summary is to say, counted in the table itself, whose lines are held against the truth."""
        times = {"since": since, "later": max(since, self.days.looks[0].ended)}
        with psycopg.connect(self.days.postgres.url) as connection:

            def count(statement: str) -> int:
                found = connection.execute(statement.encode(), times).fetchone()
                return int(found[0]) if found else 0

            return {
                "hours": count(HOURS),
                "gone": count(GONE),
                "new": count(NEW) + count(BACK),
                "crawls": sum(look.ended >= since for look in self.days.looks),
                "to_judge": count(LIKELY),
            }

    def _run(self, day: int, *command: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = self.new(*command)
        if done.returncode != code:
            self.wrong.append(f"day {day}: {command[:2]} ended with {done.returncode}: {done.stderr[-1000:]}")
        return done

    # --- what came of it

    def faults(self) -> Iterator[str]:
        """Yield what is not as the truth, or the calendar, has it."""
        yield from self.wrong
        yield from self.days.faults()
        told = [one["event"] for one in self.webhook.told]
        if told != [event for _, event in self.expected]:
            yield f"told: {told}; expected: {self.expected}"
        yield from self._restored()

    def _restored(self) -> Iterator[str]:
        """Restore the last backup beside the database, and compare the stores."""
        backups = sorted((self.home / "backups").iterdir())
        if len(backups) != KEPT:
            yield f"{len(backups)} backups are there: {backups}"
        self._run(DAYS, "db", "restore", str(backups[-1]), "--database", "trial")
        here, there = (self._stores(name) for name in ("", "trial"))
        if here != there:
            yield f"the last backup has other stores: {here ^ there}"

    def _stores(self, database: str) -> set[str]:
        url = make_conninfo(self.days.postgres.url, dbname=database) if database else self.days.postgres.url
        with psycopg.connect(url) as connection:
            return {text for (text,) in connection.execute("SELECT to_jsonb(s)::text FROM refillspot.stores AS s")}
