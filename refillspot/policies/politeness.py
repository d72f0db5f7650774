"""How fast the site may be asked, and why: decisions over the one state that all workers share. Pure.

Every decision takes the state and the time, and returns the new state with its reason in words. Times are seconds on
one clock, that of the Redis server. Below the operator's ceiling the pace rises by addition and falls by halves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from refillspot.policies.pace import (
    ERROR_SHARE,
    LONGEST_CRAWL_DELAY_SECONDS,
    LONGEST_HOLD_SECONDS,
    MOST_DOUBLINGS,
    RULES_SECONDS,
    SAMPLE,
    Pace,
    begin,
)
from refillspot.policies.retries import pause_seconds

TOGETHER_SECONDS = 0.25  # many workers that are asked to wait for as long at once are one decision, not one each
LEASE_SECONDS = 0.25  # permits are given out at most this far ahead
WINDOW_SECONDS = 2.0  # signs of distress within it are one event
FULL_RISE_SECONDS = 100.0  # from nothing to the ceiling
NEAR_SHARE, NEAR_SECONDS = 0.9, 50.0  # from so much of the pace at which distress was met up to it: two events a minute
SAMPLE_MEMORY_SECONDS = 300.0  # without an answer; then what the last crawl met says nothing about now
RULES_NEW_SECONDS = 600.0  # many workers that read the same rules at once are one reading
BLOCK_MEMORY_SECONDS = 3600.0  # a block so soon after the last one's end has come again
BLOCKS_A_DAY, DAY_SECONDS = 3, 24 * 3600.0  # then the site has said it often enough: a person has to look
LATENCIES = 20  # of which the 95th percentile is taken
SLOWER_FACTOR, SLOWER_SECONDS = 2.0, 0.1  # than before: a smaller wobble is that of this machine
FORGETTING = 0.1  # share of the newest p95 in the baseline: what stays slow becomes the rule


@dataclass(slots=True, frozen=True)
class Decision:
    pace: Pace
    kind: str = ""
    """slowed, raised, held, blocked, limited, delayed, reset or resumed; empty where nothing was decided.

    waits and stopped are none: they tell a worker what others have decided.
    """
    reason: str = ""


Change = Callable[[Pace, float], Decision]
"""From the state and the time to a decision."""


def configure(pace: Pace, now: float, *, configured: float) -> Decision:
    """Take over the ceiling of a worker's settings, unless it was known: then a live change of it stays."""
    pace = _without_old_delays(pace, now)
    if pace.configured == configured:
        return Decision(pace)
    return limit(replace(pace, configured=configured), now, ceiling=configured)


def limit(pace: Pace, now: float, *, ceiling: float) -> Decision:
    """Set the ceiling; a pace that was at the old one goes to the new one at once."""
    rate = ceiling if pace.rate >= pace.ceiling else min(pace.rate, ceiling)
    changed = replace(pace, ceiling=ceiling, rate=rate, limited_at=now)
    changed = replace(changed, rate=max(rate, changed.floor))
    return Decision(changed, "limited", f"the operator allows {ceiling:g}/s, it was {pace.ceiling:g}/s")


def slow_down(pace: Pace, now: float, *, reason: str, sent: float) -> Decision:
    """Halve the pace, once a window. What was `sent` before the last halving took effect says nothing new."""
    if now < pace.slowed_at + WINDOW_SECONDS or sent < pace.slowed_at + LEASE_SECONDS:
        return Decision(pace)
    slower = _halved(pace, now)
    return Decision(slower, "slowed", f"{reason}: {_per_second(pace)} → {_per_second(slower)}")


def hold(pace: Pace, now: float, *, seconds: float, reason: str) -> Decision:
    """Let no request leave for so long. Several answers that ask for about the same are one decision."""
    latest = now + LONGEST_HOLD_SECONDS
    until = min(now + max(seconds, 0.0), latest)
    if until <= max(pace.hold_until, now) or (until == latest and latest < pace.hold_until + TOGETHER_SECONDS):
        return Decision(pace)
    held = replace(pace, hold_until=min(until + TOGETHER_SECONDS, latest), hold_reason=reason)
    if pace.hold_until > now and until - pace.hold_until < WINDOW_SECONDS:
        return Decision(held)
    return Decision(held, "held", f"{reason}: nothing leaves for {until - now:.0f} s")


