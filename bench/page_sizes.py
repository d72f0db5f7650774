"""How large the replica's answers are, what is kept of them, and their processor time: `python -m bench.page_sizes`."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from refillspot.items import ReadPage
from refillspot.postgres.kept_pages import PackedPage
from refillspot.regions import SEOUL, districts
from refillspot.sites.diningcode.kept_page import kept_page
from replica import profile
from replica.city import build_city
from replica.hours import FIRST_DAY
from replica.html_pages import write_list_page
from replica.html_store import write_store_page
from replica.listing import Listing
from replica.search import Search
from replica.shapes import NAMES, name_shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from replica.shapes import Shapes
    from replica.store import Store

API, WEB = "https://im.diningcode.com/API", "https://www.diningcode.com"
SHARES = (0, 0.05, 0.5, 0.95, 1)


def main() -> None:
    city = build_city(7, refill_stores=1500, ordinary_stores=6000)
    search = Search(city)
    queries = [f"서울 {district.name} {word}" for district in districts() for word in ("무한리필", "뷔페")]
    print(f"{'kB':32}{'least':>8}{'5 %':>8}{'median':>8}{'95 %':>8}{'most':>8}{'ms each':>9}")
    for name in NAMES:
        shapes = name_shapes(name)
        say(f"{name}: store page", city, lambda store, of=shapes: profile.answer(store, FIRST_DAY, of))
        say(f"{name}: profile.php", city, lambda store, of=shapes: write_store_page(store, FIRST_DAY, of).encode())
        say(f"{name}: list of 100", queries, lambda query, of=shapes: write_list(search, query, of))
        say(f"{name}: list.dc", queries, lambda query, of=shapes: write_page(search, query, of))
    say_kept(city, queries, search, name_shapes("mixed"))


def say_kept(city: Sequence[Store], queries: Sequence[str], search: Search, shapes: Shapes) -> None:
    """Say what is kept of the same pages, and what keeping them takes."""
    pages = [profile.answer(store, FIRST_DAY, shapes) for store in city]
    say("mixed: store page, kept", pages, partial(kept_page, f"{API}/profile/", 200))
    say("mixed: the same in PostgreSQL", [kept_page(f"{API}/profile/", 200, page) for page in pages], packed)
    html = [write_store_page(store, FIRST_DAY, shapes).encode() for store in city]
    say("mixed: profile.php, kept", html, partial(kept_page, f"{WEB}/profile.php", 200))
    lists = [write_list(search, query, shapes) for query in queries]
    say("mixed: list of 100, kept", lists, partial(kept_page, f"{API}/isearch/", 200))


def packed(page: bytes) -> bytes:
    return PackedPage.of(ReadPage({}, page)).body


def write_list(search: Search, query: str, shapes: Shapes) -> bytes:
    return Listing(search, 100, FIRST_DAY, SEOUL, shapes).answer({"query": query, "size": "100"})


def write_page(search: Search, query: str, shapes: Shapes) -> bytes:
    found = Listing(search, 100, FIRST_DAY, SEOUL, shapes).find({"query": query, "size": "20"})
    return write_list_page(query, found.result_data or {}).encode()


def say(label: str, asked: Sequence[object], write: Callable[..., bytes]) -> None:
    write(asked[0])  # what all of them share is drawn once
    started = time.process_time()
    sizes = sorted(len(write(one)) / 1000 for one in asked)
    each = (time.process_time() - started) / len(asked) * 1000
    columns = "".join(f"{sizes[round(share * (len(sizes) - 1))]:8.1f}" for share in SHARES)
    print(f"{label:32}{columns}{each:9.2f}", flush=True)


if __name__ == "__main__":
    main()
