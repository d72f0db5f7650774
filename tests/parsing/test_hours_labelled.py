"""Opening hours that were labelled by hand before the parser read them."""

from __future__ import annotations

from tests.parsing.hours_labels import labelled_hours, say


def test_labelled_texts_are_read_right() -> None:
    cases = list(labelled_hours())
    wrong = [(text, label, say(text)) for text, label in cases if say(text) != label]

    assert len(cases) >= 60
    assert len(wrong) <= len(cases) * 0.03, wrong
