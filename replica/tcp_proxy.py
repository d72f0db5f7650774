"""A TCP proxy for tests: between a program and its Redis or PostgreSQL, as bad as a network can be.

In a test: `with TcpProxy("127.0.0.1:6379") as proxy: ... proxy.cut()`. By hand:
`python -m replica.tcp_proxy --upstream /run/redis.sock`, then a command a line: see `--help`.
"""

from __future__ import annotations

import argparse
import asyncio
import selectors
import socket
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Self, TypeVar

from replica.tcp_link import CHUNK_BYTES, Line, Link
from replica.tcp_reset import reset

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from replica.tcp_link import Streams

    Result = TypeVar("Result")

HOST = "127.0.0.1"
DEADLINE_SECONDS = 10
COMMANDS = "delay SECONDS, throttle BYTES_PER_SECOND, cut, refuse, half_open, swallow, heal, count"


class TcpProxy:
    """Listens on a free loopback port while entered, in a thread of its own; safe to steer from any thread.

    `upstream` is "host:port" or the path of a Unix socket. With `path` it listens on a Unix socket there: to the port
    everybody on this machine can connect. Each method returns once it is in force.
    """

    def __init__(self, upstream: str, path: Path | None = None) -> None:
        self.upstream = upstream
        self.path = path
        self.port = 0
        self._line = Line()
        self._links: dict[asyncio.Task[None] | None, Link] = {}
        self._is_closing = False

    def __enter__(self) -> Self:
        self._reserved = socket.socket()  # keeps the port ours while the listener is away
        if not self.path:
            self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._reserved.bind((HOST, 0))
            self.port = self._reserved.getsockname()[1]
        # has add_reader everywhere; select keeps half a millisecond, which epoll would round up to a whole one
        self._loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
        self._thread = Thread(target=self._loop.run_forever, name=f"TcpProxy-{self.port}", daemon=True)
        self._thread.start()
        self._await(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._await(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._reserved.close()

    @property
    def connections(self) -> int:
        """How many were ever accepted."""
        return self._line.connections

    @property
    def bytes_up(self) -> int:
        """Sent on to the upstream."""
        return self._line.bytes_up

    @property
    def bytes_down(self) -> int:
        """Sent back to the clients."""
        return self._line.bytes_down

    def delay(self, seconds: float) -> None:
        """Hold everything back for so long, each way."""
        self._line.delay = seconds

    def throttle(self, bytes_per_second: float) -> None:
        """Let at most so much through, each way, of each connection.

        Raises:
            ValueError: it is no rate; to let nothing through is `half_open`.
        """
        if not bytes_per_second > 0:
            raise ValueError(f"{bytes_per_second} bytes a second is no rate")
        self._line.rate = bytes_per_second

    def cut(self) -> None:
        """Reset every connection; new ones are welcome."""
        self._await(self._cut())

    def refuse(self) -> None:
        """Refuse new connections; those there go on."""
        self._await(self._refuse())

    def half_open(self) -> None:
        """Accept and swallow: on connections new and old, nothing arrives and nothing comes back."""
        self._line.silent = True

    def swallow(self) -> None:
        """Let the connections that there are lead nowhere, for good and without a reset; new ones are normal.

        As a network does that forgets them: neither side is told.
        """
        lost = self._line
        self._line = replace(lost, silent=False)
        lost.silent = True

    def heal(self) -> None:
        """Return to normal. Connections that were half-open are reset: bytes of theirs are lost."""
        self._await(self._heal())

    def _await(self, work: Coroutine[None, None, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE_SECONDS)

    async def _listen(self) -> None:
        """Not with an asyncio server: that loses a connection which arrives while it closes."""
        self._listener = _unix_server(self.path) if self.path else socket.create_server((HOST, self.port), backlog=128)
        self._listener.settimeout(0)
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        with suppress(OSError):  # gone again
            connection, _ = self._listener.accept()
            self._line.connections += 1
            self._loop.create_task(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        client = await asyncio.open_connection(sock=connection, limit=CHUNK_BYTES)
        try:
            upstream = None if self._line.silent else await self._connect()
        except OSError:
            reset(client[1].transport)
            return
        link = Link(self._line, client, upstream)
        if self._is_closing:
            link.cut()
            return
        task = asyncio.current_task()
        self._links[task] = link
        await link.run()
        del self._links[task]

    async def _connect(self) -> Streams:
        if "/" in self.upstream:
            return await asyncio.open_unix_connection(self.upstream, limit=CHUNK_BYTES)
        host, _, port = self.upstream.rpartition(":")
        return await asyncio.open_connection(host.strip("[]"), int(port), limit=CHUNK_BYTES)

    async def _cut(self) -> None:
        links = dict(self._links)
        for link in links.values():
            link.cut()
        await asyncio.gather(*filter(None, links), return_exceptions=True)

    async def _refuse(self) -> None:
        if self._listener.fileno() >= 0:  # it is open
            self._loop.remove_reader(self._listener)
            self._listener.close()

    async def _heal(self) -> None:
        if self._line.silent:
            await self._cut()
        self._line.delay, self._line.rate, self._line.silent = 0, None, False
        if self._listener.fileno() < 0:
            await self._listen()

    async def _close(self) -> None:
        self._is_closing = True
        await self._refuse()
        await self._cut()
        while accepting := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(accepting)


def _unix_server(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(128)
    return listener


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m replica.tcp_proxy", epilog=f"commands on stdin: {COMMANDS}")
    parser.add_argument("--upstream", required=True, help="host:port, or the path of a Unix socket")
    parser.add_argument("--path", type=Path, help="listen on a Unix socket there, in place of a port of loopback")
    arguments = parser.parse_args()
    with TcpProxy(arguments.upstream, arguments.path) as proxy:
        _say(f"tcp_proxy: {proxy.path or f'{HOST}:{proxy.port}'} -> {proxy.upstream}")
        for line in sys.stdin:
            _say(_obey(proxy, *line.split()))


def _obey(proxy: TcpProxy, command: str = "", *numbers: str) -> str:
    """Carry out a command and return what to answer."""
    commands: dict[str, Callable[..., None]] = {
        "delay": proxy.delay, "throttle": proxy.throttle, "cut": proxy.cut, "refuse": proxy.refuse,
        "half_open": proxy.half_open, "swallow": proxy.swallow, "heal": proxy.heal, "count": lambda: None,
    }  # fmt: skip
    try:
        commands[command](*map(float, numbers))
    except (KeyError, TypeError, ValueError):
        return f"commands: {COMMANDS}"
    return f"{command}: {proxy.connections} connections, {proxy.bytes_up} bytes up, {proxy.bytes_down} down"


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # a program's answers


if __name__ == "__main__":
    main()
