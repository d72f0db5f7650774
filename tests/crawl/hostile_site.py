"""A site in front of the replica that mixes hostile answers into the honest ones, and a server that nobody may ask."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager, suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from threading import Thread
from time import time
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import parse_qs
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

STORE, LIST = "/API/profile/", "/API/isearch/"
FORGED = "2026-11-24 15:30:00 [refillspot] INFO: Complete: 9 stores stored."
ACTS = f"\x1b[2J\x9b31m\u202e[red] [/] :smile:\r\n{FORGED}\u2028{FORGED}\0"
"""Clears the screen, colours it, turns it round, is markup, and forges lines of a log."""
RULES = b"User-agent: *\nAllow: /\nDisallow: /private/\nCrawl-delay: 0.001\n"
RULES_MB = 100
DEEP = "[" * 100_000 + "]" * 100_000
TOTALS = ("1000000000000000", "-5", "NaN", "1e400", "9" * 5_000)
ROWS = (
    {"v_rid": f"id{ACTS}", "nm": "가게"},
    {"v_rid": "x" * 6_000, "nm": "가게"},
    {"v_rid": 10**70, "nm": "가게"},
    {"v_rid": "abc\n", "nm": "가게"},
)
"""Of which no store can be made."""

Trick = "Callable[[Handler], None]"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HostileSite

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.ref = ref = parse_qs(body.decode()).get("v_rid", [""])[0]
        if self.path == "/robots.txt":
            self.slow_rules() if self.server.rules_lead_away else self.endless_rules()
        elif ref in self.server.tricks and self.server.met[ref] < self.server.times.get(ref, 1_000):
            self.server.met[ref] += 1
            TRICKS[self.server.tricks[ref]](self)
        elif self.command == "GET":  # where a redirect led
            self.server.strays.append(self.path)
            self.leads(302, self.path)
        else:
            status, answer = self.honest(body)
            self.answers(status, self.spoilt(answer) if self.path == LIST else answer)

    do_POST = do_GET  # noqa: N815  # the name that the server calls

    def honest(self, body: bytes = b"") -> tuple[int, bytes]:
        request = Request(self.server.upstream + self.path, body or None, method=self.command)
        try:
            with urlopen(request) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()

    def slow_rules(self) -> None:
        """Lead to another server twice, then ask for ten minutes between requests."""
        self.server.rules_lead_away -= 1
        if self.server.rules_lead_away > 0:
            self.leads(302, f"{_of_inner(self)}/robots.txt")
        else:
            self.server.rules_lead_away = 1
            self.answers(200, b"User-agent: *\nCrawl-delay: 600\n")

    def endless_rules(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(RULES_MB * 2**20))
        self.end_headers()
        more = b"Disallow: /a-path-that-nobody-asks-for\n" * 1_000
        with suppress(OSError):  # whoever has read enough goes away
            self.wfile.write(RULES)
            for _ in range(RULES_MB * 2**20 // len(more)):
                self.wfile.write(more)
            self.server.rules_sent += 1
        self.close_connection = True

    def spoilt(self, answer: bytes) -> bytes:
        """Return a list with rows of which no store can be made, and a total that no list has."""
        said = json.loads(answer)
        section = said["result_data"].get("poi_section") if isinstance(said["result_data"], dict) else None
        if section:
            section["list"] = [*ROWS, *section["list"]]
            section |= {"total_cnt": "TOTAL", "review": "DEEP"}
        text = json.dumps(said).replace('"TOTAL"', next(self.server.totals)).replace('"DEEP"', DEEP)
        return text.encode()

    def answers(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def leads(self, status: int, to: str) -> None:
        self.answers(status, b"", ("Location", to))

    def says(self, raw: bytes) -> None:
        self.wfile.write(raw)
        self.close_connection = True

    def too_much(self) -> None:
        """Ask for a second's peace by a date, with a comment that steers terminals."""
        self.answers(429, b"", ("Retry-After", f"{formatdate(time() + 1, usegmt=True)} (\x9b31m\x9b2J)"))

    def with_hostile_parts(self) -> None:
        page = {"key": "restaurant", "rn": f"명륜진사갈비{ACTS}무한리필", "score": "TOTAL", "photo": "DEEP"}
        menu = {"key": "menu", "list": [{"menu": f"무한리필{ACTS}", "price": "19,900원"}]}
        text = json.dumps({"result_code": "100", "result_data": [page, menu]})
        self.answers(200, text.replace('"TOTAL"', "9" * 5_000).replace('"DEEP"', DEEP).encode())

    def log_message(self, *_: object) -> None:
        pass


def _of_inner(handler: Handler) -> str:
    return f"http://127.0.0.1:{handler.server.inner.server_port}"


TRICKS: dict[str, Callable[[Handler], None]] = {
    "to another host": lambda one: one.leads(302, f"{_of_inner(one)}/store"),
    "the form to another host": lambda one: one.leads(307, f"{_of_inner(one)}{STORE}"),
    "a name in the address": lambda one: one.leads(308, f"http://me:pw@{one.headers['Host']}{STORE}"),
    "a file": lambda one: one.leads(302, "file:///etc/passwd"),
    "data": lambda one: one.leads(303, "data:application/json,{}"),
    "no address": lambda one: one.leads(302, "http://[::1"),
    "a loop": lambda one: one.leads(302, f"/API/again/?{one.ref}"),
    "a page that leads elsewhere": lambda one: one.answers(
        404, f'<html><meta http-equiv="refresh" content="0;url={_of_inner(one)}/"></html>'.encode()
    ),
    "a status that is none": lambda one: one.says(
        b"HTTP/1.1 100000000000000000000 Fine\r\nContent-Length: 2\r\n\r\n{}"
    ),
    "nested without end": lambda one: one.answers(200, DEEP.encode()),
    "an error that acts": lambda one: one.answers(
        200, json.dumps({"result_code": f"7{ACTS}", "result_msg": ACTS, "result_data": {}}).encode()
    ),
    "too much": Handler.too_much,
    "hostile parts": Handler.with_hostile_parts,
}
"""By name, what is answered to who asks for a store."""
PASSING = {"too much"}
"""Once: then the honest answer comes."""
READ = {"hostile parts", *PASSING}
"""Of which a store is made all the same."""


class HostileSite(ThreadingHTTPServer):
    """`tricks` tells which store is answered by which trick."""

    daemon_threads = True

    def __init__(self, upstream: str, inner: Inner, refs: Iterable[str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = upstream
        self.inner = inner
        self.tricks = dict(zip(refs, TRICKS, strict=False))
        self.times = {ref: 1 for ref, trick in self.tricks.items() if trick in PASSING}
        self.met: Counter[str] = Counter()
        self.totals = cycle(TOTALS)
        self.strays: list[str] = []
        """Paths of requests by GET: where redirects within the site led."""
        self.rules_sent = 0
        self.rules_lead_away = 0
        """How often robots.txt is asked for until it answers; 0 = it answers, without end."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def refs(self, tricks: Iterable[str]) -> set[str]:
        return {ref for ref, trick in self.tricks.items() if trick in tricks}


class Inner(ThreadingHTTPServer):
    """Another server of the network, whose answers would do for those of the site."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), InnerHandler)
        self.asked: list[str] = []


class InnerHandler(BaseHTTPRequestHandler):
    server: Inner

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = b"User-agent: *\nCrawl-delay: 600\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(server: Any) -> Iterator[Any]:
    with server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
