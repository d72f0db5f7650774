"""A review on a terminal. Columns fit whatever width letters have: rich counts cells, of which Hangul takes two."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from refillspot.clock import write_kst
from refillspot.language import gettext as _
from refillspot.review.brief import brief_lines
from refillspot.review.findings import Severity
from refillspot.review.table import headings, row_of
from refillspot.review.title import write_state, write_title

if TYPE_CHECKING:
    from rich.console import Console

    from refillspot.review.figures import Figure
    from refillspot.review.findings import Finding
    from refillspot.review.review import Review

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def print_review(console: Console, review: Review, *, with_figures: bool) -> None:
    """Print five lines where nothing went wrong; else what did, and all figures."""
    if review.is_clean:
        for line in brief_lines(review):
            console.print(Text(line), soft_wrap=True)
        if not with_figures:
            return
    else:
        _print_head(console, review)
        for finding in review.findings:
            console.print()
            console.print(_finding(finding))
    console.print()
    console.print(_figures(review.figures))


def severity_words() -> dict[Severity, str]:
    return {Severity.ERROR: _("error"), Severity.WARNING: _("warning"), Severity.NOTE: _("note")}


def against(review: Review) -> str:
    """Return which crawl it is compared with; empty where with none."""
    if review.earlier is None:
        return ""
    begun = review.earlier.started_at
    return _("compared with {crawl} ({date})").format(
        crawl=review.earlier.id or _("other log files"), date=f"{write_kst(begun)} KST" if begun else "-"
    )


def _print_head(console: Console, review: Review) -> None:
    console.print(Text(write_title(review.facts), style="bold"))
    for line in (write_state(review.facts), against(review)):
        if line:
            console.print(Text(line))
    if not review.findings:
        console.print(Text(_("Nothing went wrong so far.")))


def _finding(finding: Finding) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, min_width=max(map(cell_len, severity_words().values())))
    grid.add_column(overflow="fold")
    word = severity_words()[finding.severity]
    grid.add_row(Text(word, style=STYLES[finding.severity]), Text(finding.happened, style="bold"))
    grid.add_row(Text(_("why")), Text(finding.cause))
    grid.add_row(Text(_("remedy")), Text(finding.remedy))
    return grid


def _figures(figures: list[Figure]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    has_before = any(figure.before is not None for figure in figures)
    for heading, is_shown in zip(headings(), (True, True, True, has_before, has_before), strict=True):
        if is_shown:
            table.add_column(heading, justify="right" if heading else "left", overflow="fold")
    for section, some in groupby(figures, key=lambda figure: figure.section):
        table.add_row(Text(section, style="bold"))
        for figure in some:
            row = row_of(figure)
            style = "red" if figure.is_met is False else ""
            table.add_row(f"  {row.label}", *(Text(cell, style=style) for cell in row[1 : 5 if has_before else 3]))
    return table
