from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refillspot.parsing.phone import parse_phone


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("02-555-1234", "02-555-1234"),
        ("025551234", "02-555-1234"),
        ("02) 555-1234", "02-555-1234"),
        ("031-123-4567", "031-123-4567"),
        ("010-1234-5678", "010-1234-5678"),
        ("0507-1309-5529", "0507-1309-5529"),
        ("507-1309-5529", "0507-1309-5529"),  # lost its leading zero
        ("1577-9189", "1577-9189"),
        ("+82 2 555 1234", "02-555-1234"),
        ("+82-10-1234-5678", "010-1234-5678"),
        ("0２-555-1234", "02-555-1234"),
        ("대표 02-555-1234, 예약 010-1234-5678", "02-555-1234"),
        ("전화 없음", None),
        ("123", None),
        ("", None),
    ],
)
def test_phones_are_written_one_way(text: str, phone: str | None) -> None:
    assert parse_phone(text) == phone


@given(st.one_of(st.text(), st.from_regex(r"[0-9+() -]{1,30}")))
def test_no_text_raises_and_what_is_read_reads_the_same(text: str) -> None:
    phone = parse_phone(text)

    assert phone is None or parse_phone(phone) == phone
