"""The page list.dc: the first rows of a search, as one of its scripts keeps them, in the shape of the API's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from refillspot.exceptions import LayoutChangedError, MalformedAnswerError
from refillspot.sites.diningcode.answers import read_rows
from refillspot.sites.diningcode.forms import PAGE_CAP
from refillspot.sites.diningcode.json_parts import read_part, whole_json
from refillspot.sites.diningcode.page_text import page_text
from refillspot.sites.diningcode.page_types import PoiSection, SearchPage

if TYPE_CHECKING:
    from refillspot.sites.shapes import Oddity

# localStorage.setItem('listData', '…'): a JSON string's inside, where ' is written \'.
LIST_DATA = re.compile(r"""localStorage\.setItem\(\s*['"]listData['"]\s*,\s*'([^'\\]*(?:\\.[^'\\]*)*)'""", re.DOTALL)


class _ListData(PoiSection, kw_only=True):
    """`result_data` of the API, or its `poi_section` alone: both were reported. Neither where nothing is found."""

    poi_section: PoiSection | None = None


def decode_list_page(body: bytes) -> SearchPage:
    """Read a list page. A row that cannot be read does not cost its neighbours.

    Raises:
        BlockedError, MalformedAnswerError: the site did not answer the question.
        LayoutChangedError: the page has no `listData`, there is no list in it, or none of its rows can be read.
    """
    oddities: list[Oddity] = []
    data = read_part(list_data(page_text(body)), _ListData, "", oddities)
    section = data if data.rows is not None or data.total_cnt is not None else data.poi_section
    return read_rows(section, oddities, PAGE_CAP)


def list_data(page: str) -> bytes:
    """Return what the script of a list page keeps, as whole JSON.

    Raises:
        LayoutChangedError: there is no such script, or it keeps something else.
    """
    found = LIST_DATA.search(page)
    if found is None:
        raise LayoutChangedError("the page has no script that sets `listData`")
    inside = found[1].replace(r"\'", "'")
    try:
        text = msgspec.json.decode(whole_json(f'"{inside}"'.encode("utf-8", "replace")), type=str)
        return whole_json(text.encode())
    except (msgspec.DecodeError, MalformedAnswerError) as error:
        raise LayoutChangedError(f"`listData` is not JSON within a string: {error}") from error
