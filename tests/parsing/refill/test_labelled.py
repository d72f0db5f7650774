"""Hard cases that were labelled by hand before the parser read them."""

from __future__ import annotations

from tests.parsing.refill.labels import judge, labelled_stores


def test_labelled_stores_are_judged_right() -> None:
    cases = list(labelled_stores())
    wrong = [(store, label, judge(store)) for store, label in cases if judge(store) != label]

    assert len(cases) >= 60
    assert len(wrong) <= len(cases) * 0.03, wrong
