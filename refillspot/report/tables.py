"""A report as rows of text: title, state, figures; and as Markdown, to be sent or kept. Pure."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, set_cell_size

from refillspot.clock import write_kst
from refillspot.language import gettext, ngettext
from refillspot.language import lazy_gettext as _
from refillspot.planning import brief_places
from refillspot.report.audited import audit_line
from refillspot.report.figures import write, write_change, write_seconds
from refillspot.report.findings import Severity
from refillspot.stats.crawl import STATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from refillspot.report.figures import Figure
    from refillspot.report.report import Report
    from refillspot.stats.crawl import CrawlStats

LONGEST = 30  # cells of a terminal for the arguments; whole ones: scrapy crawls show
SEVERITIES = {
    Severity.ERROR: _("error"),
    Severity.WARNING: _("warning"),
    Severity.NOTE: _("note"),
}


def write_title(crawl: CrawlStats) -> str:
    """Return "Crawl 20261125-224113-69e2: 금천구, limit=5"."""
    arguments = dict(crawl.arguments)
    district = arguments.pop("district", "")
    told = ", ".join([district, *(f"{name}={value}" for name, value in arguments.items())])
    short = told if cell_len(told) <= LONGEST else set_cell_size(told, LONGEST - 1).rstrip() + "…"
    name = gettext("Crawl {crawl}").format(crawl=crawl.id) if crawl.id else gettext("A crawl from log files")
    return f"{name}: {short}" if short else name


def write_state(crawl: CrawlStats) -> str:
    """Return "complete, 2026-11-26 07:41 KST, 0:05 at work, 1 worker"."""
    count = len(crawl.workers)
    parts = [
        STATES[crawl.state](),
        f"{write_kst(crawl.started_at)} KST" if crawl.started_at else "",
        gettext("{time} at work").format(time=write_seconds(crawl.seconds)) if crawl.seconds else "",
        ngettext("{count} worker", "{count} workers", count).format(count=count) if count else "",
    ]
    return ", ".join(part for part in parts if part)


def write_against(report: Report) -> str:
    """Return which crawl it is compared with; empty where with none."""
    if report.earlier is None:
        return ""
    begun = report.earlier.started_at
    return gettext("compared with {crawl} ({date})").format(
        crawl=report.earlier.id or gettext("other log files"), date=f"{write_kst(begun)} KST" if begun else "-"
    )


# --- figures


class FigureRow(NamedTuple):
    label: str
    now: str
    target: str
    before: str
    change: str


def figure_headings() -> FigureRow:
    return FigureRow("", gettext("this one"), gettext("target"), gettext("before"), gettext("change"))


def figure_row(figure: Figure) -> FigureRow:
    """Return a figure as text; empty where there is nothing to say, "-" where this crawl does not say."""
    has_both = figure.value is not None and figure.before is not None
    return FigureRow(
        figure.label,
        "-" if figure.value is None else write(figure.value, figure.unit),
        _write_target(figure),
        "" if figure.before is None else write(figure.before, figure.unit),
        write_change(figure.value or 0, figure.before or 0, figure.unit) if has_both else "",
    )


def _write_target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    if figure.excuse:
        return f"({figure.excuse})"
    written = figure.target.write(figure.unit)
    if figure.is_met is None:
        return written
    told = gettext("met") if figure.is_met else gettext("missed")
    return f"{written} {told}"


# --- all crawls, a line each


def crawl_headings() -> list[str]:
    return [
        gettext("crawl"), gettext("state"), gettext("district"), gettext("started (KST)"), gettext("time"),
        gettext("stores"), gettext("err"), gettext("warn"),
    ]  # fmt: skip


def crawl_row(report: Report) -> list[str]:
    crawl = report.crawl
    severities = Counter(finding.severity for finding in report.findings)
    return [
        crawl.id,
        STATES[crawl.state](),
        brief_places(crawl.arguments.get("district", "")),
        write_kst(crawl.started_at) if crawl.started_at else "",
        write_seconds(crawl.seconds),
        f"{crawl.stored:,}",
        str(severities[Severity.ERROR] or ""),
        str(severities[Severity.WARNING] or ""),
    ]


# --- Markdown


def crawls_as_markdown(reports: Sequence[Report]) -> str:
    rows = [crawl_headings(), ["---"] * 3 + ["--:"] * 5, *map(crawl_row, reports)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def report_as_markdown(report: Report) -> str:
    lines = [f"# {_cell(write_title(report.crawl))}", ""]
    lines += [_cell(line) + "  " for line in _head(report) if line]
    findings, figures = gettext("Findings"), gettext("Figures")
    lines += ["", f"## {findings}", "", *_findings(report), "", f"## {figures}", ""]
    return "\n".join([*lines, *_figures(report)])


def _head(report: Report) -> tuple[str, str, str]:
    return write_state(report.crawl), write_against(report), audit_line(report.audited)


def _findings(report: Report) -> Iterator[str]:
    if not report.findings:
        yield gettext("Nothing went wrong.")
        return
    yield from _headings(["", gettext("what happened"), gettext("why"), gettext("remedy")])
    for finding in report.findings:
        word = SEVERITIES[finding.severity]()
        shown = f"**{word}**" if finding.severity is Severity.ERROR else word
        yield _line([shown, finding.happened, finding.cause, finding.remedy])


def _figures(report: Report) -> Iterator[str]:
    for section, figures in groupby(report.figures, key=lambda figure: figure.section):
        yield from _headings([section, *figure_headings()[1:]], numbers=True)
        for figure in figures:
            yield _line(figure_row(figure))
        yield ""


def _headings(cells: Sequence[str], *, numbers: bool = False) -> Iterator[str]:
    yield _line(cells)
    yield _line(["---", *(["--:" if numbers else "---"] * (len(cells) - 1))])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
