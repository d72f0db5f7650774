"""`python -m replica`: serve a synthetic Diningcode on this machine until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from aiohttp import web

from replica.city import build_city
from replica.fault_control import parse_fault
from replica.listing import Listing
from replica.page_routes import robots_im
from replica.request_log import RequestLog
from replica.robots import IM_ANSWERS
from replica.search import Search
from replica.server import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


def main() -> None:
    arguments = _parser().parse_args()
    _run(_serve(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m replica", description="A synthetic Diningcode with a known truth.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 = a free one (default)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same city, to the byte")
    parser.add_argument("--refill-stores", type=int, default=1500)
    parser.add_argument("--ordinary-stores", type=int, default=6000)
    parser.add_argument("--cap", type=int, default=100, help="rows that one query can show (default 100)")
    parser.add_argument("--latency-ms", type=float, default=0, help="delay of every API answer")
    parser.add_argument(
        "--robots-im", choices=IM_ANSWERS, default="missing", help="robots.txt of im.* (default missing)"
    )
    parser.add_argument("--fault", type=parse_fault, action="append", default=[], help="kind=status,status=429,…")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when the parent's end of stdin closes")
    return parser


async def _serve(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    gc.disable()  # nothing to collect here, and a lot to look through
    stores = build_city(
        arguments.seed, refill_stores=arguments.refill_stores, ordinary_stores=arguments.ordinary_stores
    )
    gc.freeze()
    gc.enable()
    listing = Listing(Search(stores), arguments.cap)
    site = Site(arguments.seed, stores, listing, RequestLog(), arguments.latency_ms / 1000)
    site.faults.raise_all(arguments.fault)
    app = site.app()
    app[robots_im] = arguments.robots_im
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, arguments.host, arguments.port, backlog=1024).start()
    host, port = runner.addresses[0][:2]
    where = f"http://{host}:{port} (seed {arguments.seed}, {len(stores)} stores)"
    print(f"replica: synthetic Diningcode on {where}", flush=True)  # noqa: T201  # the line that callers wait for
    if arguments.until_stdin_closes:
        _stop_on_eof(stop)
    await stop.wait()
    await runner.cleanup()


def _stop_on_signals(stop: asyncio.Event) -> None:
    """Stop on SIGINT and SIGTERM; `loop.add_signal_handler` would not work on Windows."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


def _stop_on_eof(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def read_to_end() -> None:
        while os.read(sys.stdin.fileno(), 4096):  # not sys.stdin: its lock would hang the exit on a signal
            pass
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=read_to_end, daemon=True).start()


def _run(serving: Coroutine[None, None, None]) -> None:
    run: Callable[[Coroutine[None, None, None]], None] = asyncio.run
    try:
        import uvloop  # noqa: PLC0415  # not there on Windows
    except ImportError:
        run(serving)
    else:
        uvloop.run(serving)


if __name__ == "__main__":
    main()
