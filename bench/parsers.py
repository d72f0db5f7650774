"""What all parsers together cost a store: `build_store` on decoded pages of a replica's city.

`python -m bench.parsers`. Every store is built once, so that what the parsers remember helps as much as in a crawl; the
figure is the median of groups' means, with the worst group beside it, because the machine is noisy.
"""

from __future__ import annotations

import gc
import sys
from statistics import median
from time import process_time

from bench.truth.synthetic import WEB_URL, draw_pages
from refillspot.sites.diningcode.answers import decode_store
from refillspot.sites.diningcode.stores import build_store

GOAL = 150  # µs of CPU a store, median
SEED, REFILL, ORDINARY = 5, 1500, 6000
GROUP = 250  # stores


def main() -> int:
    drawn = [(row, body) for _, row, body in draw_pages(SEED, refill=REFILL, ordinary=ORDINARY)]
    gc.freeze()  # the city is no part of a worker: its collector shall not walk it
    decoding, building = [], []
    for first in range(0, len(drawn), GROUP):
        group = drawn[first : first + GROUP]
        start = process_time()
        pages = [(row, decode_store(body)) for row, body in group]
        middle = process_time()
        for row, page in pages:
            build_store(row, page, WEB_URL)
        decoding.append((middle - start) / len(group) * 1e6)
        building.append((process_time() - middle) / len(group) * 1e6)
    print(f"{len(drawn)} stores in groups of {GROUP}, µs of CPU a store")
    print(f"decode   median {median(decoding):6.1f}   worst {max(decoding):6.1f}")
    print(f"parse    median {median(building):6.1f}   worst {max(building):6.1f}   goal {GOAL}")
    return 0 if median(building) <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
