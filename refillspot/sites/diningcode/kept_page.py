"""What is kept of an answer, wherever it is kept: the parts that are read, and no word of a visitor. Pure.

An allow-list says what: nobody knows where the site will put people's words next. Of a store page these are the
sections below, of a list the fields of a row, of a page for people its JSON-LD and the containers that are read. All
else leaves its kind and size, under `left_out`; of an answer that cannot be read, the names of its parts as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from refillspot.exceptions import ApiError, LayoutChangedError, PassingError, UnknownStoreError
from refillspot.sites.diningcode.answers import LONGEST_MESSAGE, result_of, sections_of
from refillspot.sites.diningcode.forms import LIST_PAGE, STORE_PAGE, refusal_of, search_form, store_form
from refillspot.sites.diningcode.json_parts import loose_json, whole_json, write_json
from refillspot.sites.diningcode.kept_html import kept_list_page, kept_store_page
from refillspot.sites.diningcode.page_types import Row
from refillspot.sites.diningcode.people import json_without_people, without_people
from refillspot.sites.shapes import Shapes, json_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from refillspot.sites.shapes import Oddity

NESTED = b'{"left_out":"nested too deeply"}'
SECTIONS = ("restaurant", "detail", "menu", "score", "tag", "photo")
SECTION_FIELDS = ("total_cnt", "region", "region_name", "order")
ROW_FIELDS = frozenset({"area", "keyword", "distance"} | {one.encode_name for one in msgspec.structs.fields(Row)})


def kept_page(url: str, status: int, body: bytes) -> bytes:
    """Return an answer as it may be kept; reading it gives what reading the whole one does.

    Refusals and half answers come back as they are, since nobody keeps them; so do answers that are no list and no
    store page.
    """
    keep = KEEPERS.get(urlsplit(url).path)
    if keep is None or refusal_of(url, status, body):
        return body
    if not 200 <= status < 300:
        return b""  # its status says all
    try:
        return keep(body)
    except PassingError:
        return body
    except RecursionError:  # just as deep as the stack was
        return NESTED


def kept_list_result(result: bytes) -> tuple[Any, dict[str, Any]]:
    """Return what is kept of the result of a search, and what of the rest is told."""
    value = loose_json(result)
    if not isinstance(value, dict):
        return stand_in(value), {}
    is_section = "list" in value  # in the script of a page it may stand alone
    section = value if is_section else value.get("poi_section")
    left_out = {name: size_of(part) for name, part in value.items() if name != "poi_section" and not is_section}
    if isinstance(section, dict):
        section = _kept_section(section, left_out)
    elif section is not None:
        section = stand_in(section)
    if is_section:
        return section, left_out
    return ({"poi_section": section} if "poi_section" in value else {}), left_out


def stand_in(value: Any) -> Any:
    """Return what an odd value leaves behind, so that it is counted again when it is read again: its kind, no word."""
    stand_ins: dict[type, Any] = {str: "…", list: [None], dict: {"…": None}}
    return stand_ins.get(type(value), value) if value else value


def size_of(value: Any) -> str:
    return f"{json_type(value)}, {len(write_json(value))} bytes"


def shapes_of(value: Any) -> dict[str, str]:
    shapes = Shapes()
    shapes.note(value)
    return shapes.lines()


def _kept_search(body: bytes) -> bytes:
    return _kept_answer(body, kept_list_result)


def _kept_store(body: bytes) -> bytes:
    return _kept_answer(body, _kept_sections)


def _kept_answer(body: bytes, keep: Callable[[bytes], tuple[Any, dict[str, Any]]]) -> bytes:
    try:
        kept, left_out = keep(result_of(body))
    except (ApiError, UnknownStoreError):
        said = loose_json(whole_json(body))
        message = said.get("result_msg")
        message = message[:LONGEST_MESSAGE] if isinstance(message, str) else stand_in(message)
        return write_json({"result_code": said["result_code"], "result_msg": message})
    except LayoutChangedError:
        return write_json({"left_out": shapes_of(loose_json(whole_json(body)))})
    return write_json({"result_code": "100", "result_data": kept, "left_out": left_out})


def _kept_section(section: dict[str, Any], left_out: dict[str, Any]) -> dict[str, Any]:
    rows: Any = section.get("list")
    params: Any = section.get("params")
    kept = {name: section[name] for name in SECTION_FIELDS if name in section}
    if "params" in section:
        is_told = isinstance(params, dict) and "rcount" in params
        kept["params"] = {"rcount": params["rcount"]} if is_told else stand_in(params)
    if isinstance(rows, dict):
        kept["list"] = {number: _kept_row(row, left_out) for number, row in rows.items()}
    elif "list" in section:
        kept["list"] = [_kept_row(row, left_out) for row in rows] if isinstance(rows, list) else stand_in(rows)
    left_out |= {name: size_of(part) for name, part in section.items() if name not in kept}
    return kept


def _kept_row(row: Any, left_out: dict[str, Any]) -> Any:
    if not isinstance(row, dict):
        return stand_in(row)
    for name in row.keys() - ROW_FIELDS:
        left_out.setdefault(f"list[].{name}", size_of(row[name]))
    return {name: without_people(value) for name, value in row.items() if name in ROW_FIELDS}


def _kept_sections(result: bytes) -> tuple[Any, dict[str, Any]]:
    oddities: list[Oddity] = []
    sections = sections_of(result, oddities)
    parts = [msgspec.Raw(json_without_people(sections[key])) for key in SECTIONS if key in sections]
    keyless = [stand_in(part) for part in loose_json(result) if not isinstance(part, dict)] if oddities else []
    rest = {key: part for key, part in sections.items() if key not in SECTIONS}
    if "restaurant" not in sections:
        return [*parts, *keyless], {key: shapes_of(loose_json(part)) for key, part in rest.items()}
    return [*parts, *keyless], {key: f"{len(part)} bytes" for key, part in rest.items()}


KEEPERS: dict[str, Callable[[bytes], bytes]] = {
    search_form("").path: _kept_search,
    store_form("").path: _kept_store,
    LIST_PAGE: lambda body: kept_list_page(body, kept_list_result),
    STORE_PAGE: kept_store_page,
}
