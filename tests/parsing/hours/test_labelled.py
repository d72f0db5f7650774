"""Opening hours that were labelled by hand before the parser read them."""

from __future__ import annotations

import pytest

from tests.parsing.hours.labels import CAPTURED_TEXTS, captured_hours, judge_hours, labelled_hours, say


def test_labelled_texts_are_read_right() -> None:
    cases = list(labelled_hours())
    wrong = [(text, label, say(text)) for text, label in cases if say(text) != label]

    assert len(cases) >= 60
    assert wrong == []


@pytest.mark.skipif(not CAPTURED_TEXTS.exists(), reason="the captures are not part of the repository")
def test_captured_texts_are_not_read_wrongly() -> None:
    judged = [(text, judge_hours(say(text), label)) for text, label in captured_hours()]

    assert len(judged) == 150
    assert [text for text, verdict in judged if verdict == "wrong"] == []
    assert sum(verdict == "right" for _, verdict in judged) >= 0.95 * len(judged)


@pytest.mark.parametrize(
    ("found", "label", "verdict"),
    [
        ("Mo-Su 11:00-22:00 | Su[1]", "Mo-Su 11:00-22:00 | Su[1]", "right"),
        (None, None, "right"),
        (None, "Mo off", "as text"),
        ("Tu-Su 11:00-22:00", "Mo off; Tu-Su 11:00-22:00", "as text"),
        ("Mo-Su 11:00-22:00", "Mo off; Tu-Su 11:00-22:00", "wrong"),
        ("Mo-Su 11:00-22:00", "Tu-Su 11:00-22:00", "wrong"),
        ("Mo-Su 11:00-22:00 | festivals open", "Mo-Su 11:00-22:00", "wrong"),
    ],
)
def test_wrong_and_left_as_text_are_told_apart(found: str | None, label: str | None, verdict: str) -> None:
    assert judge_hours(found, label) == verdict
