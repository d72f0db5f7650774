"""What the rest of the program knows of a site: one contract, which each room beside this one fulfils. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from refillspot.policies.caching import Cacheability, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from refillspot.items import Channel, Store
    from refillspot.sites.shapes import Differences, Oddity, Shapes

ABSENT = {404, 410}
REFUSED = {403, 408, 425, 429}
FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


class RefusalKind(StrEnum):
    VERIFICATION = "verification_pages"
    PAGE = "pages_for_humans"


class Refusal(NamedTuple):
    """Why an answer is a block."""

    kind: RefusalKind
    words: str


class SitePage(Protocol):
    """A list page or a store page that was read."""

    @property
    def oddities(self) -> Sequence[Oddity]: ...


class ListPage(SitePage, Protocol):
    @property
    def sent(self) -> int:
        """Rows of the page, those included that could not be read."""


class Site:
    """What a site is like. Each method as it stands here does for a plain one, which answers in one way only.

    A spider names its site (`site = …`); where no spider is, `refillspot.sites.find_site` knows it by its name.
    """

    name: ClassVar[str] = "plain"
    """What its rows in PostgreSQL are kept under."""
    examination: ClassVar[Examination | None] = None
    """What a check-up asks of it (`scrapy doctor`); None = nothing. With one, its spider signals what it has read."""

    def channel_of(self, url: str) -> Channel:  # noqa: ARG002  # a plain site has one
        """Return how an address is asked: through the site's API, or as a page for people."""
        return "web"

    def web_page_for(self, url: str, body: bytes, web_url: str) -> str | None:  # noqa: ARG002  # it has no API
        """Return the address of the page that says what a request asks the API for; None if no page does."""
        return None

    def refusal_of(self, url: str, status: int, body: bytes) -> Refusal | None:  # noqa: ARG002
        """Return why an answer is a block, whatever its status says; None if it is none."""
        return None

    def is_page_due(self, url: str) -> bool:  # noqa: ARG002
        """Tell whether HTML, and so an empty page, is a fair answer."""
        return True

    def cacheability(self, kind: Kind, url: str, status: int, body: bytes) -> Cacheability:  # noqa: ARG002
        """Return what an answer is worth to those who ask the same later."""
        return by_status(kind, status)

    def row_version(self, row: Mapping[str, object]) -> bytes:  # noqa: ARG002
        """Return a digest of what a list row says of a store; another = its page is out of date, empty = not known."""
        return b""

    def kept_page(self, url: str, status: int, body: bytes) -> bytes:  # noqa: ARG002
        """Return of an answer what may be kept, without visitors' words; the very same object where it is all."""
        return body

    def absent_parts(self, page: SitePage) -> list[str]:  # noqa: ARG002
        """Return the paths of parts that a page should have, and does not say anything of."""
        return []

    def ref_asked(self, url: str, form: bytes) -> str | None:  # noqa: ARG002
        """Return the id of the store whose page a request asks for; None if it asks for none."""
        return None

    def store_at(self, url: str, form: bytes, body: bytes, web_url: str) -> Store | None:  # noqa: ARG002
        """Return the store whose page somebody looks at, as far as the page alone tells; None if it is none of a store.

        Raises:
            SiteError: it is, and cannot be read.
        """
        return None

    def read_kept(self, row: Mapping[str, Any], body: bytes, web_url: str) -> Store:
        """Return the store of a page that was kept, and of the row that led to it.

        Raises:
            SiteError: the page, or the row, cannot be read.
        """
        raise NotImplementedError


def by_status(kind: Kind, status: int) -> Cacheability:
    """Return what an answer is worth as far as its status tells."""
    if status == 200:
        return Cacheability.PAGE
    if status in ABSENT:
        return Cacheability.UNKNOWN if kind is Kind.LIST else Cacheability.PERMANENT  # a search cannot be gone
    if status in REFUSED or status >= 500 or 200 < status < 300:
        return Cacheability.PASSING
    return Cacheability.UNKNOWN


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
    """The second half of the contract: what a check-up asks a site, and what it wants to know of the answers.

    Methods that read raise `SiteError` for what cannot be read.
    """

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
