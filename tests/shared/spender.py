"""A worker that spends what it gets of the budget: a datagram for each permit, with its moment. Run by tests."""

from __future__ import annotations

import asyncio
import socket
import sys

from refillspot.shared.budget import RequestBudget

AT_ONCE = 8
ANSWER_SECONDS = 0.02


async def main(name: str, redis_url: str, key: str, per_second: float, port: int) -> None:
    budget = RequestBudget(redis_url, key, per_second)
    log = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    async def spend() -> None:
        while moment := await budget.permit():
            log.sendto(f"{name} {moment:.6f}".encode(), ("127.0.0.1", port))
            await asyncio.sleep(ANSWER_SECONDS)

    await asyncio.gather(*(spend() for _ in range(AT_ONCE)))


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]), int(sys.argv[5])))
