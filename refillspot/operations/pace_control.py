"""The operator's hand on the pace. For commands: this blocks."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from refillspot.policies import politeness
from refillspot.policies.pace import begin
from refillspot.readable import one_line
from refillspot.redis_clients import connect, redis_errors_told
from refillspot.shared.shared_pace import SharedPace
from refillspot.shared.shared_state import ServerClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from refillspot.policies.pace import Pace


def read_pace(redis_url: str, key: str, configured: float) -> dict[str, Any]:
    """Return the pace that all workers share, and since when; of a site that was not asked for a week, the setting's.

    Raises:
        ServiceUnavailableError: Redis does not answer.
    """

    async def read(shared: SharedPace) -> dict[str, Any]:
        pace, now = await shared.get()
        return _described(pace or begin(configured, now), now)

    return _run(redis_url, key, configured, read)


def set_ceiling(redis_url: str, key: str, configured: float, ceiling: float) -> dict[str, Any]:
    """Let all workers ask so many times a second at most, from now on; return the pace.

    Raises:
        ServiceUnavailableError: Redis does not answer.
    """

    async def change(shared: SharedPace) -> dict[str, Any]:
        decision = await shared.change(partial(politeness.limit, ceiling=ceiling))
        _, now = await shared.get()
        return _described(decision.pace, now)

    return _run(redis_url, key, configured, change)


def lift_hold(redis_url: str, key: str, configured: float) -> dict[str, Any]:
    """Let all workers go on at once, at the ceiling; return the pace, and in `lifted` what held it back.

    Raises:
        ServiceUnavailableError: Redis does not answer.
    """

    async def lift(shared: SharedPace) -> dict[str, Any]:
        before, now = await shared.get()
        decision = await shared.change(politeness.reset)
        lifted = one_line(politeness.held_back_by(before, now)) if before else ""
        return _described(decision.pace, now) | {"lifted": lifted}

    return _run(redis_url, key, configured, lift)


def let_go_on(redis_url: str, key: str, configured: float) -> None:
    """Let crawls of the site be started again that were blocked too often, as a person decided.

    Raises:
        ServiceUnavailableError: Redis does not answer.
    """

    async def go_on(shared: SharedPace) -> dict[str, Any]:
        await shared.change(politeness.resume)
        return {}

    _run(redis_url, key, configured, go_on)


def _run(
    redis_url: str, key: str, configured: float, call: Callable[[SharedPace], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    async def connected() -> dict[str, Any]:
        client = connect(redis_url)
        try:
            with redis_errors_told():
                return await call(SharedPace(client, key, configured, ServerClock()))
        finally:
            await client.aclose()

    return asyncio.run(connected())


NO_LIMIT: dict[str, Any] = {
    "requests_per_second": None,
    "ceiling": None,
    "distress_met_at": None,
    "held_seconds": 0.0,
    "held_because": "",
    "is_stopped": False,
    "lifted_at": None,
    "crawl_delays": {},
}
"""What there is to tell of workers that keep to no pace; see `read_pace`."""


def _described(pace: Pace, now: float) -> dict[str, Any]:
    held = max(0.0, pace.hold_until - now)
    return {
        "requests_per_second": round(1 / pace.interval, 4),
        "ceiling": pace.ceiling,
        "distress_met_at": pace.met,
        "held_seconds": round(held, 1),
        "held_because": one_line(pace.hold_reason) if held else "",
        "is_stopped": bool(pace.stopped_at),
        "lifted_at": pace.reset_at or None,
        "crawl_delays": pace.crawl_delays,
    }
