"""What an answer has that is not known, and lacks that is: for the first contact, before a crawl relies on it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from refillspot.diningcode.answers import Detail, Menu, MenuLine, Restaurant, Row

READ_SECTIONS: dict[str, type[msgspec.Struct]] = {"restaurant": Restaurant, "detail": Detail, "menu": Menu}
SEEN_SECTIONS = {"photo", "score", "review", "blog", "tag"}  # observed, and of no use here
SEEN_FIELDS = {
    "list": {"area", "keyword", "distance", "display_review"},
    "restaurant": {"key", "v_rid", "name", "area", "desc"},
    "detail": {"key"},
    "menu": {"key", "menu_total_count"},
    "menu line": set[str](),
}  # observed, and not read: what they say is said elsewhere, or depends on who asks


@dataclass(slots=True)
class Differences:
    """Names, as "menu" for a section and "detail.phone" for a field."""

    unknown: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def note(self, place: str, shape: type[msgspec.Struct], found: set[str]) -> None:
        """Compare the names of fields, those that were found with those that are read or were seen before."""
        read = {one.encode_name for one in msgspec.structs.fields(shape)}
        self.unknown += [f"{place}.{name}" for name in sorted(found - read - SEEN_FIELDS[place])]
        self.missing += [f"{place}.{name}" for name in sorted(read - found)]


def compare_list(body: bytes) -> Differences:
    """Compare the rows of a list page that could be read. A field that any row has is not missing."""
    rows: list[dict[str, Any]] = msgspec.json.decode(body)["result_data"].get("poi_section", {}).get("list", [])
    differences = Differences()
    if rows:
        differences.note("list", Row, {name for row in rows for name in row})
    return differences


def compare_store(body: bytes) -> Differences:
    """Compare the sections of a store page that could be read, and the fields of those that are read."""
    sections: dict[str, dict[str, Any]] = {
        section["key"]: section for section in msgspec.json.decode(body)["result_data"] if section.get("key")
    }
    differences = Differences(
        unknown=sorted(sections.keys() - READ_SECTIONS.keys() - SEEN_SECTIONS),
        missing=sorted((READ_SECTIONS.keys() | SEEN_SECTIONS) - sections.keys()),
    )
    for key, shape in READ_SECTIONS.items():
        if key in sections:
            differences.note(key, shape, set(sections[key]))
    if lines := sections.get("menu", {}).get("list"):
        differences.note("menu line", MenuLine, {name for line in lines for name in line})
    return differences
