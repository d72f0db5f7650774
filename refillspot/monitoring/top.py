"""`scrapy top`: the figures of a crawl and its workers, on a screen that is renewed each second, or into a pipe."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.monitoring.display import progress_line, title_line, write_hold, write_seconds
from refillspot.planning import write_places
from refillspot.retelling import retell
from refillspot.stats.crawl import STATES
from refillspot.stats.departures import write_departure
from refillspot.stats.workers import AT_WORK, ENDED, SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

    from refillspot.monitoring.figures import Figures, FiguresOfCrawl, Rate, SiteFigures
    from refillspot.monitoring.snapshot import CrawlReader
    from refillspot.stats.workers import WorkerFigures

LOOK_SECONDS = 1.0
OVER = {"complete", "abandoned"}
UNREADABLE_SHOWN = 5
LONGEST_NAME = 18  # characters; it is the end that tells two workers of a host apart
ORDER = {AT_WORK: 0, SILENT: 1, ENDED: 2}
UNKNOWN = "–"


def watch(reader: CrawlReader, figures_of: FiguresOfCrawl, console: Console) -> None:
    """Show the crawl on the whole screen; leave the last figures behind on the one before."""
    figures: Figures | None = None
    with suppress(KeyboardInterrupt), Live(console=console, screen=True, auto_refresh=False) as live:
        while figures is None or figures.state not in OVER:
            began = time.monotonic()
            figures = figures_of.take(reader.read())
            live.update(TopView(figures, fits=True), refresh=True)
            time.sleep(max(0.0, LOOK_SECONDS - (time.monotonic() - began)))
    if figures:
        console.print(TopView(figures))


class TopView:
    """Shows all workers, or, with `fits`, as many as the height of the console leaves room for."""

    def __init__(self, figures: Figures, *, fits: bool = False) -> None:
        self._figures = figures
        self._fits = fits

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        figures = self._figures
        above = Group(
            _title(figures),
            progress_line(figures.progress, figures.seconds_left),
            Text(),
            _figures_table(figures),
            Text(),
        )
        below = Group(*_unreadable(figures), *_errors(figures), *_departures(figures), *_hints(figures))
        free = options.max_height - sum(len(console.render_lines(part, options)) for part in (above, below))
        yield above
        yield _workers_table(figures.workers, max(1, free - 1) if self._fits else None)
        yield below


def _title(figures: Figures) -> Table:
    crawl = figures.crawl
    title = _("crawl {id}: {spider} {district}").format(
        id=crawl.id, spider=crawl.spider, district=write_places(crawl.arguments)
    )
    right = _("{state}, {workers} at work, {time}").format(
        state=STATES[figures.state](), workers=figures.at_work, time=write_seconds(figures.seconds_at_work)
    )
    return title_line(title, right)


def _unreadable(figures: Figures) -> Iterator[Text]:
    if figures.unreadable:
        told = _("unreadable heartbeats: {workers} (removed together with the crawl: scrapy crawls prune {id})")
        workers = ", ".join(figures.unreadable[:UNREADABLE_SHOWN])
        yield Text(told.format(workers=workers, id=figures.crawl.id), style="yellow", overflow="fold")


def _errors(figures: Figures) -> Iterator[Text]:
    if figures.errors:
        kinds = ", ".join(f"{count:,} × {kind}" for kind, count in figures.errors.items())
        yield Text(_("errors: {kinds}").format(kinds=kinds), style="yellow", overflow="fold")


def _departures(figures: Figures) -> Iterator[Text]:
    if figures.departures:
        told = _("would be held: {what}").format(what="; ".join(map(write_departure, figures.departures)))
        yield Text(told, style="yellow", overflow="fold")


def _hints(figures: Figures) -> Iterator[Text]:
    """Yield what the person who looks has to know first."""
    hint = ""
    if figures.away:
        hint = _("{servers} does not answer: these are the last known figures").format(servers=", ".join(figures.away))
    elif figures.state == "paused":
        hint = _("Resume with: scrapy resume {id}").format(id=figures.crawl.id)
    elif figures.state == "running" and (held := write_hold(figures.site.budget, figures.at)):
        hint = held
    elif figures.state in {"running", "interrupted"} and not figures.at_work:
        hint = _("No worker is running; how to continue: scrapy crawls show {id}").format(id=figures.crawl.id)
    if hint:
        yield Text(hint, style="bold yellow", overflow="fold")


def _figures_table(figures: Figures) -> Table:
    table = Table(box=None, pad_edge=False, expand=True, header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column(_("now"), justify="right", no_wrap=True)
    table.add_column(_("so far"), justify="right", no_wrap=True)
    table.add_column("", ratio=1, overflow="fold")
    for row in (_stores(figures), _requests(figures.site), _budget(figures.site), _queue(figures), _cache(figures)):
        table.add_row(*row)
    table.add_row(*_database(figures))
    return table


def _stores(figures: Figures) -> tuple[str, str, str, str]:
    more = _("{stored:,} stored").format(stored=figures.stored)
    if figures.crawl.rejected:
        more = _("{stored:,} stored, {rejected:,} refused (table refillspot.rejects)").format(
            stored=figures.stored, rejected=figures.crawl.rejected
        )
    return (_("stores/h"), *_both(figures.stores_per_hour), more)


def _requests(site: SiteFigures) -> tuple[str, str, str, str]:
    more = _("{requests:,} sent, {received} received, {seconds:.3f} s per answer").format(
        requests=site.requests, received=write_bytes(site.bytes_received), seconds=site.seconds_per_answer or 0.0
    )
    return (_("requests/s"), *_both(site.per_second), more)


def _budget(site: SiteFigures) -> tuple[str, str, str, str]:
    if not site.budget:
        return (_("budget used"), UNKNOWN, UNKNOWN, _("no limit"))
    more = _("{pace:g}/s now, {ceiling:g}/s at most").format(
        pace=site.budget["requests_per_second"], ceiling=site.budget["ceiling"]
    )
    if site.budget["held_seconds"]:
        more = _("nothing leaves for {seconds:.0f} s: {reason}").format(
            seconds=site.budget["held_seconds"], reason=retell(site.budget["held_because"])
        )
    return (_("budget used"), *_shares(site.budget_used), more)


def _queue(figures: Figures) -> tuple[str, str, str, str]:
    progress = figures.progress
    more = _("{queued:,} queued, {leased:,} in hand, {waiting:,} waiting, {dead:,} dead").format(
        queued=progress.queued, leased=progress.leased, waiting=progress.waiting, dead=figures.dead
    )
    return (_("requests left"), f"{progress.left:,}", "", more)


def _cache(figures: Figures) -> tuple[str, str, str, str]:
    cache = figures.cache
    share = f"{cache.hits / cache.lookups:.0%}" if cache.lookups else UNKNOWN
    more = _("{hits:,} of {lookups:,} pages, {saved} saved").format(
        hits=cache.hits, lookups=cache.lookups, saved=write_bytes(cache.bytes_saved)
    )
    return (_("from the cache"), "", share, more)


def _database(figures: Figures) -> tuple[str, str, str, str]:
    database = figures.database
    more = _("{commits} of {mean:.3f} s, longest {longest:.3f} s, {waits}").format(
        commits=ngettext("{count:,} commit", "{count:,} commits", database.commits).format(count=database.commits),
        mean=database.seconds / database.commits if database.commits else 0.0,
        longest=database.longest_seconds,
        waits=ngettext("{count:,} wait", "{count:,} waits", database.waits).format(count=database.waits),
    )
    return (_("rows/s written"), *_both(database.rows_per_second), more)


def write_bytes(count: float) -> str:
    """Return "12.3 MB"."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.3g} GB"


