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
        ("0082-2-555-1234", "02-555-1234"),
        ("+82 (0)2 555 1234", "02-555-1234"),
        ("(02) 555.1234", "02-555-1234"),
        ("02/555-1234", "02-555-1234"),
        ("02·555·1234", "02-555-1234"),
        ("02-555-1234~5", "02-555-1234"),
        ("02-555-1234 (내선 12)", "02-555-1234"),
        ("050-7130-9552", "0507-130-9552"),
        ("50713095529", "0507-1309-5529"),  # a spreadsheet took it for a number
        ("1012345678", "010-1234-5678"),
        ("010-0883-2131", "010-0883-2131"),  # only mobiles have such an exchange
        ("02-083-2131", None),
        ("010-0000-0000", None),
        ("25551234", None),  # 2555-1234 of an area that is not said?
        ("전화 없음", None),
        ("2024-01-01", None),
        ("02-5555-12345", None),
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


@pytest.mark.parametrize("text", ["212029180", "02-1202-9180", "02-012-3456", "010-123-1234", "101231234"])
def test_there_is_no_such_exchange(text: str) -> None:
    assert parse_phone(text) is None


GAPS = ("", "-", " ", ".", "·", "/", " - ")


@given(
    st.sampled_from(["02", "031", "051", "064", "070"]),
    st.sampled_from(["0", "+82 ", "82-", "0082"]),
    st.from_regex(r"[2-9][0-9]{2,3}", fullmatch=True),
    st.from_regex(r"[0-9]{4}", fullmatch=True),
    st.sampled_from(GAPS),
    st.sampled_from(["{}", "({})", "전화 {}", "{} (예약)", "☎{}", "{}\n단체 문의"]),
)
def test_a_number_is_the_same_however_it_is_written(
    area: str, prefix: str, exchange: str, line: str, gap: str, around: str
) -> None:
    written = f"{prefix}{area[1:]}{gap}{exchange}{gap}{line}"

    assert parse_phone(around.format(written)) == f"{area}-{exchange}-{line}"


@given(
    st.sampled_from(["02", "2"]), st.from_regex(r"[01][0-9]{2,3}", fullmatch=True),
    st.from_regex(r"[0-9]{4}", fullmatch=True), st.sampled_from(GAPS),
)  # fmt: skip
def test_an_exchange_that_seoul_has_not_is_none_however_it_is_written(
    area: str, exchange: str, line: str, gap: str
) -> None:
    assert parse_phone(f"{area}{gap}{exchange}{gap}{line}") is None
