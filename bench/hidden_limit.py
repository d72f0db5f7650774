"""A site with a limit that it does not tell: how near workers come to it, and how often they run into it.

`python -m bench.hidden_limit --plot docs/hidden-limit.png` takes nine minutes. The limit is 30 requests/s, later 10;
the operator's ceiling is twice the first.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from bench import runner
from bench.crawling import running_workers
from bench.synthetic_site import running_replica

if TYPE_CHECKING:
    from bench.runner import Figures

LIMIT, LOWER = 30, 10  # requests/s
CEILING = 2.0 * LIMIT
SETTLE, STAY, FOLLOW = 60, 300, 150  # seconds: to find the limit, to stay near it, with the lower one
SHARE = 0.7
WORKERS = 4


def main() -> int:
    parser = runner.parser(__doc__, rounds=1)
    parser.add_argument("--plot", type=Path, help="draw a picture (PNG; needs bench/requirements.txt)")
    arguments = parser.parse_args()
    seconds = _run()
    rows = {
        f"limit {LIMIT}/s, second {SETTLE} to {SETTLE + STAY}": _figures(seconds, SETTLE, SETTLE + STAY),
        f"limit {LOWER}/s, from {SETTLE} s after the step": _figures(
            seconds, SETTLE + STAY + SETTLE, SETTLE + STAY + FOLLOW
        ),
    }
    (high, low), (before, after) = (LIMIT, LOWER), rows.values()
    goals = [
        runner.at_least(f"mean requests/s, limit {high}", before["answered/s"], SHARE * high),
        runner.at_most("refusals a minute", before["refused a minute"], 2),
        runner.at_least(f"mean requests/s, limit {low}", after["answered/s"], SHARE * low),
        runner.at_most(f"refusals a minute, limit {low}", after["refused a minute"], 2),
    ]
    if arguments.plot:
        _plot(seconds, arguments.plot)
    conditions = {"workers": WORKERS, "ceiling": CEILING}
    return runner.publish(
        runner.Report("hidden limit", conditions, rows, goals, {name: [row] for name, row in rows.items()}),
        arguments.json,
    )


def _run() -> list[Counter[str]]:
    """Return what was answered and refused in each second."""
    settings = {"POLITENESS_REQUESTS_PER_SECOND": CEILING, "RETRY_TIMES": 20}
    with (
        running_replica("--refill-stores", "14000", "--latency-ms", "50") as site,
        running_workers(WORKERS, site.url, settings),
    ):
        site.set_fault(kind="rate_limit", limit=LIMIT, per=1)
        while not (first := site.log()):
            time.sleep(0.05)
        began = first[0]["arrived"]
        time.sleep(SETTLE + STAY)
        site.set_fault(kind="rate_limit", limit=LOWER, per=1)
        time.sleep(FOLLOW)
        seconds: list[Counter[str]] = [Counter() for _ in range(SETTLE + STAY + FOLLOW)]
        for entry in site.log():
            second = int(entry["arrived"] - began)
            if second < len(seconds):
                seconds[second]["refused" if entry["status"] == 429 else "answered"] += 1
        return seconds


def _figures(seconds: list[Counter[str]], begin: int, end: int) -> Figures:
    part: Counter[str] = sum(seconds[begin:end], Counter())
    return {
        "answered/s": part["answered"] / (end - begin),
        "refused a minute": 60 * part["refused"] / (end - begin),
    }


def _plot(seconds: list[Counter[str]], to: Path) -> None:
    from matplotlib import pyplot as plt  # noqa: PLC0415  # only who wants a picture needs it

    figure, axes = plt.subplots(figsize=(9, 3.5), layout="constrained")
    axes.step(range(len(seconds)), [second["answered"] for second in seconds], lw=0.8, label="answered a second")
    refused = [(at, second["answered"]) for at, second in enumerate(seconds) if second["refused"]]
    axes.plot(*zip(*refused, strict=True), "r.", label="a second with refusals")
    step = SETTLE + STAY
    axes.hlines([LIMIT, LOWER], [0, step], [step, len(seconds)], colors="gray", ls="--", label="the site's limit")
    axes.set(xlabel="seconds", ylabel="requests/s", ylim=(0, None), xlim=(0, len(seconds)))
    axes.legend(loc="upper right", fontsize="small")
    figure.savefig(to, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
