"""What all parsers together cost a store: `build_store` on decoded pages of a replica's city.

`python -m bench.parsers`. Each store is built once a round; the figure is the median of the rounds' means, and the
worst round beside it, because the machine is noisy. Decoding the JSON is measured apart.
"""

from __future__ import annotations

import sys
from statistics import median
from time import process_time

from bench.truth.synthetic import WEB_URL, draw_pages
from refillspot.diningcode.answers import decode_store
from refillspot.diningcode.stores import build_store

GOAL = 150  # µs of CPU a store, median
SEED, REFILL, ORDINARY = 5, 400, 1600
ROUNDS = 9


def main() -> int:
    drawn = [(row, body) for _, row, body in draw_pages(SEED, refill=REFILL, ordinary=ORDINARY)]
    pages = [(row, decode_store(body)) for row, body in drawn]
    decoding, building = [], []
    for _ in range(ROUNDS):
        start = process_time()
        for _row, body in drawn:
            decode_store(body)
        middle = process_time()
        for row, page in pages:
            build_store(row, page, WEB_URL)
        decoding.append((middle - start) / len(drawn) * 1e6)
        building.append((process_time() - middle) / len(drawn) * 1e6)
    print(f"{len(drawn)} stores, {ROUNDS} rounds, µs of CPU a store")
    print(f"decode   median {median(decoding):6.1f}   worst {max(decoding):6.1f}")
    print(f"parse    median {median(building):6.1f}   worst {max(building):6.1f}   goal {GOAL}")
    return 0 if median(building) <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
