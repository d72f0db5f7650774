"""The one state that all workers share, and what of it counts: others may have written it, Redis may forget. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

FLOOR = 0.1  # requests/s; slower than that says nothing more
LONGEST_HOLD_SECONDS = 3600.0
SLOWEST = 1 / LONGEST_HOLD_SECONDS  # requests/s; a pace below it would be a hold, and holds end
LONGEST_CRAWL_DELAY_SECONDS = 600.0
SAMPLE, ERROR_SHARE = 20, 0.25  # of so many answers, so many errors are distress
MOST_DOUBLINGS = 16
RULES_SECONDS = 25 * 3600.0  # a delay whose rules nobody has read for so long is gone; workers read them once a day


@dataclass(slots=True, frozen=True, kw_only=True)
class Pace:
    """What all workers share."""

    configured: float
    """Requests/s of the setting that `ceiling` came from; another value there is the operator's newer word."""
    ceiling: float
    rate: float
    """Requests/s allowed now, between the floor and the ceiling."""
    met: float | None = None
    """The rate at which distress was last met, until it has been passed."""
    slowed_at: float = 0.0
    raised_at: float = 0.0
    hold_until: float = 0.0
    hold_reason: str = ""
    blocked_at: float = 0.0
    blocks: int = 0
    """How many came one after the other."""
    block_times: tuple[float, ...] = ()
    """Of the last day, unless a person has looked since."""
    stopped_at: float = 0.0
    """When the last one of so many ended all crawls of the site, until a person says that they may go on."""
    answers: int = 0
    errors: int = 0
    """Of the sample that is being taken."""
    answered_at: float = 0.0
    """When the last of them was told."""
    limited_at: float = 0.0
    """When the operator, or a worker's setting, last changed the ceiling."""
    reset_at: float = 0.0
    """When a person last lifted what held it back."""
    crawl_delays: dict[str, float] = field(default_factory=dict)
    """Seconds, by host."""
    rules_read_at: dict[str, float] = field(default_factory=dict)
    """When the rules were last read, by host; those that ask for no delay are here too."""

    @property
    def interval(self) -> float:
        """Seconds from one request to the next."""
        return max(1 / self.rate, *self.crawl_delays.values(), 0.0)

    @property
    def floor(self) -> float:
        return max(min(FLOOR, self.ceiling / 10), min(SLOWEST, self.ceiling))

    @property
    def least_interval(self) -> float:
        """Seconds from one request to the next at the ceiling."""
        return max(1 / self.ceiling, *self.crawl_delays.values(), 0.0)


def begin(configured: float, now: float) -> Pace:
    """Return the state of a site that nobody has asked yet."""
    return Pace(configured=configured, ceiling=configured, rate=configured, raised_at=now)


def believed(pace: Pace, now: float, *, configured: float, most: float) -> Pace:
    """Return what can be true of a state in Redis, which is all of it unless somebody else wrote there.

    A ceiling of more than `most` is none that the operator of this worker can have set: its own counts. What was is
    not in the future, and what holds all workers back ends.
    """
    ceiling = max(pace.ceiling, SLOWEST) if 0 < pace.ceiling <= most else configured
    delays = {host: min(delay, LONGEST_CRAWL_DELAY_SECONDS) for host, delay in pace.crawl_delays.items() if delay > 0}
    read_at = {host: at for host, at in pace.rules_read_at.items() if host in delays or at > now - RULES_SECONDS}
    answers = min(max(pace.answers, 0), SAMPLE)
    moments = ("slowed_at", "raised_at", "blocked_at", "stopped_at", "answered_at", "limited_at", "reset_at")
    checked = replace(
        pace,
        ceiling=ceiling,
        met=pace.met if pace.met and pace.met > 0 else None,
        hold_until=min(max(pace.hold_until, 0.0), now + LONGEST_HOLD_SECONDS),
        blocks=min(max(pace.blocks, 0), MOST_DOUBLINGS),
        block_times=tuple(at for at in pace.block_times if 0 < at <= now)[-MOST_DOUBLINGS:],
        answers=answers,
        errors=min(max(pace.errors, 0), answers),
        crawl_delays=delays,
        rules_read_at={host: min(max(at, 0.0), now) for host, at in (dict.fromkeys(delays, 0.0) | read_at).items()},
        **{name: min(max(getattr(pace, name), 0.0), now) for name in moments},
    )
    return replace(checked, rate=min(max(pace.rate, checked.floor), ceiling))


def remembering(pace: Pace, now: float, known: Pace, *, is_other: bool) -> Pace:
    """Return a state with what this worker `known` of it and Redis has lost: of the pace, the stricter counts.

    Nothing but a person's word ends a hold or a block before its time, and that leaves its moment, as a newer ceiling
    and newer rules do. `is_other`: Redis is known to have forgotten, so that a faster pace is none that was risen to.
    """
    if pace.reset_at > known.reset_at:
        return pace
    merged = replace(pace, reset_at=known.reset_at)
    if known.limited_at > pace.limited_at:
        merged = replace(merged, configured=known.configured, ceiling=known.ceiling, limited_at=known.limited_at)
        merged = replace(merged, rate=min(pace.rate, known.ceiling))
    if known.slowed_at > pace.slowed_at or is_other:
        met = known.met if known.slowed_at > pace.slowed_at else pace.met
        slowed_at, raised_at = max(pace.slowed_at, known.slowed_at), max(pace.raised_at, known.raised_at)
        rate = min(merged.rate, known.rate)
        merged = replace(merged, rate=rate, met=met, slowed_at=slowed_at, raised_at=raised_at)
    if known.hold_until > pace.hold_until:
        merged = replace(merged, hold_until=known.hold_until, hold_reason=known.hold_reason)
    if known.blocked_at > pace.blocked_at or is_other:
        merged = _with_blocks(merged, known)
    return _with_rules(merged, now, known)


def _with_blocks(pace: Pace, known: Pace) -> Pace:
    return replace(
        pace,
        blocked_at=max(pace.blocked_at, known.blocked_at),
        blocks=max(pace.blocks, known.blocks),
        block_times=tuple(sorted({*pace.block_times, *known.block_times}))[-MOST_DOUBLINGS:],
        stopped_at=max(pace.stopped_at, known.stopped_at),
    )


def _with_rules(pace: Pace, now: float, known: Pace) -> Pace:
    """Return it with the delays of the rules that were read later."""
    oldest = now - RULES_SECONDS
    newer = {h: at for h, at in known.rules_read_at.items() if at > max(pace.rules_read_at.get(h, 0.0), oldest)}
    if not newer:
        return pace
    delays = {host: delay for host, delay in pace.crawl_delays.items() if host not in newer}
    delays |= {host: known.crawl_delays[host] for host in newer if host in known.crawl_delays}
    return replace(pace, crawl_delays=delays, rules_read_at=pace.rules_read_at | newer)
