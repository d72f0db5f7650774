"""A review as Markdown, to be sent or kept. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from refillspot.language import gettext as _
from refillspot.review.findings import Severity
from refillspot.review.table import headings, row_of
from refillspot.review.text import against, severity_words
from refillspot.review.title import write_state, write_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from refillspot.review.review import Review


def write_markdown(review: Review) -> str:
    lines = [f"# {_cell(write_title(review.facts))}", ""]
    lines += [_cell(line) + "  " for line in (write_state(review.facts), against(review)) if line]
    lines += ["", f"## {_('Findings')}", "", *_findings(review), "", f"## {_('Figures')}", ""]
    return "\n".join([*lines, *_figures(review)])


def _findings(review: Review) -> Iterator[str]:
    if not review.findings:
        yield _("Nothing went wrong.")
        return
    words = severity_words()
    yield from _table(["", _("what happened"), _("why"), _("remedy")])
    for finding in review.findings:
        word = words[finding.severity]
        shown = f"**{word}**" if finding.severity is Severity.ERROR else word
        yield _line([shown, finding.happened, finding.cause, finding.remedy])


def _figures(review: Review) -> Iterator[str]:
    for section, figures in groupby(review.figures, key=lambda figure: figure.section):
        yield from _table([section, *headings()[1:]], numbers=True)
        for figure in figures:
            yield _line(row_of(figure))
        yield ""


def _table(cells: Sequence[str], *, numbers: bool = False) -> Iterator[str]:
    yield _line(cells)
    yield _line(["---", *(["--:" if numbers else "---"] * (len(cells) - 1))])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
