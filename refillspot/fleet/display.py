"""Progress for the person who watches: a live panel on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from refillspot.clock import KST

if TYPE_CHECKING:
    from refillspot.frontier.progress import Progress

PLAIN_SECONDS = 30.0  # between plain lines


class Display(AbstractContextManager["Display"]):
    """`title` says what is crawled and by how many."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._last_line: float | None = None
        self._live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        else:
            self._console.print(self._title, highlight=False, soft_wrap=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def show(
        self, seconds: float, progress: Progress, stores: int, per_minute: float | None, left: float | None
    ) -> None:
        """Show the state of things; `seconds` since the start, `left` the seconds still to go."""
        if self._live:
            self._live.update(self._panel(seconds, progress, stores, per_minute, left))
        elif self._last_line is None or seconds - self._last_line >= PLAIN_SECONDS:
            self._last_line = seconds
            now = datetime.now(KST)
            words = _words(progress, stores, per_minute)
            self._console.print(f"{now:%H:%M:%S}  {words}, {write_left(left)}", highlight=False, soft_wrap=True)

    def _panel(
        self, seconds: float, progress: Progress, stores: int, per_minute: float | None, left: float | None
    ) -> Group:
        head = Table.grid(expand=True)
        head.add_column(ratio=1)
        head.add_column(justify="right")
        head.add_row(Text(self._title, style="bold", overflow="ellipsis", no_wrap=True), write_seconds(seconds))
        bar = Table.grid(expand=True, padding=(0, 1))
        bar.add_column(ratio=1)
        bar.add_column(justify="right")
        known = progress.done + progress.left
        share = f"{progress.done} of {known} known requests" if known else "asking for the first lists"
        bar.add_row(ProgressBar(total=max(known, 1), completed=progress.done), f"{share}, {write_left(left)}")
        return Group(head, bar, Text(_words(progress, stores, per_minute), overflow="fold"))


def write_seconds(seconds: float) -> str:
    """Return "12:05", or "1:02:05" from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def write_left(seconds: float | None) -> str:
    if seconds is None:
        return "time left unknown"
    return f"{write_seconds(seconds)} left"


def _words(progress: Progress, stores: int, per_minute: float | None) -> str:
    pace = f" ({per_minute:.0f} a minute)" if per_minute is not None else ""
    dead = f"{progress.dead} dead letter{'' if progress.dead == 1 else 's'}"
    paused = "paused (scrapy resume); " if progress.paused else ""
    return (
        f"{paused}{stores} stores{pace}; requests: {progress.done} done, {progress.queued} queued, "
        f"{progress.leased} in hand, {progress.waiting} waiting, {dead}; workers: {progress.workers}"
    )
