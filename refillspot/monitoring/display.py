"""Progress for the person who watches: a live panel on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from refillspot.clock import KST
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.retelling import retell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from refillspot.monitoring.figures import Figures
    from refillspot.stats.crawl import Progress

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
            self._console.print(self._title, soft_wrap=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def show(self, seconds: float, figures: Figures) -> None:
        """Show the state of things; `seconds` since the start."""
        held, words = write_hold(figures.site.budget, figures.at), _words(figures)
        if self._live:
            lines: list[RenderableType] = [
                title_line(self._title, write_seconds(seconds)),
                progress_line(figures.progress, figures.seconds_left),
            ]
            lines += [Text(held, style="bold yellow", overflow="fold")] if held else []
            self._live.update(Group(*lines, Text(words, overflow="fold")))
        elif self._last_line is None or seconds - self._last_line >= PLAIN_SECONDS:
            self._last_line = seconds
            told = "; ".join(part for part in (held, words) if part)
            self._console.print(
                f"{figures.at.astimezone(KST):%H:%M:%S}  {told}, {write_left(figures.seconds_left)}", soft_wrap=True
            )


def title_line(title: str, right: str) -> Table:
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(ratio=1)
    line.add_column(justify="right", no_wrap=True)
    line.add_row(Text(title, style="bold", overflow="ellipsis", no_wrap=True), right)
    return line


def progress_line(progress: Progress, left: float | None) -> Table:
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(ratio=1)
    line.add_column(justify="right")
    known = progress.done + progress.left
    share = (
        _("{done:,} of {known:,} known requests, {left}").format(done=progress.done, known=known, left=write_left(left))
        if known
        else _("requesting the first lists")
    )
    line.add_row(ProgressBar(total=max(known, 1), completed=progress.done), share)
    return line


def write_seconds(seconds: float) -> str:
    """Return "12:05", or "1:02:05" from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def write_left(seconds: float | None) -> str:
    if seconds is None:
        return _("time left unknown")
    return _("{time} left").format(time=write_seconds(seconds))


def write_hold(pace: Mapping[str, Any] | None, now: datetime) -> str:
    """Say why nothing leaves and until when, out of what `read_pace` says; "" where something may."""
    if not pace or not pace["held_seconds"]:
        return ""
    until = now.astimezone(KST) + timedelta(seconds=pace["held_seconds"])
    return _("Nothing leaves until {time} KST ({left}): {reason}").format(
        time=f"{until:%H:%M:%S}", left=write_seconds(pace["held_seconds"]), reason=retell(pace["held_because"])
    )


def _words(figures: Figures) -> str:
    progress, per_hour = figures.progress, figures.stores_per_hour.now
    stores = ngettext("{stores:,} store", "{stores:,} stores", figures.stored).format(stores=figures.stored)
    if per_hour is not None:
        stores = _("{stores} ({per_minute:.0f} per minute)").format(stores=stores, per_minute=per_hour / 60)
    requests = _(
        "requests: {done:,} done, {queued:,} queued, {leased:,} in hand, {waiting:,} waiting, {dead:,} dead letters"
    ).format(
        done=progress.done,
        queued=progress.queued,
        leased=progress.leased,
        waiting=progress.waiting,
        dead=figures.dead,
    )
    workers = _("workers: {workers}").format(workers=progress.workers)
    paused = [_("paused (scrapy resume)")] if progress.paused else []
    return "; ".join([*paused, stores, requests, workers])
