"""What an answer of the site is worth to those who ask the same later. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refillspot.exceptions import LayoutChangedError, PassingError, UnknownStoreError
from refillspot.policies.caching import Cacheability, Kind
from refillspot.sites.diningcode.channels import read_list, read_store
from refillspot.sites.diningcode.json_parts import without_mark
from refillspot.sites.site import ABSENT, by_status

if TYPE_CHECKING:
    from collections.abc import Callable

READERS: dict[Kind, Callable[[str, bytes], Any]] = {Kind.LIST: read_list, Kind.STORE: read_store}


def cacheability(kind: Kind, url: str, status: int, body: bytes) -> Cacheability:
    """Judge an answer by reading it: the site reports errors, and shows block pages, under HTTP 200 too."""
    if status == 200:
        return _of_robots(body) if kind is Kind.ROBOTS else _of_page(kind, url, body)
    if status in ABSENT and b"Human Verification" in body:
        return Cacheability.PASSING
    return by_status(kind, status)


def _of_page(kind: Kind, url: str, body: bytes) -> Cacheability:
    try:
        READERS[kind](url, body)
    except UnknownStoreError:
        return Cacheability.PERMANENT if kind is Kind.STORE else Cacheability.UNKNOWN
    except PassingError:
        return Cacheability.PASSING
    except LayoutChangedError:
        return Cacheability.UNKNOWN
    return Cacheability.PAGE


def _of_robots(body: bytes) -> Cacheability:
    return (
        Cacheability.PASSING if without_mark(body).lstrip().startswith(b"<") else Cacheability.PAGE
    )  # rules are no HTML
