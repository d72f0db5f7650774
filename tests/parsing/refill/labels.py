"""Hand-labelled hard cases of the refill verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from refillspot.parsing.refill import assess_refill

if TYPE_CHECKING:
    from collections.abc import Iterator

LABELS = Path(__file__).parents[1] / "labelled" / "refill.yaml"
SILENT: dict[str, Any] = {"branch": None, "categories": None, "menu": None, "tags": None}


def labelled_stores() -> Iterator[tuple[dict[str, Any], str]]:
    """Yield what a store says of itself, and the verdict."""
    for case in yaml.safe_load(LABELS.read_text()):
        verdict = case.pop("is")
        yield case, verdict


def judge(store: dict[str, Any]) -> str:
    return assess_refill(**(SILENT | store)).verdict
