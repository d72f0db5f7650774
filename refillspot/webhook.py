"""An address that is told of events: JSON for a program; of a chat, whose host says which it is, a sentence.

Facts of the chats, as they publish them. Slack: in `text` three characters are escaped, and only these; from 4,000
characters on it may become several messages. Discord: `content` has at most 2,000 code points and may be Markdown;
`allowed_mentions` says who is called by it, `flags` 4 that no address in it is opened for a preview. Both answer 429
with `Retry-After` to whoever comes too often.
"""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_right
from concurrent.futures import Future
from datetime import UTC, datetime
from http.client import HTTPException
from itertools import accumulate
from threading import Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

import msgspec

from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.policies.retries import retry_after_seconds
from refillspot.site_hosts import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Shape = Callable[[str, Mapping[str, Any], str], dict[str, Any]]
    """Makes of an event, its facts and a sentence what is sent."""

SECONDS = 10.0  # for all of a message, from the name of the host to the last answer: whoever takes longer has failed
LEAST_WAIT = 1.0  # before a message that was refused with 429 is sent once more
TOO_MANY = 429
HEADERS = {"Content-Type": "application/json", "User-Agent": "refillspot"}
IN_A_URL = "/%:@!$&'()*+,;=~?[]#"  # what an address has beside letters and digits
MOST_OF_SLACK, MOST_OF_DISCORD = 4_000, 2_000  # characters
ESCAPED_FOR_SLACK = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
ESCAPED_FOR_DISCORD = {sign: f"\\{sign}" for sign in "\\*_~`|<>#[]"}
NO_PREVIEW = 4


def _as_json(event: str, facts: Mapping[str, Any], _sentence: str) -> dict[str, Any]:
    return {"event": event, **facts}


def _for_slack(_event: str, _facts: Mapping[str, Any], sentence: str) -> dict[str, Any]:
    return {"text": _escaped(sentence, ESCAPED_FOR_SLACK, MOST_OF_SLACK)}


def _for_discord(_event: str, _facts: Mapping[str, Any], sentence: str) -> dict[str, Any]:
    content = _escaped(sentence, ESCAPED_FOR_DISCORD, MOST_OF_DISCORD)
    return {"content": content, "allowed_mentions": {"parse": []}, "flags": NO_PREVIEW}


CHATS: tuple[tuple[re.Pattern[str], Shape], ...] = (
    (re.compile(r"hooks\.slack(-gov)?\.com/.*", re.DOTALL), _for_slack),
    (re.compile(r"((ptb|canary)\.)?discord(app)?\.com/api/(v\d+/)?webhooks/[^/]+/[^/]+/?"), _for_discord),
    (re.compile(r"((ptb|canary)\.)?discord(app)?\.com/api/(v\d+/)?webhooks/[^/]+/[^/]+/slack/?"), _for_slack),
)
"""By host and path. At its addresses that end in /slack Discord takes what is meant for Slack."""


def shape_of(url: str) -> Shape:
    """Return what the host of a webhook understands; of one that is not known, JSON."""
    parts = urlsplit(url)
    place = f"{(parts.hostname or '').removesuffix('.')}{parts.path}"
    return next((shape for pattern, shape in CHATS if pattern.fullmatch(place)), _as_json)


def _escaped(text: str, escapes: Mapping[str, str], most: int) -> str:
    """Return a text in which signs have no meaning of their own; where it would be too long, its beginning and "…"."""
    parts = [escapes.get(sign, sign) for sign in text]
    ends = list(accumulate(map(len, parts)))
    if not ends or ends[-1] <= most:
        return "".join(parts)
    return f"{''.join(parts[: bisect_right(ends, most - 1)])}…"


class Webhook:
    """An address that is told of events. Redirects are not followed; its host is all of it that may be told.

    Raises:
        ConfigurationError: it is no https address, nor an http one of this machine.
    """

    def __init__(self, url: str) -> None:
        self._url, self.host = _read_address(url)
        self._shape = shape_of(self._url)

    async def post(self, event: str, facts: Mapping[str, Any], sentence: str) -> str:
        """Return why it could not be told, in words that hold nothing of the address; nothing if it was."""
        message = msgspec.json.encode(self._shape(event, facts, sentence))
        request = Request(self._url, message, HEADERS, method="POST")  # noqa: S310  # its scheme was looked at
        try:
            status = await _in_own_thread(request)
        except (OSError, ValueError, HTTPException) as error:  # whose words may hold the address
            return type(error).__name__
        return "" if 200 <= status < 300 else f"HTTP {status}"


def _read_address(url: str) -> tuple[str, str]:
    """Return the address as ASCII, and its host.

    Raises:
        ConfigurationError: see `Webhook`.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname if "@" not in parts.netloc and parts.port != 0 else None
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"}:
        raise ConfigurationError(_("NOTIFY_URL is not the address of a webhook: use https://…"))
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            _("NOTIFY_URL must be https://…: otherwise anyone on the way could read it, and the messages."),
            _("http:// is for a webhook on this machine."),
        )
    return quote(url, IN_A_URL), host


async def _in_own_thread(request: Request) -> int:
    """Post in a thread that no end of a process waits for: a name may take minutes to be looked up."""
    status: Future[int] = Future()
    status.set_running_or_notify_cancel()

    def post() -> None:
        try:
            status.set_result(_post_patiently(request, monotonic() + SECONDS))
        except Exception as error:  # noqa: BLE001  # raised where it is awaited
            status.set_exception(error)

    Thread(target=post, name="webhook", daemon=True).start()
    async with asyncio.timeout(SECONDS):
        return await asyncio.wrap_future(status)


def _post_patiently(request: Request, deadline: float) -> int:
    """Post; whoever is asked to wait for less than is left does so, once. Return the status of the last answer.

    Raises:
        OSError, ValueError, HTTPException: there is none.
    """
    status, asked = _post(request)
    if status != TOO_MANY:
        return status
    wait = max(asked, LEAST_WAIT)
    if monotonic() + wait >= deadline:
        return status
    sleep(wait)
    return _post(request)[0]


def _post(request: Request) -> tuple[int, float]:
    """Return the HTTP status of the answer and how many seconds it asks to wait, of which nothing else is read."""
    is_here = is_loopback(urlsplit(request.full_url).hostname or "")
    proxies: dict[str, str] | None = {} if is_here else None  # None: those of the environment
    try:
        with build_opener(_NoRedirects, ProxyHandler(proxies)).open(request, timeout=SECONDS) as answer:
            return int(answer.status), 0.0
    except HTTPError as error:
        with error:
            asked = retry_after_seconds(error.headers["Retry-After"], datetime.now(UTC), error.headers["Date"])
            return error.code, asked


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Let the redirect be the answer: the message is for nobody else."""
