"""What the site sent, as shapes alone, beside what the parsers know: to be sent to whoever keeps them up to date."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from refillspot.clock import write_kst
from refillspot.doctor import Check
from refillspot.language import gettext as _
from refillspot.parsing import PARSER_VERSION
from refillspot.policies.caching import Kind
from refillspot.retelling import system_words
from refillspot.sites.shapes import Shapes

if TYPE_CHECKING:
    from pathlib import Path

    from refillspot.sites.shapes import Shape
    from refillspot.sites.site import Examination


class ShapeReport:
    """Gathers answers, and writes their shapes."""

    def __init__(self, path: Path, examination: Examination) -> None:
        self._path = path
        self._examination = examination
        self._lists = Shapes()
        self._stores = Shapes()
        self._counts = {"list": 0, "store": 0, "kept store": 0}

    def add_list(self, body: bytes) -> None:
        self._examination.note_shapes(Kind.LIST, body, self._lists)
        self._counts["list"] += 1

    def add_store(self, body: bytes, *, is_kept: bool = False) -> None:
        """Add a store page, of the site or one that a crawl has kept; of a page for people the size alone."""
        self._examination.note_shapes(Kind.STORE, body, self._stores)
        self._counts["kept store" if is_kept else "store"] += 1

    def write(self) -> Check:
        """Write the file; return how it went."""
        parts = [*self._parts(Kind.LIST, self._lists), *self._parts(Kind.STORE, self._stores)]
        report = {
            "made_at": f"{write_kst(datetime.now(UTC))} KST",
            "parser_version": PARSER_VERSION,
            "answers": self._counts,
            "parts": parts,
        }
        try:
            self._path.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            what = _("{path} cannot be written: {error}").format(path=self._path, error=system_words(error))
            return Check("shapes", "problem", what, _("Name a file that you can write to: --shapes FILE"))
        odd = sum(part["is"] != "as known" for part in parts)
        what = _("{path}: the shapes of {answers} answers, {parts} parts, {odd} of them unexpected")
        return Check(
            "shapes",
            "ok" if any(self._counts.values()) else "warning",
            what.format(path=self._path, answers=sum(self._counts.values()), parts=len(parts), odd=odd),
            "" if any(self._counts.values()) else _("There was no answer to check: see the other findings."),
        )

    def _parts(self, kind: Kind, shapes: Shapes) -> list[dict[str, Any]]:
        known, found = self._examination.known_paths(kind), self._examination.differences(kind, shapes)
        parts = []
        for path, shape in sorted(shapes.of.items()):
            due = known.get(path)
            state = "not known" if path in found.unknown else "odd" if due and _is_odd(shape, due) else "as known"
            parts.append({"path": path, "is": state, "read as": due, **_written(shape)})
        return [*parts, *({"path": path, "is": "missing", "read as": known.get(path)} for path in found.missing)]


def _is_odd(shape: Shape, due: str) -> bool:
    """Whether anything came but what is due, "number or text", or null."""
    fitting = {*due.split(" or "), "null", "left out", *(("empty array",) if "object" in due else ())}
    return any(kind not in fitting and kind.removeprefix("empty ") not in fitting for kind in shape.kinds)


def _written(shape: Shape) -> dict[str, Any]:
    told: dict[str, Any] = {"came": dict(shape.kinds.most_common())}
    if shape.longest is not None:
        told["length"] = [shape.shortest, shape.longest]
    if shape.words:
        told["values"] = sorted(shape.words)
    return told
