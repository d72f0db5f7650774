from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from refillspot.shared.budget import TOLERANCE, RequestBudget

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PER_SECOND = 50


def with_budgets(
    redis_url: str, key_prefix: str, count: int, work: Callable[[list[RequestBudget]], Awaitable[None]]
) -> list[RequestBudget]:
    async def scenario() -> list[RequestBudget]:
        budgets = [RequestBudget.from_url(redis_url, f"{key_prefix}:politeness", PER_SECOND) for _ in range(count)]
        try:
            await work(budgets)
        finally:
            for budget in budgets:
                await budget.close()
        return budgets

    return asyncio.run(scenario())


def test_four_workers_together_get_no_more_than_one_budget(redis_url: str, key_prefix: str) -> None:
    permits: list[float] = []

    async def spend(budget: RequestBudget) -> None:
        for _ in range(10):
            await budget.permit()
            permits.append(time.monotonic())

    async def work(budgets: list[RequestBudget]) -> None:
        await asyncio.gather(*map(spend, budgets))

    with_budgets(redis_url, key_prefix, 4, work)

    gaps = len(permits) - 1
    assert max(permits) - min(permits) >= gaps / PER_SECOND - TOLERANCE


def test_one_worker_holds_one_permit_at_a_time(redis_url: str, key_prefix: str) -> None:
    """So a worker that dies with ten requests waiting wastes one place, not ten."""

    async def work(budgets: list[RequestBudget]) -> None:
        dying, living = budgets
        await dying.permit()
        waiting = [asyncio.ensure_future(dying.permit()) for _ in range(50)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        started = time.monotonic()
        await living.permit()
        assert time.monotonic() - started < 10 / PER_SECOND

    with_budgets(redis_url, key_prefix, 2, work)


def test_a_permit_that_is_late_is_not_used(redis_url: str, key_prefix: str) -> None:
    async def work(budgets: list[RequestBudget]) -> None:
        await budgets[0].permit()
        next_permit = asyncio.ensure_future(budgets[0].permit())
        loop = asyncio.get_running_loop()
        loop.call_later(0.5 / PER_SECOND, time.sleep, 3 * TOLERANCE)  # the process is suspended for a while
        await next_permit

    (budget,) = with_budgets(redis_url, key_prefix, 1, work)

    assert budget.stats.discarded == 1
    assert budget.stats.permits == 2


def test_without_redis_no_request_leaves(key_prefix: str, caplog: pytest.LogCaptureFixture) -> None:
    async def work(budgets: list[RequestBudget]) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(budgets[0].permit(), 0.2)

    (budget,) = with_budgets("redis://127.0.0.1:1/0", key_prefix, 1, work)

    assert budget.stats.permits == 0
    assert "Redis is away" in caplog.text
