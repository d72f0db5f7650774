"""The page list.dc: the first rows of a search, as one of its scripts keeps them, in the shape of the API's."""

from __future__ import annotations

import re

import msgspec

from refillspot.diningcode.answers import PoiSection, SearchPage, convert, read_rows
from refillspot.diningcode.forms import PAGE_CAP
from refillspot.diningcode.page_text import page_text
from refillspot.exceptions import LayoutChangedError

# localStorage.setItem('listData', '…'): a JSON string's inside, where ' is written \'.
LIST_DATA = re.compile(r"""localStorage\.setItem\(\s*['"]listData['"]\s*,\s*'([^'\\]*(?:\\.[^'\\]*)*)'""", re.DOTALL)
PATH = "listData"


class _ListData(msgspec.Struct, kw_only=True):
    """`result_data` of the API, or its `poi_section` alone: both were reported. Neither where nothing is found."""

    poi_section: PoiSection | None = None
    total_cnt: int | None = None
    rows: list[msgspec.Raw] | None = msgspec.field(name="list", default=None)


def decode_list_page(body: bytes) -> SearchPage:
    """Read a list page. A row that cannot be read does not cost its neighbours.

    Raises:
        BlockedError, MalformedAnswerError: the site did not answer the question.
        LayoutChangedError: the page has no `listData`, or that, or every row of it, is not in the known shape.
    """
    found = LIST_DATA.search(page_text(body))
    if found is None:
        raise LayoutChangedError("the page has no script that sets `listData`")
    inside = found[1].replace(r"\'", "'")
    try:
        text = msgspec.json.decode(f'"{inside}"', type=str)
        data = convert(text.encode(), _ListData, PATH)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise LayoutChangedError(f"{PATH} is not JSON within a string: {error}") from error
    if data.total_cnt is not None and data.rows is not None:
        return read_rows(PoiSection(total_cnt=data.total_cnt, rows=data.rows), PATH, PAGE_CAP)
    return read_rows(data.poi_section, f"{PATH}.poi_section", PAGE_CAP)
