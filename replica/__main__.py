"""`python -m replica`: serve a synthetic Diningcode on this machine until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from aiohttp import web

from refillspot.exceptions import ArgumentError
from refillspot.regions import SEOUL, Region, parse_region
from replica.changes import Course
from replica.city import build_city
from replica.clock import MAX_DAYS, START
from replica.fault_control import parse_fault
from replica.listening import BACKLOG, ListenError, listen
from replica.request_log import RequestLog
from replica.robots import IM_ANSWERS
from replica.server import Site
from replica.shapes import NAMES, ODD_SHARE, name_shapes

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine

MAX_STORES = 1_000_000  # of each sort; beyond that a slip of the finger would fill the memory


def main() -> int:
    arguments = _parser().parse_args()
    try:
        listener = listen(arguments.host, arguments.port)
    except ListenError as error:
        print(f"replica: {error}", file=sys.stderr)  # noqa: T201  # a program's answer
        return 1
    _run(_serve(arguments, listener))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m replica", description="A synthetic Diningcode with a known truth.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_number(int, 0, 65_535), default=0, help="0 = a free one (default)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same city, to the byte")
    parser.add_argument("--region", type=_region, default=SEOUL, help="the city that is drawn (default 서울특별시)")
    parser.add_argument("--refill-stores", type=_number(int, 0, MAX_STORES), default=1500)
    parser.add_argument("--ordinary-stores", type=_number(int, 0, MAX_STORES), default=6000)
    parser.add_argument("--cap", type=_number(int, 1), default=100, help="rows that one query can show (default 100)")
    parser.add_argument(
        "--latency-ms", type=_number(float, 0), default=0, help="delay of every answer but those of /_…"
    )
    parser.add_argument(
        "--robots-im", choices=IM_ANSWERS, default="missing", help="robots.txt of im.* (default missing)"
    )
    parser.add_argument("--shapes", choices=NAMES, default="mixed", help="the site's answers as of … (default mixed)")
    parser.add_argument(
        "--odd", type=_number(float, 0, 1), help=f"share of optional parts that are odd (mixed {ODD_SHARE}, else 0)"
    )
    parser.add_argument(
        "--daily-changes",
        type=_number(float, 0, 1),
        help="share of the stores that change on a day (default about 0.004)",
    )
    parser.add_argument(
        "--festival-day", type=_number(int, 1, MAX_DAYS), help="day from the start on for a week of other hours"
    )
    parser.add_argument(
        "--poorer-pages", type=_number(float, 0, 1), default=0, help="share of store pages that say less on a day"
    )
    parser.add_argument("--prerender", action="store_true", help="write every store page at the start, and keep it")
    parser.add_argument("--fault", type=parse_fault, action="append", default=[], help="kind=status,status=429,…")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when the parent's end of stdin closes")
    return parser


def _region(text: str) -> Region:
    try:
        return parse_region(text)
    except ArgumentError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _number(kind: type[float], least: float, most: float = 10**9) -> Callable[[str], float]:
    """Return a reader of numbers within bounds, of int or float."""

    def read(text: str) -> float:
        number = kind(text)
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{number} is not between {least} and {most}")
        return number

    read.__name__ = kind.__name__  # argparse says it: "invalid int value: 'x'"
    return read


async def _serve(arguments: argparse.Namespace, listener: socket.socket) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    site = _build_site(arguments)
    site.faults.raise_all(arguments.fault)
    runner = web.AppRunner(site.app(), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, listener, backlog=BACKLOG).start()
    host, port = runner.addresses[0][:2]
    where = (
        f"http://{host}:{port} (seed {arguments.seed}, {arguments.refill_stores + arguments.ordinary_stores} stores)"
    )
    try:
        print(f"replica: synthetic Diningcode on {where}", flush=True)  # noqa: T201  # the line that callers wait for
    except BrokenPipeError:  # nobody waits for it any more
        stop.set()
    if arguments.until_stdin_closes:
        _stop_on_eof(stop)
    await stop.wait()
    await runner.cleanup()


def _build_site(arguments: argparse.Namespace) -> Site:
    gc.disable()  # nothing to collect here, and a lot to look through
    stores = build_city(
        arguments.seed,
        refill_stores=arguments.refill_stores,
        ordinary_stores=arguments.ordinary_stores,
        city=arguments.region,
    )
    gc.freeze()
    gc.enable()
    return Site(
        arguments.seed,
        stores,
        RequestLog(),
        cap=arguments.cap,
        latency=arguments.latency_ms / 1000,
        robots_im=arguments.robots_im,
        city=arguments.region,
        shapes=name_shapes(arguments.shapes, arguments.odd),
        course=_course(arguments),
        prerender=arguments.prerender,
    )


def _course(arguments: argparse.Namespace) -> Course:
    festival = None if arguments.festival_day is None else START.date() + timedelta(days=arguments.festival_day)
    return Course(arguments.daily_changes, festival, arguments.poorer_pages)


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
    sys.exit(main())
