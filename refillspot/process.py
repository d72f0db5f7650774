"""Which refillspot a process runs, what it uses, and how late its event loop is."""

from __future__ import annotations

import asyncio
import time
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

MIB = 2**20


def program_version() -> str:
    """Return the version of this refillspot, "?" where it runs without being installed."""
    try:
        return version("refillspot")
    except PackageNotFoundError:
        return "?"


def resident_mib(process: psutil.Process) -> float:
    """Return the memory that a process has, pages included which others have too (RSS).

    Raises:
        psutil.Error: it is gone, or somebody else's.
    """
    return float(process.memory_info().rss) / MIB


def own_mib(process: psutil.Process, *, shares: bool = False) -> float:
    """Return the memory of a process alone (USS), or with its part of what it shares with others (PSS).

    Where the kernel does not tell which pages are shared, all count. Takes some milliseconds.

    Raises:
        psutil.Error: it is gone, or somebody else's.
    """
    memory = process.memory_full_info()
    own = getattr(memory, "uss", memory.rss)
    return float(getattr(memory, "pss", own) if shares else own) / MIB


async def lateness(seconds: float) -> float:
    """Sleep, and return by how many seconds more than that: so long the event loop did something else, or nothing."""
    due = time.monotonic() + seconds
    await asyncio.sleep(seconds)
    return time.monotonic() - due
