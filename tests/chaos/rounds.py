"""A round of chaos: one or two crawls by fleets, troubles in the middle of them, and what must be true at the end."""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import psycopg
import redis

from refillspot.frontier.dead_letters import read_dead_letter
from refillspot.planning import KEYWORDS
from tests.chaos.troubles import LEASE, possible
from tests.crawl.moments import LOOK_SECONDS, fetched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.arena import Arena, Fleet
    from tests.chaos.troubles import Trouble

WORDS = ",".join(KEYWORDS)
DISTRICTS = ("금천구", "도봉구")
PACE = 12  # requests/s: a machine that is busy manages more, so that what is too fast is seen
WINDOW, LATE = 2.0, 1.0  # seconds; by so much a busy machine may hold back what then comes together
OPTIONS = {
    "FRONTIER_LEASE_SECONDS": LEASE,
    "FRONTIER_MAX_ATTEMPTS": 12,  # workers that die here die of the round, not of a page
    "POSTGRES_TIMEOUT_SECONDS": 2,
    "POSTGRES_COPY_MAX_SECONDS": 0.5,
    "RETRY_BACKOFF_SECONDS": 0.2,
    "RETRY_TIMES": 12,  # the site's faults here are passing ones
    "DOWNLOAD_TIMEOUT": 5,
}
SITE_FAULTS = (
    {"kind": "status", "status": 503, "probability": 0.05},
    {"kind": "reset", "probability": 0.05},
    {"kind": "truncated", "probability": 0.05},
    {"kind": "result_code", "code": "001", "probability": 0.05},
    {"kind": "delay", "seconds": 2, "probability": 0.02},
)
TROUBLES = 3  # in a round
OF_MOMENTS = ["digest", "first_seen_at", "last_seen_at", "fetched_at"]
OF_LISTS = ["open_status", "user_score", "review_count", "images"]  # told by whichever row came first
ROWS = "SELECT ref, to_jsonb(s) - %s::text[] FROM refillspot.stores AS s"
STARTS = 8  # of the same command, by its user
SECONDS = 240.0  # for one start; then it is stuck, on a busy machine too


@dataclass(slots=True)
class Round:
    seed: int
    troubles: list[str] = field(default_factory=list)
    crawls: int = 0
    site_faults: int = 0
    starts: int = 0
    seconds: float = 0.0
    rows: int = 0
    missing: int = 0
    too_many: int = 0
    differing: int = 0
    """Rows that do not say what they say after a crawl without troubles."""
    invented: int = 0
    """Changes in the history: nothing changes meanwhile."""
    rejects: int = 0
    dead_letters: int = 0
    incomplete: int = 0
    """Crawls that are not complete, and crawls too many."""
    stuck: int = 0
    """Starts that did not end in time."""
    too_fast: int = 0
    """Requests beyond the budget of the longest burst in the site's log."""
    fetched: int = 0
    again: int = 0
    """Store pages fetched more than once."""
    told: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        of_rows = self.missing + self.too_many + self.differing + self.invented
        return of_rows + self.rejects + self.dead_letters + self.incomplete + self.stuck + self.too_fast


def play(arena: Arena, seed: int, troubles: Sequence[Trouble] = ()) -> Round:
    """Play a round of these troubles, or of any that are possible."""
    rng = Random(seed)  # noqa: S311  # not for secrets
    districts = DISTRICTS if rng.random() < 0.25 else DISTRICTS[:1]
    played = Round(seed, crawls=len(districts))
    undisturbed = _undisturbed(arena)
    database_url, key_prefix = arena.new_database(), f"chaos-{uuid.uuid4().hex[:12]}"
    arena.site.clear_log()
    played.site_faults = _spoil(arena, rng)
    began = time.monotonic()
    fleets = _start_fleets(arena, districts, database_url, key_prefix)
    for _ in range(TROUBLES):
        _wait_for_pages(arena, fleets, rng.randrange(1, 20))
        trouble = rng.choice(troubles or possible(arena))
        played.troubles.append(trouble.__name__)
        trouble(arena, rng.choice(fleets), rng)
    for fleet in fleets:
        if not _see_through(fleet):
            played.stuck += 1
            played.told += _last_words(arena)
        played.starts += fleet.starts
        played.told += fleet.told
    played.seconds = time.monotonic() - began
    _spoil_nothing(arena)
    _judge(arena, played, districts, database_url, key_prefix)
    _compare(played, _rows(database_url), undisturbed)
    arena.drop(database_url, key_prefix)
    return played


@cache
def _undisturbed(arena: Arena) -> dict[str, dict[str, Any]]:
    """Return what each row says when nothing happens, however fast."""
    database_url, key_prefix = arena.new_database(), f"chaos-{uuid.uuid4().hex[:12]}"
    for fleet in _start_fleets(arena, DISTRICTS, database_url, key_prefix, workers=1, pace=0):
        _see_through(fleet)
    rows = _rows(database_url)
    arena.drop(database_url, key_prefix)
    return rows


