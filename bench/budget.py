"""The budget that many workers share: what near and far get of it, what waiting costs, what one decision of all costs.

`python -m bench.budget`
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from bench import runner
from bench.worker import running_services
from refillspot.policies import politeness
from refillspot.redis_clients import connect, connect_blocking
from refillspot.shared.budget import RequestBudget
from replica.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.runner import Figures

SECONDS = 6.0
FAR_SECONDS = 0.005  # of a round trip more
PACES = (5.0, 50.0)  # requests/s: one permit at a time, and several
CROWDS = (8, 200)


def main() -> int:
    arguments = runner.parser(__doc__, rounds=3).parse_args()
    with running_services() as services:
        plain = services.redis_url.partition("?")[0].removeprefix("unix://")
        with TcpProxy(plain) as proxy:
            proxy.delay(FAR_SECONDS / 2)
            far = f"redis://127.0.0.1:{proxy.port}/0"
            cases: dict[str, Any] = {}
            for pace in PACES:
                shares = partial(_shares, services.redis_url, far, pace)
                cases[f"near and far, {pace:g}/s"] = partial(_run, shares)
            for crowd in CROWDS:
                waits = partial(_waits, services.redis_url, crowd)
                cases[f"{crowd} workers wait, {PACES[0]:g}/s"] = partial(_run, waits)
                cases[f"{crowd} workers decide the same"] = partial(_run, partial(_decides, services.redis_url, crowd))
            runs = runner.interleave(cases, arguments.rounds, warm_up=False)
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    worst = min(min(one["far ÷ near"] for one in runs[f"near and far, {pace:g}/s"]) for pace in PACES)
    waiting = [rows[f"{crowd} workers wait, {PACES[0]:g}/s"]["scripts a worker and second"] for crowd in CROWDS]
    deciding = [rows[f"{crowd} workers decide the same"]["scripts a worker"] for crowd in CROWDS]
    goals = [
        runner.at_least("permits, far ÷ near", worst, 0.8),
        runner.at_most("scripts a waiting worker and second, 200 ÷ 8 workers", waiting[1] / waiting[0], 1),
        runner.at_most("scripts a worker for one decision, 200 ÷ 8 workers", deciding[1] / deciding[0], 2),
    ]
    conditions = {"seconds": SECONDS, "far, s": FAR_SECONDS, "rounds": arguments.rounds}
    return runner.publish(runner.Report("budget", conditions, rows, goals, runs), arguments.json)


def _run(case: Any) -> Figures:
    figures: Figures = asyncio.run(case())
    return figures


async def _shares(near: str, far: str, pace: float) -> Figures:
    counts = await _spend([near, far], pace, at_once=8)
    return {"near": counts[0], "far": counts[1], "far ÷ near": counts[1] / counts[0]}


async def _waits(url: str, workers: int) -> Figures:
    before = _scripts(url)
    counts = await _spend([url] * workers, PACES[0], at_once=1)
    scripts = _scripts(url) - before
    return {"permits": sum(counts), "scripts": scripts, "scripts a worker and second": scripts / workers / SECONDS}


async def _decides(url: str, workers: int) -> Figures:
    """All are told to wait for as long, at once."""
    await _clear(url)
    budgets = [RequestBudget(url, "politeness", PACES[1]) for _ in range(workers)]
    for budget in budgets:
        await budget.look()
    before = _scripts(url)
    hold = partial(politeness.hold, seconds=60, reason="Retry-After")
    await asyncio.gather(*(budget.change(hold) for budget in budgets))
    scripts = _scripts(url) - before
    await _close(budgets)
    return {"scripts": scripts, "scripts a worker": scripts / workers}


async def _spend(urls: Sequence[str], pace: float, at_once: int) -> list[int]:
    """Return how many permits each worker was given."""
    await _clear(urls[0])
    is_over: list[bool] = []
    budgets = [RequestBudget(url, "politeness", pace, is_ending=lambda: bool(is_over)) for url in urls]
    counts = [0] * len(budgets)

    async def spend(number: int) -> None:
        while await budgets[number].permit():
            counts[number] += 1

    spending = [asyncio.create_task(spend(number)) for number in range(len(budgets)) for _ in range(at_once)]
    await asyncio.sleep(SECONDS)
    is_over.append(True)
    await asyncio.gather(*spending)
    await _close(budgets)
    return counts


def _scripts(url: str) -> int:
    with connect_blocking(url) as client:
        return int(client.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0))


async def _clear(url: str) -> None:
    client = connect(url)
    await client.delete("politeness", "politeness:line")
    await client.aclose()


async def _close(budgets: Sequence[RequestBudget]) -> None:
    for budget in budgets:
        await budget.close()


if __name__ == "__main__":
    sys.exit(main())
