"""Every fault of the TCP proxy, before an echo server and before the suite's real Redis and PostgreSQL."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from redis.backoff import NoBackoff
from redis.retry import Retry

from replica.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).parents[2]
DEADLINE_SECONDS = 60
SILENCE_SECONDS = 0.15


class Echo(StreamRequestHandler):
    def handle(self) -> None:
        while chunk := self.connection.recv(65_536):
            self.connection.sendall(chunk)


class EchoServer(ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A reset connection is what these tests are about."""


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    with EchoServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(echo: str) -> Iterator[TcpProxy]:
    with TcpProxy(echo) as running:
        yield running


@pytest.fixture
def client(proxy: TcpProxy) -> Iterator[socket.socket]:
    with connect(proxy) as connection:
        assert ask(connection, b"hello") == b"hello"
        yield connection


def connect(proxy: TcpProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=DEADLINE_SECONDS)


def ask(connection: socket.socket, message: bytes) -> bytes:
    connection.sendall(message)
    answer = b""
    while len(answer) < len(message) and (chunk := connection.recv(65_536)):
        answer += chunk
    return answer


def seconds(action: Callable[[], object]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


def test_it_carries_and_counts(proxy: TcpProxy, client: socket.socket) -> None:
    message = bytes(range(256)) * 8192
    sender = threading.Thread(target=client.sendall, args=(message,))
    sender.start()
    received = b""
    while len(received) < len(message):
        received += client.recv(65_536)
    sender.join()

    assert received == message
    assert (proxy.connections, proxy.bytes_up, proxy.bytes_down) == (1, len(message) + 5, len(message) + 5)


def test_an_end_of_one_side_is_passed_on(client: socket.socket) -> None:
    client.sendall(b"last")
    client.shutdown(socket.SHUT_WR)

    assert client.recv(10) == b"last"
    assert client.recv(10) == b""


def test_delay_is_added_each_way(proxy: TcpProxy, client: socket.socket) -> None:
    proxy.delay(0.1)

    assert 0.2 <= seconds(lambda: ask(client, b"late")) < DEADLINE_SECONDS


def test_a_long_delay_ends_with_heal(proxy: TcpProxy, client: socket.socket) -> None:
    proxy.delay(60)
    client.sendall(b"late")
    proxy.heal()

    assert client.recv(10) == b"late"


def test_throttle_limits_bytes_per_second(proxy: TcpProxy, client: socket.socket) -> None:
    proxy.throttle(20_000)

    assert 0.15 <= seconds(lambda: ask(client, bytes(4000))) < DEADLINE_SECONDS


def test_cut_resets_those_there_and_welcomes_new_ones(proxy: TcpProxy, client: socket.socket) -> None:
    proxy.cut()

    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with connect(proxy) as again:
        assert ask(again, b"back") == b"back"


def test_refuse_turns_new_ones_away_until_healed(proxy: TcpProxy, client: socket.socket) -> None:
    proxy.refuse()

    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    assert ask(client, b"still") == b"still"
    proxy.heal()
    with connect(proxy) as again:
        assert ask(again, b"back") == b"back"


def test_what_is_swallowed_stays_so_and_new_connections_are_normal(proxy: TcpProxy, client: socket.socket) -> None:
    assert ask(client, b"hello") == b"hello"
    proxy.swallow()
    proxy.heal()
    client.sendall(b"anybody?")
    client.settimeout(SILENCE_SECONDS)
    with pytest.raises(TimeoutError):
        client.recv(1)
    with connect(proxy) as again:
        assert ask(again, b"back") == b"back"
    assert proxy.connections == 2


def test_half_open_swallows_on_old_and_new_connections(proxy: TcpProxy, client: socket.socket) -> None:
    proxy.half_open()
    with connect(proxy) as late:
        for connection in (client, late):
            connection.sendall(b"anybody?")
            connection.settimeout(SILENCE_SECONDS)
            with pytest.raises(TimeoutError):
                connection.recv(1)
        assert (proxy.connections, proxy.bytes_up) == (2, 5)
        proxy.heal()
        for connection in (client, late):
            connection.settimeout(DEADLINE_SECONDS)
            with pytest.raises(ConnectionResetError):
                connection.recv(1)
    with connect(proxy) as again:
        assert ask(again, b"back") == b"back"


def test_an_upstream_that_is_away_resets_the_client() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with (
            TcpProxy(f"127.0.0.1:{nobody.getsockname()[1]}") as proxy,
            pytest.raises(ConnectionResetError),
            connect(proxy) as client,
        ):
            client.recv(1)


def test_nothing_is_left_behind(echo: str) -> None:
    before = left()
    for spoil in (TcpProxy.cut, TcpProxy.refuse, TcpProxy.half_open, TcpProxy.heal, lambda proxy: proxy.delay(60)):
        with TcpProxy(echo) as proxy, connect(proxy) as client:
            ask(client, b"hello")
            spoil(proxy)
            if spoil is TcpProxy.half_open:
                connect(proxy).close()
    while left() > before:  # the echo server's threads notice a little later; ends at pytest's time-out if never
        time.sleep(0.005)


def left() -> int:
    """Return how many threads and connections this process has."""
    return threading.active_count() + len(psutil.Process().net_connections("tcp"))


def test_in_front_of_redis(redis_url: str, key_prefix: str) -> None:
    url = urlsplit(redis_url)
    with (
        TcpProxy(url.path if url.scheme == "unix" else f"{url.hostname}:{url.port or 6379}") as proxy,
        redis.Redis(port=proxy.port, password=url.password, retry=Retry(NoBackoff(), 0)) as client,
        redis.Redis(port=proxy.port, password=url.password, socket_timeout=0.2, retry=Retry(NoBackoff(), 0)) as hasty,
    ):
        client.set(key_prefix, "kept")
        proxy.cut()
        assert client.get(key_prefix) == b"kept"  # on a new connection
        proxy.half_open()
        with pytest.raises(redis.TimeoutError):
            hasty.get(key_prefix)
        proxy.refuse()
        client.close()
        with pytest.raises(redis.ConnectionError):
            client.get(key_prefix)
        proxy.heal()
        assert client.get(key_prefix) == b"kept"
        assert proxy.connections >= 3


def test_in_front_of_postgres(database_url: str) -> None:
    at = conninfo_to_dict(database_url)
    host, port = str(at.get("host", "localhost")), at.get("port", 5432)
    upstream = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else f"{host}:{port}"
    with TcpProxy(upstream) as proxy:
        through = make_conninfo(database_url, host="127.0.0.1", port=proxy.port, connect_timeout=DEADLINE_SECONDS)
        with closing(psycopg.connect(through, autocommit=True)) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
            proxy.delay(0.05)
            assert seconds(lambda: connection.execute("SELECT 1")) >= 0.1
            proxy.cut()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        proxy.refuse()
        with pytest.raises(psycopg.OperationalError, match="refused"):
            psycopg.connect(through)
        proxy.heal()
        with psycopg.connect(through) as again:
            assert again.execute("SELECT 1").fetchone() == (1,)


def test_it_obeys_words_on_stdin(echo: str) -> None:
    command = [sys.executable, "-m", "replica.tcp_proxy", "--upstream", echo]
    words = "delay 0.1\nrefuse\nheal\nnonsense\ncut now\n"
    answer = subprocess.run(
        command, cwd=PROJECT, input=words, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=True
    ).stdout.splitlines()

    assert answer[0].startswith("tcp_proxy: 127.0.0.1:")
    assert answer[0].endswith(f" -> {echo}")
    assert answer[1:4] == [f"{word}: 0 connections, 0 bytes up, 0 down" for word in ("delay", "refuse", "heal")]
    assert all(line.startswith("commands: delay SECONDS") for line in answer[4:])
    assert len(answer) == 6
