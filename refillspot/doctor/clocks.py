"""Whether this machine, PostgreSQL and Redis agree about the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.doctor.finding import Finding
from refillspot.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from refillspot.services.inspection import PostgresFacts, RedisFacts

SMALL_SECONDS = 2.0  # below that nothing is done wrong
LARGE_SECONDS = 60.0  # a page's age, a crawl's day and its times in the tables are then wrong
NAMES = {"postgres": "PostgreSQL", "redis": "Redis", "redis-cache": "Redis (cache)"}


def examine_clocks(facts: Mapping[str, PostgresFacts | RedisFacts]) -> Iterator[Finding]:
    """Compare each server's clock with this machine's."""
    for name, fact in facts.items():
        ahead = fact.ahead_seconds
        if abs(ahead) < SMALL_SECONDS:
            continue
        what = (
            _("the clock of {server} is ahead by {seconds:.0f} s")
            if ahead > 0
            else _("the clock of {server} is behind by {seconds:.0f} s")
        )
        yield Finding(
            "clock",
            "problem" if abs(ahead) >= LARGE_SECONDS else "warning",
            what.format(server=NAMES[name], seconds=abs(ahead)),
            _("Let both machines set their clocks by NTP (`timedatectl set-ntp true`; on Windows `w32tm /resync`)."),
        )
    if facts and all(abs(fact.ahead_seconds) < SMALL_SECONDS for fact in facts.values()):
        yield Finding("clock", "ok", _("this machine and its servers agree about the time"))
