from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refillspot.parsing.category import parse_categories
from refillspot.parsing.text import clean_text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("행복한고기 ", "행복한고기"),
        ("머리고기, <em>머릿고기</em>", "머리고기, 머릿고기"),
        ("고기 &amp; 술", "고기 & 술"),
        ("a\0b\x07", "ab"),
        ("두\n줄", "두 줄"),
        ("가격 < 만원", "가격 < 만원"),
        (unicodedata.normalize("NFD", "강남"), "강남"),
        (" \u200b ", None),
        ("", None),
        (None, None),
    ],
)
def test_text_is_cleaned(text: str | None, cleaned: str | None) -> None:
    assert clean_text(text) == cleaned


@pytest.mark.parametrize(
    ("text", "categories"),
    [
        ("중식, 군만두", ["중식", "군만두"]),
        ("샤브샤브, <em>샤브샤브무한리필</em>", ["샤브샤브", "샤브샤브무한리필"]),
        ("고기, , 고기", ["고기"]),
        (["중식", "군만두, 중식"], ["중식", "군만두"]),
        ("", []),
    ],
)
def test_categories_are_split(text: str | list[str], categories: list[str]) -> None:
    assert parse_categories(text) == categories


@given(st.text())
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    cleaned = clean_text(text)

    assert cleaned is None or "\0" not in cleaned
    assert cleaned is None or "&" in cleaned or "<" in cleaned or clean_text(cleaned) == cleaned


def test_a_letter_keeps_thirty_marks_and_no_more() -> None:
    assert clean_text("가" + "\u0301" * 5000 + "나" + "\u0301" * 30) == "가" + "\u0301" * 30 + "나" + "\u0301" * 30
    assert clean_text(unicodedata.normalize("NFD", "강남" * 40)) == "강남" * 40
