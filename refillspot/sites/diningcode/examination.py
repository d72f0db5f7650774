"""What a check-up of Diningcode asks, and how it reads the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.policies.caching import Kind
from refillspot.sites.diningcode import differences, forms
from refillspot.sites.diningcode.answers import decode_search, decode_store
from refillspot.sites.diningcode.stores import district_code as code_of
from refillspot.sites.examination import ExaminedList, ExaminedStore, Form
from refillspot.sites.shapes import Differences, Shapes

if TYPE_CHECKING:
    from typing import Literal


class DiningcodeExamination:
    """The second half of the contract, `refillspot.sites.examination.Examination`."""

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
        (differences.note_list if kind is Kind.LIST else differences.note_store)(body, shapes)

    def known_paths(self, kind: Kind) -> dict[str, str]:
        return differences.known_paths(_name(kind))

    def differences(self, kind: Kind, shapes: Shapes) -> Differences:
        return differences.compare(shapes, _name(kind))

    def _differences_of(self, kind: Kind, body: bytes) -> Differences:
        """Compare one answer; a field that any row of a list has is not missing."""
        shapes = Shapes()
        self.note_shapes(kind, body, shapes)
        return self.differences(kind, shapes)


def _name(kind: Kind) -> Literal["list", "store"]:
    return "list" if kind is Kind.LIST else "store"
