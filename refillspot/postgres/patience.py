"""Waiting for PostgreSQL, as long as it takes."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeVar

import psycopg

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0  # seconds between attempts while PostgreSQL is away
DATA_ERRORS = ("22", "23")  # SQLSTATE classes in which the row is at fault: data exception, constraint violation


async def when_available(operation: Callable[[], Awaitable[T]], waiting: Callable[[], Awaitable[None]]) -> T:
    """Run `operation`, again and again while PostgreSQL is the one at fault; `waiting` is called before each wait.

    Raises:
        psycopg.Error: a row is at fault (SQLSTATE class 22 or 23).
    """
    wait = FIRST_WAIT
    while True:
        try:
            return await operation()
        except psycopg.Error as error:
            if (error.sqlstate or "")[:2] in DATA_ERRORS:
                raise
            logger.warning("PostgreSQL: %s; trying again in %.1f s", str(error).strip(), wait)
        await waiting()
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)