def _both(rate: Rate) -> tuple[str, str]:
    now, so_far = (UNKNOWN if value is None else _number(value) for value in (rate.now, rate.so_far))
    return now, so_far


def _shares(rate: Rate) -> tuple[str, str]:
    now, so_far = (UNKNOWN if value is None else f"{value:.0%}" for value in (rate.now, rate.so_far))
    return now, so_far


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _workers_table(workers: Sequence[WorkerFigures], most: int | None) -> Table:
    """Return one line a worker, at most so many; the others in one line more."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(_("worker"), no_wrap=True)
    for heading in ("", _("MiB"), _("most"), _("CPU"), _("lag"), _("at once"), _("requests"), _("rows")):
        table.add_column(heading, justify="right", no_wrap=True)
    shown = sorted(workers, key=lambda one: (ORDER[one.state], one.seen_seconds_ago))
    if most is not None and len(shown) > most:
        shown = shown[: most - 1]
    for one in shown:
        table.add_row(*_worker(one), style="" if one.state == AT_WORK else "red" if one.state == SILENT else "dim")
    if hidden := len(workers) - len(shown):
        table.add_row(_("and {count} more").format(count=hidden), style="dim")
    return table


def _worker(one: WorkerFigures) -> tuple[str, ...]:
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
        _("{seconds:.2f} s").format(seconds=one.lag_seconds),
        str(one.at_once) if one.state == AT_WORK else "",
        f"{one.requests:,}",
        f"{one.rows:,}",
    )