def block(pace: Pace, now: float, *, reason: str, sent: float, cool_down: float) -> Decision:
    """Stop everything for the cool-down, which doubles when a block comes again; at half the pace after that."""
    if sent < pace.blocked_at + LEASE_SECONDS:
        return Decision(pace)
    has_come_again = pace.blocks > 0 and now < pace.hold_until + BLOCK_MEMORY_SECONDS
    blocks = min(pace.blocks + 1, MOST_DOUBLINGS) if has_come_again else 1
    seconds = pause_seconds(blocks, cool_down, LONGEST_HOLD_SECONDS)
    until = max(now + seconds, pace.hold_until)
    times = (*(at for at in pace.block_times if now - at < DAY_SECONDS), now)
    blocked = replace(
        _halved(pace, now), hold_until=until, hold_reason=reason, blocked_at=now, blocks=blocks, block_times=times
    )
    told = f"{reason}: all workers stop for {until - now:.0f} s (block {blocks}), then {_per_second(blocked)}"
    if len(times) < BLOCKS_A_DAY:
        return Decision(blocked, "blocked", told)
    told = f"{reason}: the third block within a day, all crawls of this site end until a person looks at it"
    return Decision(replace(blocked, stopped_at=now), "blocked", told)


def resume(pace: Pace, now: float) -> Decision:  # noqa: ARG001  # a Change
    """Let crawls go on that blocks had ended, as a person decided; what holds the pace back stays."""
    if not pace.stopped_at:
        return Decision(pace)
    return Decision(replace(pace, stopped_at=0.0, block_times=()), "resumed", "a person lets crawls go on")


def reset(pace: Pace, now: float) -> Decision:
    """Lift what holds the pace back, as a person decided; what the operator allows at most stays.

    A delay of robots.txt is gone until a worker reads the rules again.
    """
    lifted = replace(begin(pace.configured, now), ceiling=pace.ceiling, rate=pace.ceiling)
    lifted = replace(lifted, limited_at=pace.limited_at, reset_at=now)
    what = held_back_by(pace, now) or "nothing held it back"
    return Decision(lifted, "reset", f"a person lifted what held all workers back: {what}")


def held_back_by(pace: Pace, now: float) -> str:
    """Return in words what `reset` lifts; empty if it is nothing."""
    held = [pace.hold_reason] if pace.hold_until > now else []
    return "; ".join([*held, *(_delay_in_words(host, seconds) for host, seconds in pace.crawl_delays.items())])


def note_answers(pace: Pace, now: float, *, answers: int, errors: int) -> Decision:
    """Count answers, `errors` of them 5xx or none at all: too many are distress, else the pace rises."""
    pace = _without_old_delays(pace, now)
    if now > pace.answered_at + max(SAMPLE_MEMORY_SECONDS, 2 * pace.interval):
        pace = replace(pace, answers=0, errors=0)
    counted = replace(pace, answers=pace.answers + answers, errors=pace.errors + errors, answered_at=now)
    if counted.answers >= SAMPLE:
        share = counted.errors / counted.answers
        reason = f"{counted.errors} of {counted.answers} answers were errors"
        counted = replace(counted, answers=0, errors=0)
        if share >= ERROR_SHARE:
            return slow_down(counted, now, reason=reason, sent=now)
    is_good = answers > 2 * errors
    return _raise(counted, now) if is_good else Decision(counted)


def delay(pace: Pace, now: float, *, host: str, seconds: float) -> Decision:
    """Keep `Crawl-delay` of a host's robots.txt as the least spacing for all; 0 = it asks for none."""
    seconds = min(max(seconds, 0.0), LONGEST_CRAWL_DELAY_SECONDS)
    is_known = pace.crawl_delays.get(host, 0.0) == seconds
    if is_known and now < pace.rules_read_at.get(host, 0.0) + RULES_NEW_SECONDS:
        return Decision(pace)
    delays = _without_delays(pace, [host]).crawl_delays | ({host: seconds} if seconds else {})
    changed = replace(pace, crawl_delays=delays, rules_read_at=pace.rules_read_at | {host: now})
    return Decision(changed) if is_known else Decision(changed, "delayed", _delay_in_words(host, seconds))


