"""How many workers a machine and a request budget have use for. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from refillspot.language import gettext as _
from refillspot.language import ngettext

SUPERVISOR_MB = 128  # MiB of the fleet's own process, which count too
WORKER_MB = 256  # MiB that a worker must have; it uses about 120
FULL = 0.9  # of its share, at which a worker ends: what it has in hand then is finished first
WORKER_REQUESTS_PER_SECOND = 10.0  # what one worker asks with ease: 8 under way at 0.4 s are 20


@dataclass(slots=True, frozen=True)
class Sizing:
    workers: int
    share_mb: int
    """MiB at which a worker ends and is started again."""
    why: str
    """One line for the person who starts the fleet."""


def size_fleet(asked: str, *, cores: int, memory_mb: int, requests_per_second: float) -> Sizing:
    """Return how many workers to start; `asked` is a number or "auto". 0 requests/s = no limit.

    Raises:
        ValueError: `asked` is neither, or more than the memory allows.
    """
    for_workers_mb = memory_mb - SUPERVISOR_MB
    by_memory = for_workers_mb // WORKER_MB
    if by_memory < 1:
        least = SUPERVISOR_MB + WORKER_MB
        told = _("FLEET_MAX_MEMORY_MB={memory_mb} is too little: one worker needs {least}")
        raise ValueError(told.format(memory_mb=memory_mb, least=least))
    if asked != "auto":
        if not asked.isdecimal() or int(asked) < 1:
            raise ValueError(
                _("-n {asked} is not a number of workers: use for example -n 4, or -n auto").format(asked=asked)
            )
        if int(asked) > by_memory:
            told = _("-n {asked} is more than FLEET_MAX_MEMORY_MB={memory_mb} allows, which is {most}")
            raise ValueError(told.format(asked=asked, memory_mb=memory_mb, most=by_memory))
        return Sizing(
            int(asked), int(FULL * for_workers_mb / int(asked)), _("{asked} workers, as asked").format(asked=asked)
        )
    by_budget = math.ceil(requests_per_second / WORKER_REQUESTS_PER_SECOND) if requests_per_second > 0 else cores
    workers = min(by_budget, cores, by_memory)
    why = ngettext(
        "{workers} worker: the request budget is enough for {budget}, the cores for {cores}, the memory for {memory}",
        "{workers} workers: the request budget is enough for {budget}, the cores for {cores}, the memory for {memory}",
        workers,
    ).format(workers=workers, budget=by_budget, cores=cores, memory=by_memory)
    return Sizing(workers, for_workers_mb // workers, why)
