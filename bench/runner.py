"""What every benchmark shares: interleaved runs, medians, ratios within a round, a table and JSON."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import msgspec
import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Figures = dict[str, float]
PACKAGES = ("scrapy", "twisted", "redis", "psycopg", "msgspec")


@dataclass(frozen=True)
class Goal:
    """A figure that is to be reached."""

    what: str
    measured: float
    limit: float
    is_met: bool
    baseline: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.measured:.4g} (goal {self.limit:g}): {'met' if self.is_met else 'MISSED'}"


def at_least(what: str, measured: float, limit: float, baseline: str = "") -> Goal:
    return Goal(f"{what} ≥", measured, limit, measured >= limit, baseline)


def at_most(what: str, measured: float, limit: float, baseline: str = "") -> Goal:
    return Goal(f"{what} ≤", measured, limit, measured <= limit, baseline)


@dataclass(frozen=True)
class Report:
    """What one benchmark found, and under which conditions."""

    benchmark: str
    conditions: Mapping[str, str | float]
    rows: Mapping[str, Figures]
    """Median figures of each case."""
    goals: Sequence[Goal]
    runs: Mapping[str, Sequence[Figures]]
    """Every run of each case."""


def interleave(
    cases: Mapping[str, Callable[[], Figures]], rounds: int, *, warm_up: bool = True
) -> dict[str, list[Figures]]:
    """Run every case once a round, so that whatever else the machine does falls on all of them.

    A first round that does not count warms up the disk's cache and the compiled modules, where they matter.
    """
    runs: defaultdict[str, list[Figures]] = defaultdict(list)
    for number in range(0 if warm_up else 1, rounds + 1):
        for name in sorted(cases, reverse=bool(number % 2)):
            before = psutil.cpu_times()
            figures = cases[name]() | _stolen(before, psutil.cpu_times())
            if number:
                runs[name].append(figures)
            shown = " ".join(f"{figure}={value:.5g}" for figure, value in figures.items())
            print(f"round {number}/{rounds} {name}: {shown}", file=sys.stderr, flush=True)
    return {name: runs[name] for name in cases}


def _stolen(before: Any, after: Any) -> Figures:
    """Return how much of all cores another machine on the same host had; runs with much of it are slow for no fault."""
    if not hasattr(after, "steal"):  # not Linux
        return {}
    passed = sum(after[:8]) - sum(before[:8])  # guest times, which follow, are in these already
    return {"stolen %": 100 * (after.steal - before.steal) / (passed or 1)}  # none in less than a tick


def medians(runs: Sequence[Figures]) -> Figures:
    return {figure: median(run[figure] for run in runs) for figure in runs[0]}


def ratio(runs: Mapping[str, Sequence[Figures]], figure: str, *, of: str, baseline: str) -> float:
    """Return the median of the ratios of each round: noise that lasts longer than a round cancels out."""
    return median(one[figure] / other[figure] for one, other in zip(runs[of], runs[baseline], strict=True))


def machine() -> dict[str, str | float]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_gib": round(memory, 1),
        "load_1_minute": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def parser(description: str | None, *, rounds: int) -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--rounds", type=int, default=rounds, help=f"runs of each case (default {rounds})")
    arguments.add_argument("--json", type=Path, help="write the report there")
    return arguments


def publish(report: Report, to: Path | None) -> int:
    """Print the table, write the JSON; return the exit code, 1 if a goal was missed."""
    print(f"\n{report.benchmark}: " + ", ".join(f"{name} {value}" for name, value in report.conditions.items()))
    described = machine()
    print(", ".join(f"{name} {value}" for name, value in described.items()) + "\n")
    print(table(report.rows) + "\n")
    print("\n".join(map(str, report.goals)))
    if to:
        to.parent.mkdir(parents=True, exist_ok=True)
        document = {"at": datetime.now(UTC), "machine": described, **asdict(report)}
        to.write_bytes(msgspec.json.format(msgspec.json.encode(document)) + b"\n")
    return 0 if all(goal.is_met for goal in report.goals) else 1


def table(rows: Mapping[str, Figures]) -> str:
    figures = list(dict.fromkeys(figure for row in rows.values() for figure in row))
    head = ["case", *figures]
    body = [
        [name, *(f"{row[figure]:.5g}" if figure in row else "" for figure in figures)] for name, row in rows.items()
    ]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
