"""What a check-up asks a site, and what it wants to know of the answers: the second half of the contract. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.policies.caching import Kind
    from refillspot.sites.shapes import Differences, Oddity, Shapes

FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


class Form(NamedTuple):
    """A form to be posted: a path of the API, and the body."""

    path: str
    body: bytes


class ExaminedList(NamedTuple):
    rows: int
    total: int | None
    """Matches, as the site counts them. None = it does not say."""
    here: int
    """Rows that lie in the district that was asked for."""
    ref: str | None
    """A store of it, one of those if there are any."""
    broken: Sequence[str]
    """What is wrong with the rows that cannot be read."""
    differences: Differences
    oddities: Sequence[Oddity]


class ExaminedStore(NamedTuple):
    name: str
    menu_lines: int
    differences: Differences
    oddities: Sequence[Oddity]


class Examination(Protocol):
    """Methods that read raise `SiteError` for what cannot be read."""

    def list_form(self, query: str) -> Form:
        """Return what asks for a list."""

    def store_form(self, ref: str) -> Form:
        """Return what asks for a store."""

    def read_list(self, body: bytes, district_code: str) -> ExaminedList: ...

    def read_store(self, body: bytes) -> ExaminedStore: ...

    def note_shapes(self, kind: Kind, body: bytes, shapes: Shapes) -> None:
        """Take in an answer, the parts that are read by the paths that their oddities have."""

    def known_paths(self, kind: Kind) -> dict[str, str]:
        """Return {path of each part that is read: the type that is due, "text"}."""

    def differences(self, kind: Kind, shapes: Shapes) -> Differences:
        """Compare what came with what is read, and was seen before."""
