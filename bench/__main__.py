"""The comparisons of `make bench`: each in a process of its own, then bench/results/latest.json and docs/benchmarks.md.

`python -m bench` takes about ten minutes. Exit code 1: a goal was missed, which is written down all the same.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from bench.runner import table
from bench.site import PROJECT

RESULTS = PROJECT / "bench/results/latest.json"
PAGE = PROJECT / "docs/benchmarks.md"
BENCHMARKS: dict[str, tuple[str, ...]] = {
    "peers": (),
    "scaling": ("--rounds", "1"),  # a round takes a minute and a half, most of it waiting
    "storage": ("--rounds", "3"),
    "frontier_memory": (),
    "cache": ("--rounds", "3"),
    "search": ("--rounds", "1"),
    "export": ("--rounds", "1"),
}
MET = {True: "met", False: "**missed**"}
HEAD = """# Benchmarks

Written by `make bench`; a figure counts beside its baseline in the same run, not by itself. Medians of interleaved
rounds. More that takes longer: `python -m bench.engine`, `bench.frontier`, `bench.frontier_depth`, `bench.concurrency`,
`bench.politeness`, `bench.hidden_limit`, `bench.budget`, `bench.kills`, `bench.backup`. Why some goals are missed each
time: [ADR 19](adr/0019-three-goals-of-speed.md).

`stolen %` is the share of this machine's processors that its host gave to another meanwhile: a run with much of it
is slow for no fault of its own.

The two Scrapy baselines of `peers` have none of this project's parts but spider and parsers. The bare one
keeps `CONCURRENT_ITEMS`; the other is scrapy-redis at the default settings of both.
"""


def main() -> int:
    reports = [run(name, options) for name, options in BENCHMARKS.items()]
    results = [
        {"name": goal["what"], "value": goal["measured"], "goal": goal["limit"], "met": goal["is_met"],
         "baseline": goal["baseline"]}
        for report in reports for goal in report["goals"]
    ]  # fmt: skip
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(results)) + b"\n")
    PAGE.write_text(write_page(reports), "utf-8")
    print(f"\n{RESULTS.relative_to(PROJECT)} and {PAGE.relative_to(PROJECT)} are written")
    return 0 if all(result["met"] for result in results) else 1


def run(name: str, options: tuple[str, ...]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "report.json"
        subprocess.run([sys.executable, "-m", f"bench.{name}", "--json", str(file), *options], cwd=PROJECT, check=False)
        if not file.exists():
            raise SystemExit(f"bench.{name} came to no result")
        report: dict[str, Any] = msgspec.json.decode(file.read_bytes())
        return report


def write_page(reports: list[dict[str, Any]]) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in reports[0]["machine"].items())
    parts = [HEAD, f"{reports[0]['at'][:10]}: {machine}\n"]
    for report in reports:
        conditions = ", ".join(f"{name} {value}" for name, value in report["conditions"].items())
        goals = [
            f"| {goal['what']} | {goal['measured']:.4g} | {goal['limit']:g} | {MET[goal['is_met']]} |"
            for goal in report["goals"]
        ]
        lines = ["| what | measured | goal | |", "|---|--:|--:|---|", *goals]
        parts.append(
            f"## {report['benchmark']}\n\n{conditions}\n\n{table(report['rows'])}\n\n" + "\n".join(lines) + "\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
