"""`/_faults`: sets, lists and takes back faults, and puts them between a route and its client."""

from __future__ import annotations

import time
from argparse import ArgumentTypeError
from collections import deque
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from replica.fault_answers import AnswerFault
from replica.fault_wire import WireFault
from replica.faults import ActiveFault, Asked, Fault
from replica.json_answer import write_json
from replica.streaming import stream, write_lines

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from refillspot.regions import Region
    from replica.request_log import Entry

AnyFault = AnswerFault | WireFault
MAX_VIOLATIONS = 100_000


def parse_fault(text: str) -> Fault:
    """Return the fault of a command line, "kind=status,status=429"; one with commas in its values is given as JSON."""
    try:
        if text.lstrip().startswith("{"):
            fault: Fault = msgspec.json.decode(text, type=AnyFault)
        else:
            fault = msgspec.convert(_parse_options(text), AnyFault, strict=False)
    except msgspec.MsgspecError as error:
        raise ArgumentTypeError(_explain(error)) from error
    return fault


class Faults:
    """The faults that are set. `relist` answers a search's form body (and whether it was a GET)."""

    def __init__(self, relist: Callable[[str, bool], bytes], city: Region) -> None:
        self._relist = relist
        self._city = city
        self._active: dict[int, ActiveFault] = {}
        self._last_id = 0
        self._violations: deque[Entry] = deque(maxlen=MAX_VIOLATIONS)

    def raise_all(self, faults: Iterable[Fault]) -> list[int]:
        """Set faults and return their ids; their windows begin now."""
        ids = []
        for fault in faults:
            self._last_id += 1
            self._active[self._last_id] = ActiveFault(f"{fault.kind}#{self._last_id}", fault, time.monotonic())
            ids.append(self._last_id)
        return ids

    async def answer(self, request: web.Request, entry: Entry, due: Awaitable[web.Response]) -> web.StreamResponse:
        """Return the answer that is due, or what the first fault that fires makes of it; the entry tells which."""
        firing = self._draw(entry)
        try:
            whole = await due
        except web.HTTPException as refusal:  # a body too long
            entry.status = refusal.status
            raise
        answer = await _spoil(firing, entry, Asked(request, whole, self._relist, self._city)) if firing else whole
        gone = request.transport is None or request.transport.is_closing()
        entry.status = None if gone and not answer.prepared else answer.status
        return answer

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/_faults", self._post)
        router.add_get("/_faults", self._get)
        router.add_delete("/_faults", self._delete_all)
        router.add_delete(r"/_faults/{id:\d{1,9}}", self._delete)
        router.add_get("/_faults/violations", self._get_violations)

    def _draw(self, entry: Entry) -> ActiveFault | None:
        """Return the first fault that fires; every fault draws, so that none disturbs another's order."""
        now = time.monotonic()
        firing = [active for active in self._active.values() if active.fires(entry.path, now)]
        if any(active.limit for active in firing):
            self._violations.append(entry)
        return firing[0] if firing else None

    async def _post(self, request: web.Request) -> web.Response:
        try:
            faults = msgspec.json.decode(await request.read(), type=AnyFault | list[AnyFault])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return write_json({"error": _explain(error)}, 400)
        return write_json({"ids": self.raise_all(faults if isinstance(faults, list) else [faults])})

    async def _get(self, _request: web.Request) -> web.Response:
        return write_json([
            {"id": number, "matched": active.matched, "fired": active.fired, "fault": active.fault}
            for number, active in self._active.items()
        ])  # fmt: skip

    async def _delete_all(self, _request: web.Request) -> web.Response:
        self._active.clear()
        self._violations.clear()
        return web.Response(status=204)

    async def _delete(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        if self._active.pop(number, None) is None:
            return write_json({"error": f"there is no fault {number}"}, 404)
        return web.Response(status=204)

    async def _get_violations(self, request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": "application/x-ndjson; charset=utf-8"}
        return await stream(request, write_lines(tuple(self._violations)), headers)


async def _spoil(active: ActiveFault, entry: Entry, asked: Asked) -> web.StreamResponse:
    entry.fault = active.name
    active.fired += 1
    answer = await active.fault.answer(asked)
    if answer is not None:
        return answer
    entry.fault = None
    active.fired -= 1
    return asked.due


def _parse_options(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",")]
    return {name.strip(): value for name, _, value in pairs}


def _explain(error: Exception) -> str:
    kinds = ", ".join(sorted(kind.__struct_config__.tag for kind in AnyFault.__args__))
    return f"{error} (kinds: {kinds})" if "kind" in str(error) else str(error)
