"""Tells a webhook what the operator of a crawl wants to hear of."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from concurrent.futures import Future
from ipaddress import ip_address
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, quote, urlsplit

import msgspec
from scrapy.exceptions import NotConfigured

from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.signals import crawl_event

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

logger = logging.getLogger(__name__)

SECONDS = 10.0  # for all of a message, from the name of the host to the answer: a webhook that takes longer has failed
LONGEST_STATUS_LINE = 1024  # bytes; nothing else of the answer is read
PORTS = {"http": 80, "https": 443}
IN_A_URL = "/%:@!$&'()*+,;=~?"  # what a path and a query have beside letters and digits


class Notify:
    """Posts each `crawl_event` as JSON, {"event": …, and its facts}. A failure is logged, and harms nothing.

    Any 2xx is a success; redirects are not followed. The address may hold a secret, so only its host is ever logged.
    Settings: NOTIFY_URL. Stats: notify/sent, notify/failed.

    Raises:
        ConfigurationError: NOTIFY_URL is no https address, nor an http one of this machine.
    """

    def __init__(self, url: str, stats: StatsCollector) -> None:
        self._address = _parse_address(url)
        self._stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        url = crawler.settings.get("NOTIFY_URL")
        if not url:
            raise NotConfigured("NOTIFY_URL is not set.")
        extension = cls(url, crawler.stats)
        crawler.signals.connect(extension.tell, signal=crawl_event)
        return extension

    async def tell(self, event: str, facts: Mapping[str, Any]) -> None:
        message = msgspec.json.encode({"event": event, **facts})
        try:
            status = await _in_own_thread(self._address, message)
        except (OSError, ValueError) as error:  # whose words may hold the address
            failure = type(error).__name__
        else:
            failure = "" if 200 <= status < 300 else f"HTTP {status}"
        if failure:
            self._stats.inc_value("notify/failed")
            logger.warning("the webhook at %s was not told of %r: %s", self._address.hostname, event, failure)
        else:
            self._stats.inc_value("notify/sent")


def _parse_address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_address = bool(parts.scheme in PORTS and parts.hostname and "@" not in parts.netloc and parts.port != 0)
    except ValueError:
        is_address = False
    if not is_address:
        raise ConfigurationError(_("NOTIFY_URL is no address of a webhook: use https://…"))
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ConfigurationError(
            _("NOTIFY_URL must be https://…: whoever is on the way could read it, and the messages."),
            _("http:// is for a webhook on this machine."),
        )
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _in_own_thread(address: SplitResult, message: bytes) -> int:
    """Post in a thread that no end of a process waits for: a name may take minutes to be looked up."""
    deadline = time.monotonic() + SECONDS
    status: Future[int] = Future()
    status.set_running_or_notify_cancel()

    def post() -> None:
        try:
            status.set_result(_post(address, message, deadline))
        except Exception as error:  # noqa: BLE001  # raised where it is awaited
            status.set_exception(error)

    Thread(target=post, name="notify", daemon=True).start()
    async with asyncio.timeout(SECONDS):
        return await asyncio.wrap_future(status)


def _post(address: SplitResult, message: bytes, deadline: float) -> int:
    """Return the HTTP status of the answer.

    Raises:
        OSError: there is no whole answer in time.
        ValueError: it is not HTTP.
    """
    host = address.hostname or ""
    target = quote(address.path or "/", IN_A_URL) + (f"?{quote(address.query, IN_A_URL)}" if address.query else "")
    head = (
        f"POST {target} HTTP/1.1\r\nHost: {address.netloc}\r\nUser-Agent: refillspot\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(message)}\r\n\r\n"
    )
    connection = socket.create_connection((host, address.port or PORTS[address.scheme]), _left(deadline))
    with connection:
        if address.scheme == "https":
            connection.settimeout(_left(deadline))
            connection = ssl.create_default_context().wrap_socket(connection, server_hostname=host)
        with connection:
            connection.settimeout(_left(deadline))
            connection.sendall(head.encode("ascii") + message)
            return _read_status(connection, deadline)


def _read_status(connection: socket.socket, deadline: float) -> int:
    answer = b""
    while b"\n" not in answer and len(answer) < LONGEST_STATUS_LINE:
        connection.settimeout(_left(deadline))
        part = connection.recv(LONGEST_STATUS_LINE)
        if not part:
            raise ConnectionError("no answer")
        answer += part
    version, _space, rest = answer.partition(b" ")
    if not version.startswith(b"HTTP/"):
        raise ValueError("not HTTP")
    return int(rest[:3])


def _left(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
