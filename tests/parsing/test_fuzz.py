from __future__ import annotations

from tests.parsing.fuzz import fuzz


def test_nothing_but_documented_errors() -> None:
    fuzz(250)
