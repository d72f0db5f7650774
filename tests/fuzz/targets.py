"""What reads from outside, each from bytes: nothing but the documented errors may come out, and soon."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from refillspot.crawl_ids import check_crawl_id
from refillspot.exceptions import ArgumentError, ConfigurationError
from refillspot.extensions.reading import count_left_as_text
from refillspot.parsing.hours import parse_hours
from refillspot.planning import CrawlArguments, Query, spider_arguments
from refillspot.policies.circuit_breaker import ApiRecord
from refillspot.policies.pace import begin
from refillspot.policies.politeness_settings import CrawlWindow, live_pace
from refillspot.postgres.store_row import StoreRow
from refillspot.services.addresses import read_addresses
from refillspot.services.environment import read_environment
from refillspot.sites.diningcode.channels import read_list, read_store
from refillspot.sites.diningcode.forms import refusal_of, search_form, store_form
from refillspot.sites.diningcode.kept_page import kept_page
from refillspot.sites.diningcode.lists import ListReader
from refillspot.sites.diningcode.stores import build_store
from tests.parsing.fuzz import DOCUMENTED, PIECES, ROW, read_text
from tests.shared.redis_readers import (
    BEAT,
    ENTRY,
    NOW,
    PAGE,
    WHY,
    read_beat,
    read_dead_letter,
    read_entry,
    read_health,
    read_pace,
    read_page,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from refillspot.sites.diningcode.page_types import SearchPage, StorePage

IN_REDIS = {
    "entry": msgspec.msgpack.encode(ENTRY),
    "letter": msgspec.json.encode(WHY),
    "heartbeat": msgspec.json.encode(BEAT),
    "kept-page": msgspec.msgpack.encode(PAGE),
    "pace": msgspec.json.encode(begin(1.0, NOW)),
    "api-health": msgspec.json.encode({"list": ApiRecord()}),
}
API, WEB = "https://im.diningcode.com", "https://www.diningcode.com"
PAGES = Path(__file__).parents[1] / "sites" / "diningcode" / "pages"
KEYWORD = "무한리필"


def search(data: bytes) -> None:
    """Read an answer to a search, as the spider does, and what is kept of it."""
    _read_kept(f"{API}{search_form('').path}", data, _list)


def profile(data: bytes) -> None:
    """Read an answer to a question for a store, to the row of PostgreSQL."""
    _read_kept(f"{API}{store_form('').path}", data, _store)


def list_page(data: bytes) -> None:
    """Read a list as people see it."""
    _read_kept(f"{WEB}/list.dc", data, _list)


def store_page(data: bytes) -> None:
    """Read a store as people see it."""
    _read_kept(f"{WEB}/profile.php", data, _store)


def text(data: bytes) -> None:
    """Read one text by every parser."""
    words = data.decode("utf-8", "replace")
    read_text(words)
    lines = words.split("\n")
    parse_hours(dict(zip(lines[::2], lines[1::2], strict=False)))


def dotenv(data: bytes) -> None:
    """Read `.env` and the addresses in it."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / ".env").write_bytes(data)
        with suppress(ConfigurationError):
            read_addresses(read_environment({}, Path(directory)).values)


def arguments(data: bytes) -> None:
    """Read what is given on a command line: `-a name=value` a line, ids, windows, paces."""
    words = data.decode("utf-8", "replace")
    given = dict(line.split("=", 1) for line in words.split("\n") if "=" in line)
    with suppress(ArgumentError):
        spider_arguments(CrawlArguments.parse(**given).described(API))
    for word in words.split("\n"):
        for read in (CrawlWindow.parse, check_crawl_id, live_pace):
            with suppress(ArgumentError, ConfigurationError):
                read(word)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "search": search,
    "profile": profile,
    "list-page": list_page,
    "store-page": store_page,
    "text": text,
    "dotenv": dotenv,
    "arguments": arguments,
    "entry": read_entry,
    "letter": read_dead_letter,
    "heartbeat": read_beat,
    "kept-page": read_page,
    "pace": read_pace,
    "api-health": read_health,
}


def seeds(target: str) -> Iterator[bytes]:
    """Yield good examples, which a fuzzer spoils."""
    rows = [json.loads(path.read_text("utf-8")) for path in sorted(PAGES.glob("row_*.json"))]
    found = {"total_cnt": len(rows), "list": rows}
    if target == "search":
        yield json.dumps({"result_code": "100", "result_data": {"poi_section": found}}, ensure_ascii=False).encode()
    elif target == "profile":
        yield from (path.read_bytes() for path in sorted(PAGES.glob("api_*.json")))
    elif target == "list-page":
        inside = json.dumps(json.dumps(found))[1:-1].replace("'", r"\'")
        yield f"<html><script>localStorage.setItem('listData','{inside}')</script></html>".encode()
    elif target == "store-page":
        yield from (path.read_bytes() for path in sorted(PAGES.glob("page_*.html")))
    elif target == "text":
        yield " ".join(piece for piece in PIECES if piece.isprintable()).encode("utf-8", "replace")
    elif target == "arguments":
        yield "district=강남구,서초구\nkeywords=+무한리필,뷔페\nlimit=20\ncrawl=a-1\nregion=서울".encode()
        yield b"01:00-06:00\n0.5\n20261128-080000-ab12"
    elif target in IN_REDIS:
        yield IN_REDIS[target]
    else:
        yield b"DB_HOST=db\nDB_PORT=5432\nDB_PASSWORD='a # b'\nREDIS_URL=redis://:x@localhost:6379/0\n# comment\n"
        yield b"\xef\xbb\xbfDATABASE_URL=postgresql://u:p%40x@[::1]:5432/refill_spot?sslmode=require\r\n"


def _read_kept(url: str, data: bytes, read: Callable[[str, bytes], None]) -> None:
    refusal_of(url, 200, data)
    with suppress(*DOCUMENTED):
        read(url, data)
    kept_page(url, 200, data)


def _list(url: str, data: bytes) -> None:
    page: SearchPage = read_list(url, data)
    ListReader({"11680"}, 1.0).read(page, Query("11680", KEYWORD), [])


def _store(url: str, data: bytes) -> None:
    page: StorePage = read_store(url, data)
    store = build_store(ROW, page, WEB)
    count_left_as_text(store)
    StoreRow.of(store).values()