def _rows(database_url: str) -> dict[str, dict[str, Any]]:
    with psycopg.connect(database_url) as connection:
        return dict(connection.execute(ROWS, [OF_MOMENTS + OF_LISTS]).fetchall())


def _start_fleets(
    arena: Arena, districts: tuple[str, ...], database_url: str, key_prefix: str, *, workers: int = 2, pace: int = PACE
) -> list[Fleet]:
    settings = OPTIONS | {"POLITENESS_REQUESTS_PER_SECOND": pace}
    options = [f"-n{workers}", *(part for name, value in settings.items() for part in ("-s", f"{name}={value}"))]
    return [arena.start_fleet(district, database_url, key_prefix, options) for district in districts]


def _see_through(fleet: Fleet) -> bool:
    """Start the same command again until its crawl is complete; return whether each start ended in time."""
    try:
        while fleet.wait(SECONDS) not in {0, 3} and fleet.starts < STARTS:
            fleet.start()
    except subprocess.TimeoutExpired:
        fleet.kill()
        fleet.wait(SECONDS)  # its workers end with it
        return False
    return True


def _last_words(arena: Arena) -> list[str]:
    """Return how the newest logs end: of who is stuck."""
    logs = sorted(arena.logs.rglob("*.log"), key=lambda log: log.stat().st_mtime)[-4:]
    return [f"{log}: …{log.read_text('utf-8')[-3000:]}" for log in logs]


def _wait_for_pages(arena: Arena, fleets: list[Fleet], more: int) -> None:
    """Return when the site was asked for so many further store pages, or the crawls have ended."""
    before = fetched(arena.site).total()
    while fetched(arena.site).total() < before + more and any(fleet.process.poll() is None for fleet in fleets):
        time.sleep(LOOK_SECONDS)


def _judge(arena: Arena, played: Round, districts: tuple[str, ...], database_url: str, key_prefix: str) -> None:
    truth = [store for district in districts for store in arena.site.truth(district, WORDS)]
    with psycopg.connect(database_url) as connection:
        stored = {ref for (ref,) in connection.execute("SELECT ref FROM refillspot.stores")}
        states = Counter(state for (state,) in connection.execute("SELECT state FROM refillspot.crawls"))
        (played.rejects,) = connection.execute("SELECT count(*) FROM refillspot.rejects").fetchone() or (0,)
        changes = connection.execute("SELECT ref, field, old, new FROM refillspot.store_history").fetchall()
    with redis.Redis.from_url(arena.redis.url) as client:
        letters = [letter for key in client.scan_iter(f"{key_prefix}:*:dead") for letter in client.hvals(key)]
    played.invented = len(changes)
    played.told += [f"{ref} has a change: {field} from {old!r} to {new!r}" for ref, field, old, new in changes]
    played.dead_letters = len(letters)
    played.told += [str(read_dead_letter(letter)[0]) for letter in letters]
    played.rows = len(stored)
    played.missing = len({store["ref"] for store in truth if store["reached_by"]} - stored)
    played.too_many = len(stored - {store["ref"] for store in truth})
    played.incomplete = states.total() - states["complete"] + abs(states["complete"] - len(districts))
    played.too_fast = max(0, _most_within(WINDOW, arena) - round(PACE * (WINDOW + LATE)))
    pages = fetched(arena.site)
    played.fetched, played.again = pages.total(), sum(count > 1 for count in pages.values())


def _most_within(seconds: float, arena: Arena) -> int:
    """Return how many requests came within so long, at most."""
    arrived = sorted(entry["arrived"] for entry in arena.site.log())
    return max((bisect_left(arrived, first + seconds) - number for number, first in enumerate(arrived)), default=0)


def _compare(played: Round, stored: dict[str, dict[str, Any]], undisturbed: dict[str, dict[str, Any]]) -> None:
    others = {ref: row for ref, row in stored.items() if row != undisturbed.get(ref)}
    played.differing = len(others)
    for ref, row in others.items():
        usual = undisturbed.get(ref, {})
        parts = [f"{name} {row[name]!r}, not {usual.get(name)!r}" for name in row if row[name] != usual.get(name)]
        played.told.append(f"{ref} is not as undisturbed: {'; '.join(parts)}")


def _spoil(arena: Arena, rng: Random) -> int:
    chosen = [fault | {"seed": rng.randrange(1000)} for fault in SITE_FAULTS if rng.random() < 0.3]
    if chosen:
        with urlopen(Request(f"{arena.site.url}/_faults", data=json.dumps(chosen).encode(), method="POST")):
            pass
    return len(chosen)


def _spoil_nothing(arena: Arena) -> None:
    with urlopen(Request(f"{arena.site.url}/_faults", method="DELETE")):
        pass
