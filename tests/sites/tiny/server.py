"""The tiny site itself: three list pages of two stores each, and a page for each store."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = {f"/list/{n}": {"stores": [f"s{2 * n}", f"s{2 * n + 1}"], "more": n < 2} for n in range(3)}
PAGES |= {f"/store/s{n}": {"name": f"고기뷔페 {n}", "menu": {"무한리필": "15,900원"}} for n in range(6)}


class TinySite(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: TinySite

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200 if self.path in PAGES else 404)
        self.end_headers()
        self.wfile.write(json.dumps(PAGES.get(self.path)).encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def tiny_site() -> Iterator[TinySite]:
    with TinySite() as site:
        Thread(target=site.serve_forever, daemon=True).start()
        yield site
        site.shutdown()
