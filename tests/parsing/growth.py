"""Whether work grows with the size of what is read, and not with the square of it: compared, not timed.

Twice the size may take 2.5 times the steps. Steps are seconds of the processor, because regular expressions take none
of Python; what a busy machine adds to them is met by comparing sizes that differ sixfold, and by looking again before a
text is called slow.
"""

from __future__ import annotations

import time
from functools import cache
from importlib import import_module
from math import log2
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, TypeVar

import refillspot.parsing

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

TIMES = 6  # as large; work that grows with the square is 36 times as much
MOST = 2.5 ** log2(TIMES)  # times as much work, 10.7
NOISE_SECONDS = 0.002  # what takes less cannot be compared
LOOKS = 5


def is_linear(parse: Callable[[str], object], text: str) -> bool:
    """Tell whether a text takes little more work than its first sixth, for each of its characters."""
    return grows_linearly(parse, lambda size: text[:size], len(text))


def grows_linearly(read: Callable[[T], Any], build: Callable[[int], T], size: int) -> bool:
    """Tell whether what is built at a size takes little more work, for its size, than at a sixth of it."""
    large = build(size)
    if (most := work(read, large)) < MOST * NOISE_SECONDS:
        return True
    small = build(size // TIMES)
    least = [most, work(read, small)]
    for _ in range(LOOKS):
        if least[0] < MOST * max(least[1], NOISE_SECONDS):
            return True
        least = [min(least[0], work(read, large)), min(least[1], work(read, small))]
    return False


@cache
def _memories() -> list[Any]:
    """Return the parsers that remember what they have read; those that remember tables are none of them."""
    modules = [import_module(f"refillspot.parsing.{one.name}") for one in iter_modules(refillspot.parsing.__path__)]
    wrapped = [value for module in modules for value in vars(module).values() if hasattr(value, "cache_parameters")]
    return [one for one in wrapped if one.cache_parameters()["maxsize"] is not None]


def work(read: Callable[[T], object], value: T) -> float:
    """Return the seconds of the processor, however many programs share it."""
    for remembered in _memories():
        remembered.cache_clear()
    began = time.thread_time()
    read(value)
    return time.thread_time() - began
