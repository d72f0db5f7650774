"""What a worker asks of Redis costs, by how many requests are queued and how many workers there are.

`python -m bench.frontier_depth`. Counted: Redis' commands within a script, the same on every machine. Beside them the
microseconds of its processor, by its own count. Baseline of each case: 10,000 queued, 8 workers.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import product
from typing import TYPE_CHECKING, Any

import redis

from bench import runner
from bench.worker import running_services
from refillspot.frontier.queue import CrawlQueue
from refillspot.redis_clients import connect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bench.runner import Figures
    from refillspot.frontier.queue import Entry

LANES = (-10, 0, 10, 20)  # those of the spider of Diningcode
PAYLOAD = "x" * 170
LEASE_SECONDS = 3600.0
AT_ONCE, CHILDREN = 10, 20
SCRIPT, NOT_COUNTED = (
    "cmdstat_evalsha",
    ("cmdstat_info", "cmdstat_script", "cmdstat_client", "cmdstat_config", "cmdstat_hello"),
)
GOAL = 1.1  # times the commands at 10,000 queued, with as many workers


class Crawl:
    """Workers of one crawl, each with requests in hand. An operation is done once by each worker in turn."""

    def __init__(self, redis_url: str, prefix: str, workers: int) -> None:
        self._server = redis.Redis.from_url(redis_url)
        self._queues = [CrawlQueue(connect(redis_url), prefix, f"worker-{number}") for number in range(workers)]
        self._batches = [0] * workers
        self._held: list[list[Entry]] = [[] for _ in range(workers)]
        self.figures: Figures = {}

    async def fill(self, queued: int) -> None:
        for queue in self._queues:
            await queue.open()
            await queue.beat(LEASE_SECONDS, join=True)
        for start in range(0, queued, 500):
            found = [
                ("push", f"{one}", LANES[one % len(LANES)], f"{one} {PAYLOAD}") for one in range(start, start + 500)
            ]
            await self._commit(0, *found)

    async def measure(self) -> None:
        await self._each("take", self._take)
        await self._each("start", lambda one: self._commit(one, *(("start", *entry.key) for entry in self._held[one])))
        await self._each("store", self._store)
        await self._each("list", self._list)
        await self._each("beat", lambda one: self._queues[one].beat(LEASE_SECONDS, join=False))

    async def close(self) -> None:
        await self._queues[0].clear()
        for queue in self._queues:
            await queue.close()
        self._server.close()

    async def _each(self, name: str, operation: Callable[[int], Awaitable[Any]]) -> None:
        await operation(0)  # which loads the script
        self._server.config_resetstat()
        for worker in range(1, len(self._queues)):
            await operation(worker)
        counted: dict[str, Any] = self._server.info("commandstats")
        scripts = counted.pop(SCRIPT)
        inner = sum(one["calls"] for command, one in counted.items() if not command.startswith(NOT_COUNTED))
        self.figures |= {name: inner / scripts["calls"], f"{name} µs": scripts["usec"] / scripts["calls"]}

    async def _take(self, worker: int) -> None:
        taken = await self._queues[worker].take(AT_ONCE, max_attempts=5, inherit=True)
        self._held[worker] += taken or []

    async def _store(self, worker: int) -> None:
        ended = [self._held[worker].pop() for _ in range(AT_ONCE // 2)]
        await self._commit(worker, *(("stored", *entry.key, "writer", 1) for entry in ended))

    async def _list(self, worker: int) -> None:
        children = (("push", f"{worker}/{one}", LANES[-1], PAYLOAD) for one in range(CHILDREN))
        await self._commit(worker, *children, ("done", *self._held[worker].pop().key))

    async def _commit(self, worker: int, *operations: Sequence[Any]) -> None:
        self._batches[worker] += 1
        await self._queues[worker].commit(self._batches[worker], [part for one in operations for part in one])


async def measure(redis_url: str, queued: int, workers: int) -> Figures:
    crawl = Crawl(redis_url, f"bench-{queued}-{workers}", workers)
    await crawl.fill(queued)
    await crawl.measure()
    await crawl.close()
    return crawl.figures


def main() -> int:
    parser = runner.parser(__doc__, rounds=1)
    parser.add_argument("--queued", type=int, nargs="+", default=[10_000, 100_000, 500_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[8, 200])
    arguments = parser.parse_args()
    runs: dict[str, list[Figures]] = {}
    with running_services() as services:
        for queued, workers in product(arguments.queued, arguments.workers):
            name = f"{queued} queued, {workers} workers"
            runs[name] = [asyncio.run(measure(services.redis_url, queued, workers)) for _ in range(arguments.rounds)]
    rows = {name: runner.medians(figures) for name, figures in runs.items()}
    first = {workers: rows[f"{arguments.queued[0]} queued, {workers} workers"] for workers in arguments.workers}
    goals = [
        runner.at_most(
            f"commands of a {what}, {arguments.queued[-1]} queued ÷ {arguments.queued[0]}, {workers} workers",
            rows[f"{arguments.queued[-1]} queued, {workers} workers"][what] / first[workers][what],
            GOAL,
        )
        for what, workers in product(("take", "store", "list"), arguments.workers)
    ]
    conditions = {"requests of a take": AT_ONCE, "children of a list": CHILDREN, "rounds": arguments.rounds}
    return runner.publish(runner.Report("frontier depth", conditions, rows, goals, runs), arguments.json)


if __name__ == "__main__":
    sys.exit(main())
