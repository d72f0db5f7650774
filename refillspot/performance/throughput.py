"""The rows of the throughput: under the budget, and without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.language import gettext as _
from refillspot.performance.row import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.performance.measurements import Measurements
    from refillspot.performance.whole import Whole

STORES_PER_HOUR = 500  # the nearer end of what the user wants, 500-1,000


def throughput(found: Measurements) -> Iterator[Row]:
    yield _throughput_under_budget(found)
    yield _throughput_measured(_("without a limit"), found.whole, _("50-80 before"))
    if found.are_servers_near:
        case = _("without a limit, servers {ms:.1f} ms away").format(ms=found.far.round_trip * 1000)
        beside = _("{figure:,.0f} beside them").format(figure=found.whole.stores_per_hour)
        yield _throughput_measured(case, found.far, beside)


def _throughput_under_budget(found: Measurements) -> Row:
    rate, pace, whole, naive = found.pace, found.conditions.requests_per_second, found.whole, found.naive
    without_reuse = 3600 * rate * naive.stores / naive.requests
    return _throughput(
        _("at {pace:g}/s").format(pace=pace) if pace else _("no budget is set"),
        3600 * rate * whole.stores / whole.requests,
        baseline=_("{figure:,.0f} without reuse; 50-80 before").format(figure=without_reuse),
        note=_(
            "3,600 s × {rate:.2f} requests/s (seen by the site over {seconds:.0f} s) × {stores:,} stores ÷ "
            "{requests:,} requests (all of a synthetic Seoul)"
        ).format(rate=rate, seconds=found.conditions.pace_seconds, stores=whole.stores, requests=whole.requests),
        is_computed=True,
    )


def _throughput_measured(case: str, whole: Whole, baseline: str) -> Row:
    note = _("{stores:,} stores in {seconds:.1f} s, from the first worker's start to the last commit")
    note = note.format(stores=whole.stores, seconds=whole.seconds)
    return _throughput(case, whole.stores_per_hour, baseline=baseline, note=note, is_computed=False)


def _throughput(case: str, figure: float, *, baseline: str, note: str, is_computed: bool) -> Row:
    return Row(
        key="throughput",
        name=_("Throughput"),
        case=case,
        goal=_("≥ {goal:,} stores/h").format(goal=STORES_PER_HOUR),
        figure=_("{figure:,.0f} stores/h").format(figure=figure),
        baseline=baseline,
        is_met=figure >= STORES_PER_HOUR,
        is_computed=is_computed,
        note=note,
        value=figure,
    )