def _delay_in_words(host: str, seconds: float) -> str:
    return f"robots.txt of {host}: at least {seconds:g} s from one request to the next"


def _without_old_delays(pace: Pace, now: float) -> Pace:
    """Return the state without the delays of rules that are not known any more, of a host that nobody asks."""
    old = [host for host in pace.crawl_delays if now > pace.rules_read_at.get(host, 0.0) + RULES_SECONDS]
    return _without_delays(pace, old) if old else pace


def _without_delays(pace: Pace, hosts: Iterable[str]) -> Pace:
    delays, read_at = dict(pace.crawl_delays), dict(pace.rules_read_at)
    for host in hosts:
        delays.pop(host, None)
        read_at.pop(host, None)
    return replace(pace, crawl_delays=delays, rules_read_at=read_at)


def news(before: Pace | None, decision: Decision, seconds_held: float) -> Iterator[Decision]:
    """Yield what a worker has to tell that knew `before`: its own decision, and what others have decided since."""
    pace = decision.pace
    held_before = before.hold_until if before else 0.0
    if decision.kind:
        yield decision
    elif before and pace.reset_at > before.reset_at:
        yield Decision(pace, "reset", "a person lifted what held all workers back (scrapy politeness reset)")
    elif seconds_held > 1 and pace.hold_until > held_before + WINDOW_SECONDS:
        yield waits(pace, seconds_held)
    if pace.stopped_at and not (before and before.stopped_at):
        yield Decision(pace, "stopped", f"blocked three times within a day, at last because {pace.hold_reason}")


def waits(pace: Pace, seconds_held: float) -> Decision:
    """Return what a worker tells that waits for what another one has decided."""
    return Decision(pace, "waits", f"nothing leaves for another {seconds_held:.0f} s: {pace.hold_reason}")


def _halved(pace: Pace, now: float) -> Pace:
    effective = min(pace.rate, 1 / pace.interval)
    return replace(
        pace, rate=max(effective / 2, pace.floor), met=effective, slowed_at=now, raised_at=now, answers=0, errors=0
    )


def _raise(pace: Pace, now: float) -> Decision:
    """Rise by the time since the last rise, at most one interval of it: what nobody tried proves nothing."""
    seconds = now - max(pace.raised_at, pace.slowed_at + WINDOW_SECONDS, pace.hold_until)
    if seconds < 1.0 or pace.rate >= pace.ceiling:
        return Decision(pace)
    step, up_to = pace.ceiling / FULL_RISE_SECONDS, pace.ceiling
    if pace.met and pace.rate < (near := NEAR_SHARE * pace.met):
        up_to = min(near, pace.ceiling)  # under a high ceiling one step would lead over all of the slow part
    elif pace.met and pace.rate < pace.met:
        step = min(step, (1 - NEAR_SHARE) * pace.met / NEAR_SECONDS)
    rate = min(pace.rate + step * min(seconds, max(2.0, pace.interval)), up_to)
    met = pace.met if pace.met and rate < pace.met else None
    faster = replace(pace, rate=rate, met=met, raised_at=now)
    return Decision(faster, "raised", f"good answers: {_per_second(pace)} → {_per_second(faster)}")


def _per_second(pace: Pace) -> str:
    return f"{1 / pace.interval:.3g}/s"


class LatencyWatch:
    """Compares the 95th percentile of each 20 answers with that of the ones before."""

    def __init__(self) -> None:
        self._recent: list[float] = []
        self._baseline: float | None = None

    def add(self, seconds: float) -> str | None:
        """Take one answer's latency; return what is wrong, in words, when a sample is full and too slow."""
        self._recent.append(seconds)
        if len(self._recent) < LATENCIES:
            return None
        p95 = sorted(self._recent)[math.ceil(0.95 * LATENCIES) - 1]
        self._recent.clear()
        baseline = p95 if self._baseline is None else self._baseline
        self._baseline = baseline + FORGETTING * (p95 - baseline)
        if p95 <= max(SLOWER_FACTOR * baseline, baseline + SLOWER_SECONDS):
            return None
        return f"answers take {p95:.2f} s (p95 of {LATENCIES}), before it was {baseline:.2f} s"
