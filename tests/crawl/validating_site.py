"""A site in front of the replica that gives each answer an ETag, and says 304 to who has it."""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator


class ValidatingSite(ThreadingHTTPServer):
    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = upstream
        self.statuses: Counter[int] = Counter()
        self.counting = Lock()  # += of two threads may be one

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ValidatingSite

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or None
        request = Request(self.server.upstream + self.path, body, method=self.command)
        try:
            with urlopen(request) as answer:
                self.answer(answer.status, answer.read(), answer.headers["Content-Type"])
        except HTTPError as error:
            with error:
                self.answer(error.code, error.read(), error.headers["Content-Type"])

    do_POST = do_GET  # noqa: N815  # the name that the server calls

    def answer(self, status: int, body: bytes, content_type: str) -> None:
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        is_known = self.headers.get("If-None-Match") == etag
        with self.server.counting:
            self.server.statuses[304 if is_known else status] += 1
        self.send_response(304 if is_known else status)
        self.send_header("ETag", etag)
        if not is_known:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not is_known:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def validating_site(upstream: str) -> Iterator[ValidatingSite]:
    with ValidatingSite(upstream) as site:
        Thread(target=site.serve_forever, daemon=True).start()
        yield site
        site.shutdown()
