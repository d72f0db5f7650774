"""What a check-up of Diningcode asks, how it reads the answers, and what these have or lack that the types do not say.

For whoever keeps the parsers up with the site. Pure.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import inspect

from refillspot.exceptions import MalformedAnswerError
from refillspot.policies.caching import Kind
from refillspot.sites.diningcode import forms
from refillspot.sites.diningcode.answers import decode_search, decode_store
from refillspot.sites.diningcode.json_parts import loose_json, type_names, whole_json
from refillspot.sites.diningcode.page_types import READ_SECTIONS, PoiSection, Row
from refillspot.sites.diningcode.stores import district_code as code_of
from refillspot.sites.shapes import FIELD_NAME, Differences, Shape, Shapes
from refillspot.sites.site import ExaminedList, ExaminedStore, Form

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal


SEEN_SECTIONS = ("photo", "score", "review", "blog", "tag")  # observed, and of no use here
SEEN = {
    "list": ("list[].area", "list[].keyword", "list[].distance", "list[].display_review", "poi_section.region",
             "poi_section.region_name", "poi_section.order", "poi_section.alt_queries", "poi_section.params",
             *(f"list[].image_list[].{name}" for name in ("pd_id", "user_name", "user_photo", "date", "type"))),
    "store": ("restaurant.v_rid", "restaurant.name", "restaurant.area", "restaurant.desc",
              "detail.status.is_open", "detail.status.color", "detail.bhour[].today", "menu.menu_total_count",
              *(f"menu.list[].{name}" for name in (
                  "rank", "selection_count", "selection_rate", "review_count", "comment_count")),
              *(f"{picture}.{name}" for picture in ("restaurant.images.list[]",) for name in (
                  "pd_id", "user_name", "user_photo", "date", "type")),
              *(f"{key}.key" for key in READ_SECTIONS), *SEEN_SECTIONS),
}  # fmt: skip
"""Observed, and not read: what they say is said elsewhere, or depends on who asks. With all that they contain."""


READ: dict[str, dict[str, type[msgspec.Struct]]] = {
    "list": {"poi_section": PoiSection, "list[]": Row},
    "store": READ_SECTIONS,
}
AROUND = ("result_code", "result_msg", "result_data", "left_out", "list")


def compare(shapes: Shapes, kind: Literal["list", "store"]) -> Differences:
    """Compare what came with what is read, and was seen before."""
    known, seen = known_paths(kind), SEEN[kind]
    unknown: list[str] = []
    for path in sorted(shapes.of):
        if path not in known and not any(path == of or _is_part(path, of) for of in (*seen, *AROUND, *unknown)):
            unknown.append(path)
    sections = (*READ_SECTIONS, *SEEN_SECTIONS) if kind == "store" else ()
    fields = [path for path in known if not path.endswith("[]") and _is_object(shapes, path.rpartition(".")[0])]
    return Differences(unknown, sorted(path for path in (*sections, *fields) if path not in shapes.of))


@cache
def known_paths(kind: Literal["list", "store"]) -> dict[str, str]:
    """Return {path of each part that is read: the type that is due, "text"}."""
    return {
        place: due
        for path, shape in READ[kind].items()
        for place, due in [(path, "object"), *_paths(inspect.type_info(shape), path)]
    }


def _paths(due: inspect.Type, path: str) -> Iterator[tuple[str, str]]:
    for kind in due.types if isinstance(due, inspect.UnionType) else (due,):
        if isinstance(kind, inspect.StructType):
            for one in kind.fields:
                yield f"{path}.{one.encode_name}", type_names((one.type,))
                yield from _paths(one.type, f"{path}.{one.encode_name}")
        elif isinstance(kind, inspect.ListType):
            yield f"{path}[]", type_names((kind.item_type,))
            yield from _paths(kind.item_type, f"{path}[]")


def _is_object(shapes: Shapes, path: str) -> bool:
    return path in shapes.of and "object" in shapes.of[path].kinds


def _is_part(path: str, of: str) -> bool:
    return path.startswith((f"{of}.", f"{of}["))


def note_list(body: bytes, shapes: Shapes) -> None:
    """Take in the answer to a search, the parts that are read by the paths that their oddities have."""
    data = _note_around(body, shapes)
    section = data.pop("poi_section", None) if isinstance(data, dict) else None
    rows = section.pop("list", None) if isinstance(section, dict) else None
    shapes.note(data, "result_data")
    shapes.note(section, "poi_section")
    shapes.note(rows, "list")


def note_store(body: bytes, shapes: Shapes) -> None:
    """Take in a store page, each section under its key."""
    data = _note_around(body, shapes)
    if not isinstance(data, list):
        shapes.note(data, "result_data")
        return
    for section in data:
        key = str(section.get("key")) if isinstance(section, dict) else ""
        shapes.note(section, key if FIELD_NAME.fullmatch(key) else "result_data[]")


def _note_around(body: bytes, shapes: Shapes) -> Any:
    """Take in what is around the result of an answer; return the result, None of an answer that has none."""
    try:
        answer = loose_json(whole_json(body))
    except MalformedAnswerError:
        shapes.note(body.decode("utf-8", "replace"), "no JSON")
        return None
    if not isinstance(answer, dict):
        shapes.note(answer, "answer")
        return None
    left_out = answer.pop("left_out", None)  # of a page that was kept: shapes already
    if isinstance(left_out, dict):
        for name in left_out:
            shapes.of.setdefault(name, Shape()).kinds["left out"] += 1
    data = answer.pop("result_data", None)
    for name, value in answer.items():
        shapes.note(value, name if FIELD_NAME.fullmatch(name) else "*")
    return data


class DiningcodeExamination:
    """The second half of the contract, `Examination`."""

    def list_form(self, query: str) -> Form:
        return forms.search_form(query)

    def store_form(self, ref: str) -> Form:
        return forms.store_form(ref)

    def read_list(self, body: bytes, district_code: str) -> ExaminedList:
        page = decode_search(body)
        here = [row for row in page.rows if code_of(row.addr, row.road_addr) == district_code]
        return ExaminedList(
            rows=len(page.rows),
            total=page.total,
            here=len(here),
            ref=(here or page.rows)[0].v_rid if page.rows else None,
            broken=page.broken,
            differences=self._differences_of(Kind.LIST, body),
            oddities=page.oddities,
        )

    def read_store(self, body: bytes) -> ExaminedStore:
        page = decode_store(body)
        lines = len((page.menu.lines if page.menu else None) or ())
        return ExaminedStore(page.restaurant.rn, lines, self._differences_of(Kind.STORE, body), page.oddities)

    def note_shapes(self, kind: Kind, body: bytes, shapes: Shapes) -> None:
        (note_list if kind is Kind.LIST else note_store)(body, shapes)

    def known_paths(self, kind: Kind) -> dict[str, str]:
        return known_paths(_name(kind))

    def differences(self, kind: Kind, shapes: Shapes) -> Differences:
        return compare(shapes, _name(kind))

    def _differences_of(self, kind: Kind, body: bytes) -> Differences:
        """Compare one answer; a field that any row of a list has is not missing."""
        shapes = Shapes()
        self.note_shapes(kind, body, shapes)
        return self.differences(kind, shapes)


def _name(kind: Kind) -> Literal["list", "store"]:
    return "list" if kind is Kind.LIST else "store"
