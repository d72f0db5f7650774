"""`make truth`: how right is what would be stored, per field, over the replica, the hand-labelled cases, the captures.

The captures are real answers outside the repository; where they are absent, the rest is measured alone.
"""

from __future__ import annotations

import argparse
from random import SystemRandom

from bench.truth import captured, known, labelled, same_place, synthetic


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.truth", description=__doc__)
    parser.add_argument("--seed", type=int, help="of the replica's city; without one, a number that nobody has seen")
    parser.add_argument("--refill", type=int, default=1500, help="refill stores of the city")
    parser.add_argument("--ordinary", type=int, default=6000, help="other stores of the city")
    arguments = parser.parse_args()
    seed = SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    for tally in labelled.measure():
        tally.print()
    synthetic.measure(seed, refill=arguments.refill, ordinary=arguments.ordinary).print()
    synthetic.measure_festival_week(seed, refill=arguments.refill, ordinary=arguments.ordinary).print()
    captured.report(seed)
    same_place.report(seed)
    known.report(seed, refill=arguments.refill, ordinary=arguments.ordinary)


if __name__ == "__main__":
    main()
