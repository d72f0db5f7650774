"""Whether the work for a text grows with its length, and not with the square of it: compared, not timed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = 4  # as long; work that grows with the square is 16 times as much
MOST = 10  # times as much work: between the two, with room for what else the machine does
NOISE_SECONDS = 0.01  # of the processor; what takes less cannot be compared


def is_linear(parse: Callable[[str], object], text: str) -> bool:
    """Tell whether a text takes little more than four times the work of its first quarter."""
    return work(parse, text) < MOST * max(work(parse, text[: len(text) // TIMES]), NOISE_SECONDS)


def work(parse: Callable[[str], object], text: str) -> float:
    """Return the seconds of the processor, however many programs share it."""
    began = time.process_time()
    parse(text)
    return time.process_time() - began
