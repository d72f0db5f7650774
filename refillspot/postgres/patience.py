"""Waiting for PostgreSQL, as long as it takes."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeVar

import psycopg
from psycopg import errors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0  # seconds between attempts while PostgreSQL is away
ATTEMPT_SECONDS = 60.0  # a thousand stores take 0.1 s; after so long the connection leads nowhere
ROW_AT_FAULT = (
    psycopg.DataError,
    psycopg.IntegrityError,
    errors.ProgramLimitExceeded,
    errors.StatementTooComplex,
    errors.TooManyColumns,
    errors.TooManyArguments,
)
"""SQLSTATE classes 22 and 23 with psycopg's own refusals, and 54: a value too large for an index, nested too deep."""


async def when_available(
    operation: Callable[[], Awaitable[T]],
    waiting: Callable[[], Awaitable[None]],
    *,
    attempt_seconds: float = ATTEMPT_SECONDS,
) -> T:
    """Run `operation`, again and again while PostgreSQL is the one at fault; `waiting` is called before each wait.

    An attempt that takes longer than `attempt_seconds` is given up: a connection may be dead without a word.

    Raises:
        psycopg.Error: a row is at fault, one of `ROW_AT_FAULT`.
    """
    wait = FIRST_WAIT
    while True:
        try:
            async with asyncio.timeout(attempt_seconds):
                return await operation()
        except TimeoutError:
            logger.warning("PostgreSQL did not answer within %.0f s; trying again in %.1f s", attempt_seconds, wait)
        except ROW_AT_FAULT:
            raise
        except psycopg.Error as error:
            logger.warning("PostgreSQL: %s; trying again in %.1f s", str(error).strip(), wait)
        await waiting()
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)
