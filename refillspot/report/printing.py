"""A report, printed.

On a terminal columns fit whatever width letters have: rich counts cells, of which Hangul takes two.
"""

from __future__ import annotations

from enum import Enum, auto
from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from refillspot.language import gettext as _
from refillspot.readable import say, say_json
from refillspot.report.audited import audit_line
from refillspot.report.figures import write, write_change
from refillspot.report.findings import Severity
from refillspot.report.tables import (
    SEVERITIES,
    crawl_headings,
    crawl_row,
    crawls_as_markdown,
    figure_headings,
    figure_row,
    report_as_markdown,
    write_against,
    write_state,
    write_title,
)
from refillspot.terminal import Listing, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from refillspot.report.figures import Figure
    from refillspot.report.findings import Finding
    from refillspot.report.report import Report
    from refillspot.stats.crawl import CrawlStats

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
IN_BRIEF = (
    "stores", "stores_per_hour", "asked", "requests_per_store", "requests_per_second", "ceiling",
    "hit_rate", "rows", "memory",
)  # fmt: skip


class Format(Enum):
    TEXT = auto()
    """Five lines where nothing went wrong."""
    FIGURES = auto()
    """The same, with all figures."""
    MARKDOWN = auto()
    JSON = auto()


def print_one(report: Report, form: Format) -> None:
    if form is Format.JSON:
        say_json(report.as_json())
    elif form is Format.MARKDOWN:
        say(report_as_markdown(report), whole=True)
    else:
        print_report(Terminal(), report, with_figures=form is Format.FIGURES)


def print_all(reports: Sequence[Report], form: Format) -> None:
    if form is Format.JSON:
        say_json([report.as_json() for report in reports])
    elif form is Format.MARKDOWN:
        say(crawls_as_markdown(reports), whole=True)
    else:
        Terminal().print(crawl_table(reports))


def print_report(console: Console, report: Report, *, with_figures: bool) -> None:
    """Print six lines at most where nothing went wrong; else what did, and all figures."""
    if report.is_clean:
        for line in brief_lines(report):
            console.print(Text(line), soft_wrap=not console.is_terminal)
        _print_audit(console, report)
        if not with_figures:
            return
    else:
        _print_head(console, report)
        _print_audit(console, report)
        for finding in report.findings:
            console.print()
            console.print(_finding(finding))
    console.print()
    console.print(_figures(report.figures))


def crawl_table(reports: Iterable[Report]) -> Listing:
    return Listing(crawl_headings(), map(crawl_row, reports), words=2)


def _print_head(console: Console, report: Report) -> None:
    console.print(Text(write_title(report.crawl), style="bold"))
    for line in (write_state(report.crawl), write_against(report)):
        if line:
            console.print(Text(line))
    if not report.findings:
        console.print(Text(_("Nothing has gone wrong so far.")))


def _print_audit(console: Console, report: Report) -> None:
    if line := audit_line(report.audited):
        console.print(Text(line), soft_wrap=not console.is_terminal)


def _finding(finding: Finding) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, min_width=max(cell_len(word()) for word in SEVERITIES.values()))
    grid.add_column(overflow="fold")
    word = SEVERITIES[finding.severity]()
    grid.add_row(Text(word, style=STYLES[finding.severity]), Text(finding.happened, style="bold"))
    grid.add_row(Text(_("why")), Text(finding.cause))
    grid.add_row(Text(_("remedy")), Text(finding.remedy))
    return grid


def _figures(figures: list[Figure]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    has_before = any(figure.before is not None for figure in figures)
    for heading, is_shown in zip(figure_headings(), (True, True, True, has_before, has_before), strict=True):
        if is_shown:
            table.add_column(heading, justify="right" if heading else "left", overflow="fold")
    for section, some in groupby(figures, key=lambda figure: figure.section):
        table.add_row(Text(section, style="bold"))
        for figure in some:
            row = figure_row(figure)
            style = "red" if figure.is_met is False else ""
            table.add_row(f"  {row.label}", *(Text(cell, style=style) for cell in row[1 : 5 if has_before else 3]))
    return table


# --- a crawl in which nothing went wrong


def brief_lines(report: Report) -> list[str]:
    """Return five lines, a sixth of the refill stores; what a crawl says nothing of is "-"."""
    values = {name: _written(report, name) for name in IN_BRIEF}
    return [
        _("{title}. Nothing went wrong.").format(title=write_title(report.crawl)),
        write_state(report.crawl),
        _(
            "Stores: {stores} ({stores_per_hour}). Requests: {asked} ({requests_per_store} per store), "
            "{requests_per_second} of {ceiling}."
        ).format(**values),
        *_refill(report.crawl),
        _("From the cache: {hit_rate}. Rows: {rows}. Memory: {memory} at most.").format(**values),
        _changes(report),
    ]


def _refill(crawl: CrawlStats) -> list[str]:
    """Return what the crawl says of its stores, where PostgreSQL has told it as it was complete."""
    if crawl.refill_stores is None:
        return []
    told = _("Of the stores, {refill:,} are all-you-can-eat (confirmed {confirmed:,}, likely {likely:,}).")
    return [told.format(refill=crawl.refill_stores, confirmed=crawl.confirmed, likely=crawl.likely)]


def _written(report: Report, key: str) -> str:
    figure = report.figure(key)
    if figure is None or figure.value is None:
        return "-"
    written = write(figure.value, figure.unit)
    return f"{written} ({figure.excuse})" if key == "hit_rate" and figure.excuse else written


def _changes(report: Report) -> str:
    earlier = report.earlier
    if earlier is None:
        return _("There is no earlier complete crawl of the same kind to compare with.")
    changes = {key: _change(report, key) for key in ("stores", "asked", "seconds")}
    return _("Compared with {crawl}: stores {stores}, requests {asked}, time {seconds}.").format(
        crawl=earlier.id, **changes
    )


def _change(report: Report, key: str) -> str:
    figure = report.figure(key)
    if figure is None or figure.value is None or figure.before is None:
        return "-"
    return write_change(figure.value, figure.before, figure.unit)
