"""PostgreSQL away for long, in the middle of a crawl of all Seoul: `python -m tests.chaos.outage --seconds 600`."""

from __future__ import annotations

import argparse
import sys
import time

import psycopg

from refillspot.planning import KEYWORDS
from tests.chaos.arena import Arena, Fleet
from tests.crawl.moments import fetched
from tests.programs import children

BEFORE = 300  # store pages


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.outage", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--pace", type=float, default=20, help="requests a second")
    arguments = parser.parse_args()
    with Arena() as arena:
        database_url = arena.new_database()
        options = ["-n", "1", "-s", f"POLITENESS_REQUESTS_PER_SECOND={arguments.pace}"]
        fleet = arena.start_fleet("all", database_url, "outage", options)
        while fetched(arena.site).total() < BEFORE:
            time.sleep(0.1)
        arena.postgres.kill()
        began, before = fetched(arena.site).total(), memory_mb(fleet)
        time.sleep(arguments.seconds)
        asked, during = fetched(arena.site).total() - began, memory_mb(fleet)
        arena.postgres.start()
        code = fleet.wait(1200)
        with psycopg.connect(database_url) as connection:
            stored = {ref for (ref,) in connection.execute("SELECT ref FROM refillspot.stores")}
            crawls = connection.execute("SELECT state, stored, rejected FROM refillspot.crawls").fetchall()
        truth = arena.site.truth("", ",".join(KEYWORDS))
        reached = {store["ref"] for store in truth if store["reached_by"]}
        pages = fetched(arena.site)
    print(f"PostgreSQL away for {arguments.seconds:.0f} s; store pages asked for meanwhile: {asked}")
    print(f"memory of the worker: {before:.0f} MiB before, {during:.0f} MiB at the end of the outage")
    print(f"exit code {code}, crawls {crawls}, starts of workers told: {fleet.told}")
    again = sum(count > 1 for count in pages.values())
    print(f"stores: {len(stored)}, missing {len(reached - stored)}, pages asked for twice: {again}")
    return 0 if code == 0 and reached <= stored else 1


def memory_mb(fleet: Fleet) -> float:
    return float(sum(child.memory_info().rss for child in children(fleet.process.pid)) / 2**20)


if __name__ == "__main__":
    sys.exit(main())
