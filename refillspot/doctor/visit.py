"""One request of the site, as polite as those of a crawl, and what it tells all workers about the site."""

from __future__ import annotations

import asyncio
import errno
import http.client
import socket
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from refillspot.exceptions import VisitError
from refillspot.language import gettext as _
from refillspot.policies import politeness
from refillspot.policies.retries import retry_after_seconds
from refillspot.retelling import retell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

    from refillspot.shared.budget import RequestBudget
    from refillspot.sites.site import Form, Site

ANSWER_SECONDS = 30.0
TURN_SECONDS = 30.0  # until it is this program's turn; others may be crawling
LARGEST_BYTES, CHUNK_BYTES = 8 * 2**20, 2**16
TOO_MUCH = {403, 429}


@dataclass(slots=True, frozen=True)
class Answer:
    url: str
    status: int
    headers: Message
    body: bytes
    refusal: str | None
    """Why it is a block, in words."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0913, PLR0917  # urllib's signature
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Follow nothing: where it leads to is what there is to tell."""


class Visitor:
    """Asks at the pace that all workers share. `headers` are those of a crawl; `budget` None: there is no limit."""

    def __init__(
        self, site: Site, headers: Mapping[str, str], budget: RequestBudget | None, block_seconds: float
    ) -> None:
        self._site = site
        self._headers = dict(headers)
        self._budget = budget
        self._block_seconds = block_seconds
        self._opener = urllib.request.build_opener(_NoRedirect)

    async def ask(self, url: str, form: Form | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Return what the site answers.

        Raises:
            VisitError: there is no answer, or no turn.
        """
        request = urllib.request.Request(  # noqa: S310  # http and https, of the settings
            url, form.body if form else None, {**self._headers, **(headers or {})}
        )
        sent = await self._turn()
        try:
            answer = await asyncio.to_thread(self._open, request)
        except (OSError, http.client.HTTPException) as error:
            if not _is_own_network(error):
                await self._note(is_error=True)
            raise VisitError(
                _("{url} does not answer: {error}").format(url=url, error=retell(str(getattr(error, "reason", error)))),
                _("Check that this machine can reach the Internet, and that DININGCODE_API_URL is right."),
            ) from error
        await self._note(is_error=answer.status >= 500)
        await self._tell(answer, sent)
        return answer

    async def _turn(self) -> float:
        if self._budget is None:
            return 0.0
        try:
            async with asyncio.timeout(TURN_SECONDS):
                return await self._budget.permit() or 0.0
        except TimeoutError as error:
            raise VisitError(
                _("it was not this request's turn within {seconds:.0f} s: the site may not be asked any faster").format(
                    seconds=TURN_SECONDS
                ),
                _("See `scrapy politeness show`, and try again when it is less busy."),
            ) from error

    def _open(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=ANSWER_SECONDS) as response:
                return self._answer(request.full_url, response.status, response.headers, _read(response))
        except urllib.error.HTTPError as error:
            with error:
                return self._answer(request.full_url, error.code, error.headers, _read(error))

    def _answer(self, url: str, status: int, headers: Message, body: bytes) -> Answer:
        refusal = self._site.refusal_of(url, status, body)
        return Answer(url, status, headers, body, refusal.words if refusal else None)

    async def _note(self, *, is_error: bool) -> None:
        if self._budget:
            await self._budget.answered(is_error=is_error)

    async def _tell(self, answer: Answer, sent: float) -> None:
        """Let all workers know of a site that has enough, as a worker would."""
        if self._budget is None:
            return
        reason = f"HTTP {answer.status} of {answer.url}"
        after, date = answer.headers.get("Retry-After"), answer.headers.get("Date")
        if seconds := retry_after_seconds(after, datetime.now(UTC), date):
            await self._budget.change(partial(politeness.hold, seconds=seconds, reason=reason))
        if refusal := answer.refusal:
            block = partial(politeness.block, reason=refusal, sent=sent, cool_down=self._block_seconds)
            await self._budget.change(block)
        elif answer.status in TOO_MUCH:
            await self._budget.change(partial(politeness.slow_down, reason=reason, sent=sent))


def _is_own_network(error: Exception) -> bool:
    """Whether nobody was spoken to: that says nothing about the site."""
    reason = getattr(error, "reason", error)
    unreachable = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}
    return isinstance(reason, socket.gaierror | ConnectionRefusedError) or getattr(reason, "errno", None) in unreachable


def _read(response: Any) -> bytes:
    """Return the body, as far as it is of a sane size.

    Raises:
        TimeoutError: it comes drop by drop.
    """
    body, deadline = b"", time.monotonic() + ANSWER_SECONDS
    while len(body) < LARGEST_BYTES and (part := response.read1(CHUNK_BYTES)):
        body += part
        if time.monotonic() > deadline:
            raise TimeoutError(_("the answer took longer than {seconds:.0f} s").format(seconds=ANSWER_SECONDS))
    return body
