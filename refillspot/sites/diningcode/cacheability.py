"""What an answer of the site is worth to those who ask the same later. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refillspot.exceptions import LayoutChangedError, PassingError, UnknownStoreError
from refillspot.policies.caching import Kind, Worth
from refillspot.sites.diningcode.json_parts import without_mark
from refillspot.sites.diningcode.roads import read_list, read_store

if TYPE_CHECKING:
    from collections.abc import Callable

ABSENT = {404, 410}
REFUSED = {403, 408, 425, 429}
READERS: dict[Kind, Callable[[str, bytes], Any]] = {Kind.LIST: read_list, Kind.STORE: read_store}


def worth_of(kind: Kind, url: str, status: int, body: bytes) -> Worth:
    """Judge an answer by reading it: the site reports errors, and shows block pages, under HTTP 200 too."""
    if status == 200:
        return _worth_of_robots(body) if kind is Kind.ROBOTS else _worth_of_page(kind, url, body)
    if status in ABSENT and b"Human Verification" not in body:
        return Worth.UNKNOWN if kind is Kind.LIST else Worth.PERMANENT  # a search that is gone is a changed API
    if status in REFUSED | ABSENT or status >= 500 or 200 < status < 300:
        return Worth.PASSING
    return Worth.UNKNOWN


def _worth_of_page(kind: Kind, url: str, body: bytes) -> Worth:
    try:
        READERS[kind](url, body)
    except UnknownStoreError:
        return Worth.PERMANENT if kind is Kind.STORE else Worth.UNKNOWN
    except PassingError:
        return Worth.PASSING
    except LayoutChangedError:
        return Worth.UNKNOWN
    return Worth.PAGE


def _worth_of_robots(body: bytes) -> Worth:
    return Worth.PASSING if without_mark(body).lstrip().startswith(b"<") else Worth.PAGE  # rules are no HTML
