"""When a fault fires: pure rules, the same draws for the same seed. What it does: `fault_answers`, `fault_wire`."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

from msgspec import Meta, Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from refillspot.regions import Region

Seconds = Annotated[float, Meta(ge=0, le=86_400)]


class Asked(NamedTuple):
    """A request that a fault spoils: with the answer that was due, and a way to answer another body instead."""

    request: web.Request
    due: web.Response
    relist: Callable[[str, bool], bytes]
    city: Region


class Fault(Struct, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """Where, when and how often; each kind is a subclass with options of its own and the spoilt answer."""

    root: ClassVar[str] = "/"
    """The only paths where this kind can do anything."""

    path: Annotated[str, Meta(pattern=r"^/(?!_)")] = "/"
    """Start of the paths that are spoilt."""
    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0
    begin: Seconds = field(default=0.0, name="from")
    """Seconds since the fault was set."""
    until: Seconds | None = None
    spared: Annotated[int, Meta(ge=0)] = 0
    """So many requests (of this path, after `from`) are answered well before any can be hit."""
    first: Annotated[int, Meta(ge=1)] | None = None
    """Only so many requests (of this path, after `from`), those that are spared included, can be hit."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError for a path that this kind cannot spoil."""
        if not (self.path.startswith(self.root) or self.root.startswith(self.path)):
            raise ValueError(f"{self.kind} has no effect outside {self.root}")

    @property
    def kind(self) -> str:
        return str(self.__struct_config__.tag)

    async def answer(self, asked: Asked) -> web.StreamResponse | None:
        """Return the spoilt answer; None where there is nothing to spoil."""
        raise NotImplementedError

    def new_limit(self) -> Limit | None:
        """Return what must be exceeded before the fault fires."""
        return None


class Limit:
    """At most `requests` in any `per` seconds; who breaks it finds it closed for `block` seconds."""

    def __init__(self, requests: int, per: float, block: float) -> None:
        self._admitted: deque[float] = deque(maxlen=requests)
        self._per = per
        self._block = block
        self._closed_until = float("-inf")

    def is_broken(self, now: float) -> bool:
        """Count a request at `now`, in seconds; what is refused is not counted."""
        full = len(self._admitted) == self._admitted.maxlen and now - self._admitted[0] < self._per
        if now < self._closed_until:
            return True
        if full:
            self._closed_until = now + self._block
        else:
            self._admitted.append(now)
        return full


class ActiveFault:
    """A fault that was set at `now`, in seconds of any steady clock."""

    def __init__(self, name: str, fault: Fault, now: float) -> None:
        self.name = name
        self.fault = fault
        self.matched = 0
        """Requests of its path inside its window."""
        self.fired = 0
        self.limit = fault.new_limit()
        self._set_at = now
        self._rng = Random(fault.seed)  # noqa: S311  # the same faults each time are what is wanted

    def fires(self, path: str, now: float) -> bool:
        """Draw for a request. Whether it fires depends on the seed and on how many requests came before."""
        fault, age = self.fault, now - self._set_at
        if not (path.startswith(fault.path) and path.startswith(fault.root)):
            return False
        if age < fault.begin or (fault.until is not None and age >= fault.until):
            return False
        self.matched += 1
        if self.matched <= fault.spared or (fault.first is not None and self.matched > fault.first):
            return False
        drawn = self._rng.random() < fault.probability
        return drawn if self.limit is None else self.limit.is_broken(now) and drawn
