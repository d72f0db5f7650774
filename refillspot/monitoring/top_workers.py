"""The workers of a crawl as a table, those at work first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from refillspot.language import gettext as _
from refillspot.monitoring.display import write_seconds
from refillspot.monitoring.worker_figures import AT_WORK, ENDED, SILENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.monitoring.worker_figures import WorkerFigures

LONGEST_NAME = 18  # characters; it is the end that tells two workers of a host apart
ORDER = {AT_WORK: 0, SILENT: 1, ENDED: 2}


def workers_table(workers: Sequence[WorkerFigures], most: int | None) -> Table:
    """Return one line a worker, at most so many; the others in one line more."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(_("worker"), no_wrap=True)
    for heading in ("", _("MiB"), _("most"), _("CPU"), _("lag"), _("at once"), _("requests"), _("rows")):
        table.add_column(heading, justify="right", no_wrap=True)
    shown = sorted(workers, key=lambda one: (ORDER[one.state], one.seen_seconds_ago))
    if most is not None and len(shown) > most:
        shown = shown[: most - 1]
    for one in shown:
        table.add_row(*_row(one), style="" if one.state == AT_WORK else "red" if one.state == SILENT else "dim")
    if hidden := len(workers) - len(shown):
        table.add_row(_("and {count} more").format(count=hidden), style="dim")
    return table


def _row(one: WorkerFigures) -> tuple[str, ...]:
    seen = {
        AT_WORK: _("at work"),
        SILENT: _("silent {time}").format(time=write_seconds(one.seen_seconds_ago)),
        ENDED: _("ended"),
    }
    return (
        one.worker if len(one.worker) <= LONGEST_NAME else f"…{one.worker[1 - LONGEST_NAME :]}",
        seen[one.state],
        f"{one.memory_mb:.0f}" if one.state == AT_WORK else "",
        f"{one.memory_max_mb:.0f}",
        f"{one.cpu_percent:.0f}%",
        f"{one.lag_seconds:.2f} s",
        str(one.at_once) if one.state == AT_WORK else "",
        f"{one.requests:,}",
        f"{one.rows:,}",
    )
