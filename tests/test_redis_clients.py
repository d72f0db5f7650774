"""A connection that was closed is a broken connection, not a fault of the program."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import redis

from refillspot.redis_clients import connect
from tests.programs import PROJECT


async def test_a_connection_that_is_closed_already_is_a_broken_one(redis_url: str) -> None:
    client: Any = connect(redis_url)
    connection = await client.connection_pool.get_connection()
    connection._writer.transport.abort()
    await asyncio.sleep(0)  # the transport closes in the next turn of the loop
    with pytest.raises(redis.ConnectionError):
        await connection.send_command("PING")
    await client.aclose()


def test_nobody_else_opens_one() -> None:
    opening = {
        path.name
        for path in (PROJECT / "refillspot").rglob("*.py")
        if any(call in path.read_text(encoding="utf-8") for call in (".from_url(", ".from_pool(", "NoBackoff"))
    }

    assert opening == {"redis_clients.py"}
