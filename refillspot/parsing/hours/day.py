"""One day out of the times that are said of it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from refillspot.items import Day
from refillspot.parsing.hours.clock import cut, fit, is_plausible, merge, write_clock

if TYPE_CHECKING:
    from refillspot.parsing.hours.clock import Moment, Span


@lru_cache(maxsize=1024)  # the days of a week are mostly alike
def open_day(opens: tuple[Span, ...], gaps: tuple[Span, ...], calls: tuple[Moment, ...]) -> Day | None:
    """Return the day that is open so, but for the gaps, with its last order; None if no shop is open like that."""
    if not all(map(is_plausible, opens)):
        return None
    spans = merge(list(opens))
    for gap in gaps:
        spans = cut(spans, gap)
    if not spans:
        return None
    # One before the last break is the last of the lunch, not of the day.
    fitting = [minutes for call in calls if (minutes := fit(call, spans[-1])) is not None]
    last_order = write_clock(max(fitting)) if fitting else None
    return Day([(write_clock(span.start), write_clock(span.end)) for span in spans], last_order)
