"""`make chaos ROUNDS=100`: rounds of chaos, a line each, and a table for docs/reliability.md."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections import Counter

from tests.chaos.arena import Arena
from tests.chaos.rounds import Round, play
from tests.chaos.troubles import possible

WRONGS = "missing too_many differing invented rejects dead_letters incomplete stuck too_fast".split()
FIGURES = ["rows", *WRONGS, "fetched", "again", "starts"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the first round")
    parser.add_argument("--trouble", action="append", default=[], help="only this one, as older_postgres; repeatable")
    arguments = parser.parse_args()
    rounds = []
    with Arena() as arena:
        troubles = [one for one in possible(arena) if not arguments.trouble or one.__name__ in arguments.trouble]
        names = [trouble.__name__ for trouble in troubles]
        for seed in range(arguments.seed, arguments.seed + arguments.rounds):
            played = play(arena, seed, troubles)
            rounds.append(played)
            _say(played)
    _tabulate(rounds, names)
    return 1 if any(played.wrong for played in rounds) else 0


def _say(played: Round) -> None:
    figures = ", ".join(f"{name} {getattr(played, name)}" for name in FIGURES)
    verdict = "WRONG" if played.wrong else "right"
    troubles = ", ".join(played.troubles)
    print(f"seed {played.seed}: {verdict}, {played.seconds:.0f} s, {troubles}; {figures}", flush=True)
    if played.wrong:
        print("\n".join(played.told))


def _tabulate(rounds: list[Round], names: list[str]) -> None:
    """Each round counts in the row of each of its troubles."""
    heads = ["trouble", "rounds", *(figure.replace("_", " ") for figure in FIGURES)]
    print("\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ["---", *["--:"] * (len(heads) - 1)])))
    by_trouble = {name: [played for played in rounds if name in played.troubles] for name in names}
    by_trouble["two crawls at once"] = [played for played in rounds if played.crawls > 1]
    by_trouble["faults of the site meanwhile"] = [played for played in rounds if played.site_faults]
    for name, found in (by_trouble | {"all rounds": rounds}).items():
        sums: Counter[str] = Counter()
        for played in found:
            sums.update({figure: getattr(played, figure) for figure in FIGURES})
        cells = [name.replace("_", " "), str(len(found)), *(str(sums[figure]) for figure in FIGURES)]
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    sys.exit(main())
