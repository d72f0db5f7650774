"""PostgreSQL and both Redis servers: there, new enough, of one time, and set up so that no crawl loses anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.doctor import Check, problem
from refillspot.exceptions import RefillspotError
from refillspot.language import gettext as _
from refillspot.postgres.backup import read_last_backups
from refillspot.postgres.crawl_days import LEARNT_HOURS
from refillspot.postgres.database import known_migrations, schema_state
from refillspot.retelling import retell
from refillspot.services import embedded, mask_password
from refillspot.services.addresses import crosses_network_in_the_clear, read_addresses
from refillspot.services.inspection import inspect_postgres, inspect_redis
from refillspot.services.reachability import check_postgres, check_redis

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from refillspot.doctor import CheckState
    from refillspot.postgres.backup import LastBackups
    from refillspot.postgres.crawl_days import CrawlDays
    from refillspot.services import Environment
    from refillspot.services.inspection import PostgresFacts, RedisFacts

CONNECTIONS_PER_WORKER = 4  # stores and searches have one each all the time, stats and commits for a moment
IDLE_SECONDS = 60  # the longest that a connection of a worker is silent, and some more
NEARLY_FULL = 0.9  # of maxmemory
CLOCK_OFF_SECONDS = 2.0  # below that nothing is done wrong
CLOCK_WRONG_SECONDS = 60.0  # a page's age, a crawl's day and its times in the tables are then wrong
NAMES = {"postgres": "PostgreSQL", "redis": "Redis", "redis-cache": "Redis (cache)"}
AS_REDIS = {"redis": "REDIS_URL", "redis-cache": "CACHE_REDIS_URL"}


class Servers:
    """Looks at each server once. What was found stays: `urls` and `facts` of those that answer."""

    def __init__(self, environment: Environment, workers: int, backup_seconds: float) -> None:
        self._environment = environment
        self._workers = workers
        self._backup_seconds = backup_seconds
        self.urls: dict[str, str] = {}
        self.facts: dict[str, PostgresFacts | RedisFacts] = {}

    def examine(self) -> Iterator[Check]:
        try:
            configured = read_addresses(self._environment.values)
        except RefillspotError as error:
            yield problem("settings", error)
            return
        for server in embedded.servers(self._environment.home):
            try:
                if address := configured.get(server.name):
                    url, place = address.url, self._environment.origin(address.variables)
                    yield from self._way(server.name, url)
                    _check(server.name, url, place)
                else:
                    url, place = embedded.ensure_up(server), _("embedded")
                    yield from _rights(server)
            except RefillspotError as error:
                yield problem(server.name, error)
            else:
                self.urls[server.name] = url
                yield from self._describe(server.name, url, place)

    def _way(self, name: str, url: str) -> Iterator[Check]:
        if not crosses_network_in_the_clear(url, self._environment.values.get("PGSSLMODE", "")):
            return
        what = _("what goes to {url}, including the password, may cross the network unencrypted")
        remedy = (
            _("Write it as DATABASE_URL with ?sslmode=verify-full. Between containers on one machine this is harmless.")
            if name == "postgres"
            else _("Write it as a URL with rediss://. Between containers on one machine this is harmless.")
        )
        yield Check(name, "warning", what.format(url=mask_password(url)), remedy)

    def _describe(self, name: str, url: str, place: str) -> Iterator[Check]:
        at = f"{mask_password(url)} ({place})"
        if name == "postgres":
            postgres = inspect_postgres(url)
            self.facts[name] = postgres
            yield Check(name, "ok", f"PostgreSQL {postgres.version}, {at}")
            yield from _connections(postgres, self._workers)
            yield (schema := _schema(url))
            if schema.state == "ok" and self._backup_seconds:
                yield from _backup(read_last_backups(url), self._backup_seconds)
            return
        redis = inspect_redis(url)
        self.facts[name] = redis
        role = _("queue") if name == "redis" else _("page cache")
        yield Check(name, "ok", _("Redis {version}, {role}, {at}").format(version=redis.version, role=role, at=at))
        queue = self.facts.get("redis")
        if name == "redis":
            yield from _queue(redis)
        elif getattr(queue, "run_id", None) != redis.run_id:
            yield from _cache(redis)
        else:
            yield from _shared(redis)


def _rights(server: embedded.Server) -> Iterator[Check]:
    if embedded.has_rights_of_root(server):
        what = _("the embedded {server} runs with root's rights over all files").format(server=server.name)
        remedy = _("Run as another user, or move the project and REFILLSPOT_HOME to a place that every user can enter.")
        yield Check(server.name, "warning", what, remedy)


def _check(name: str, url: str, origin: str) -> None:
    if name == "postgres":
        check_postgres(url, origin)
    else:
        check_redis(url, origin, holds_queue=name == "redis")


def _connections(postgres: PostgresFacts, workers: int) -> Iterator[Check]:
    free = postgres.free_connections
    if free is None or CONNECTIONS_PER_WORKER * workers < free:
        return
    what = _(
        "PostgreSQL has {free} of {most} connections left; a fleet takes up to {each} for each worker (FLEET_WORKERS: "
        "{workers}) and one for itself"
    ).format(free=free, most=postgres.max_connections, each=CONNECTIONS_PER_WORKER, workers=workers)
    remedy = _("Raise max_connections there, use fewer workers, or put PgBouncer between them: docs/operations.md.")
    yield Check("connections", "warning", what, remedy)


def _schema(url: str) -> Check:
    try:
        state = schema_state(url)
    except RefillspotError as error:
        return problem("schema", error)
    version, known = state.version, known_migrations()[-1].number
    if version is None and not state.may_create:
        what = _("the tables do not exist, and this account may not create them")
        return Check("schema", "problem", what, _("Run `GRANT CREATE ON DATABASE … TO …` for this account."))
    if version is None:
        what = _("the tables do not exist yet; the first crawl creates them")
        return Check("schema", "note", what, _("Or create them now: `scrapy db migrate`."))
    what = _("the tables have version {version}, but this refillspot knows {known}").format(
        version=version, known=known
    )
    if state.serves and state.serves > known:
        return Check("schema", "problem", what, _("Update refillspot, or point DATABASE_URL at another database."))
    if version < known:
        return Check("schema", "warning", what, _("The next crawl updates them, or `scrapy db migrate` does it now."))
    if version == known:
        what = _("the tables have version {version}").format(version=version)
    return problem("schema", state.lacking) if state.lacking else Check("schema", "ok", what)


def _backup(last: LastBackups | None, most_seconds: float) -> Iterator[Check]:
    if last is None or not (last.has_stores or last.made_at):
        return
    again = _("Run `scrapy db backup`, daily from cron or the task scheduler: docs/backups.md.")
    if last.has_failed:
        what = _("the last backup failed: {error}").format(error=retell(last.error or ""))
        yield Check("backup", "warning", what, again)
    if not last.made_at:
        yield Check("backup", "note", _("there is no backup of the stores"), again)
        return
    seconds = (last.now - last.made_at).total_seconds()
    what = _("the last backup is {hours:.0f} h old: {place}").format(hours=seconds / 3600, place=last.place)
    is_old = seconds > most_seconds
    yield Check("backup", "warning" if is_old else "ok", what, again if is_old else "")


def _queue(redis: RedisFacts) -> Iterator[Check]:
    if not redis.is_append_only:
        yield Check(
            "redis", "warning", _("the queue is not written to disk as it changes: if Redis crashes, part of it "
                                  "is lost"),
            _("Run `redis-cli CONFIG SET appendonly yes` there, and put it into its configuration file."),
        )  # fmt: skip
    if 0 < redis.closes_idle_seconds < IDLE_SECONDS:
        yield Check(
            "redis", "warning", _("Redis closes a connection that says nothing for {seconds} s, which workers take "
                                  "for an outage").format(seconds=redis.closes_idle_seconds),
            _("Run `redis-cli CONFIG SET timeout 0` there, and put it into its configuration file."),
        )  # fmt: skip
    if not redis.can_write:
        yield Check(
            "redis", "problem", _("Redis could not write to its disk last time"),
            _("Free some disk space on that server, and check its log."),
        )  # fmt: skip
    if redis.max_memory and redis.used_memory > NEARLY_FULL * redis.max_memory:
        yield Check(
            "redis", "warning", _("the queue's memory is nearly full: {used:.0%} of maxmemory").format(
                used=redis.used_memory / redis.max_memory
            ),
            _("Raise maxmemory there, or clean up what finished crawls left: `scrapy crawls prune`."),
        )  # fmt: skip


def _cache(redis: RedisFacts) -> Iterator[Check]:
    if not redis.max_memory:
        yield Check(
            "redis-cache", "warning", _("the page cache has no memory limit"),
            _("Run `redis-cli CONFIG SET maxmemory 256mb` and `CONFIG SET maxmemory-policy allkeys-lru` there."),
        )  # fmt: skip
    elif redis.policy == "noeviction":
        yield Check(
            "redis-cache", "warning", _("the page cache refuses new pages when it is full: its policy is noeviction"),
            _("Run `redis-cli CONFIG SET maxmemory-policy allkeys-lru` there."),
        )  # fmt: skip


def _shared(redis: RedisFacts) -> Iterator[Check]:
    remedy = _(
        "Give the cache its own server with CACHE_REDIS_URL, or run on that one `redis-cli CONFIG SET maxmemory "
        "512mb` and `CONFIG SET maxmemory-policy volatile-lru`: then pages are evicted, but never the queue."
    )
    if not redis.max_memory:
        what = _("queue and page cache share a Redis, and nothing limits what the cache takes")
        yield Check("redis-cache", "warning", what, remedy)
    elif redis.policy == "noeviction":
        what = _(
            "queue and page cache share a Redis that evicts nothing: no page is kept once half of its memory is used"
        )
        yield Check("redis-cache", "warning", what, remedy)


def examine_schedule(days: CrawlDays, every_hours: float | None, now: datetime) -> Iterator[Check]:
    """Tell whether a crawl was completed when it was to; `every_hours`: None if nobody has said, 0 if none is to be."""
    expected = every_hours if every_hours is not None else LEARNT_HOURS * days.is_habit
    if not expected:
        return
    passed = days.missed_since(expected, now)
    hours = (passed or now - days.since).total_seconds() / 3600
    if not passed:
        yield Check("schedule", "ok", _("a crawl was completed {hours:.0f} h ago").format(hours=hours))
        return
    what = _("no crawl was completed for {hours:.0f} h; one is expected every {every:g} h")
    remedy = _("See the scheduler's log, and run the command of the crawl by hand: docs/operations.md.")
    if days.held:
        remedy = _("Crawl {id} is held until somebody has looked at it: `scrapy gate show`.").format(id=days.held)
    elif days.unfinished:
        remedy = _("Crawl {id} is not complete: `scrapy crawls show {id}`, `scrapy stats {id}`.").format(
            id=days.unfinished
        )
    state: CheckState = "problem" if every_hours else "warning"
    yield Check("schedule", state, what.format(hours=hours, every=expected), remedy)


def examine_clocks(facts: Mapping[str, PostgresFacts | RedisFacts]) -> Iterator[Check]:
    """Compare each server's clock with this machine's."""
    for name, fact in facts.items():
        ahead = fact.ahead_seconds
        if abs(ahead) < CLOCK_OFF_SECONDS:
            continue
        what = (
            _("the clock of {server} is ahead by {seconds:.0f} s")
            if ahead > 0
            else _("the clock of {server} is behind by {seconds:.0f} s")
        )
        yield Check(
            "clock",
            "problem" if abs(ahead) >= CLOCK_WRONG_SECONDS else "warning",
            what.format(server=NAMES[name], seconds=abs(ahead)),
            _(
                "Synchronize the clocks of both machines by NTP (`timedatectl set-ntp true`; on Windows `w32tm "
                "/resync`)."
            ),
        )
    if facts and all(abs(fact.ahead_seconds) < CLOCK_OFF_SECONDS for fact in facts.values()):
        yield Check("clock", "ok", _("this machine and its servers agree on the time"))
