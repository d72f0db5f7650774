from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refillspot.items import Address
from refillspot.parsing.address import parse_address
from refillspot.regions import districts

SEOUL = "서울특별시"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("서울 강남구 역삼동 123-4 2층", Address(SEOUL, "강남구", "역삼동", None, "123-4 2층")),
        ("서울시 강남구 테헤란로 123", Address(SEOUL, "강남구", None, "테헤란로 123", None)),
        ("서울특별시 구로구 디지털로19길 13 1층", Address(SEOUL, "구로구", None, "디지털로19길 13", "1층")),
        ("서울특별시 성동구 성수동2가 1-1", Address(SEOUL, "성동구", "성수동2가", None, "1-1")),
        ("서울 종로구 종로3가 1", Address(SEOUL, "종로구", "종로3가", None, "1")),
        ("서울 종로구 세종로 1-1", Address(SEOUL, "종로구", "세종로", None, "1-1")),
        ("서울 종로구 종로 33", Address(SEOUL, "종로구", None, "종로 33", None)),
        ("서울 중구 을지로20길 24", Address(SEOUL, "중구", None, "을지로20길 24", None)),
        ("서울 강남구 테헤란로 123 (역삼동)", Address(SEOUL, "강남구", "역삼동", "테헤란로 123", None)),
        ("부산 중구 남포동1가 1", Address("부산광역시", "중구", "남포동1가", None, "1")),
        ("부산 중구 을지로3가 1", Address("부산광역시", "중구", "을지로3가", None, "1")),
        ("부산 연제구 연산9동 1", Address("부산광역시", "연제구", "연산동", None, "1")),
        ("부산광역시 기장군 기장읍 대라리 1-1", Address("부산광역시", "기장군", "기장읍", None, "대라리 1-1")),
        ("강원도 강릉시 포남동 1", Address("강원특별자치도", "강릉시", "포남동", None, "1")),
        ("전라북도 전주시 완산구 중앙동 1", Address("전북특별자치도", "전주시 완산구", "중앙동", None, "1")),
        ("경기 수원시 권선구 권선동 1", Address("경기도", "수원시 권선구", "권선동", None, "1")),
        ("경상남도 통영시 중앙시장1길 1 104호", Address("경상남도", "통영시", None, "중앙시장1길 1", "104호")),
        ("강원도 강릉시 주문진읍 교항리 1-1", Address("강원특별자치도", "강릉시", "주문진읍", None, "교항리 1-1")),
        ("서울강남구 역삼동 1", Address(SEOUL, "강남구", "역삼동", None, "1")),
        ("부산진구 부전동 1", Address(None, "부산진구", "부전동", None, "1")),
        ("서울 성동구 성수2가3동 1", Address(SEOUL, "성동구", "성수동2가", None, "1")),
        ("서울 강남구 강남대로 지하396", Address(SEOUL, "강남구", None, "강남대로 지하 396", None)),
        ("서울 마포구 월드컵북로 12길 3", Address(SEOUL, "마포구", None, "월드컵북로12길 3", None)),
        (
            "(06234) 서울 서초구 서초대로77길 17, 1층 (서초동)",
            Address(SEOUL, "서초구", "서초동", "서초대로77길 17", "1층"),
        ),
        ("서울 종로구 종로1.2.3.4가동 12", Address(SEOUL, "종로구", None, None, "종로1.2.3.4가동 12")),
        ("세종 연기면 세종로 1", Address("세종특별자치시", None, "연기면", "세종로 1", None)),
        ("경기 광주시 경안동 1", Address("경기도", "광주시", "경안동", None, "1")),
        ("광주 동구 충장로1가 1", Address("광주광역시", "동구", "충장로1가", None, "1")),
        ("제주시 연동 1", Address(None, "제주시", "연동", None, "1")),
        ("제주도 제주시 애월읍 애월로 1", Address("제주특별자치도", "제주시", "애월읍", "애월로 1", None)),
        ("", None),
        ("주소 없음", None),
    ],
)
def test_addresses_are_read(text: str, address: Address | None) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("spelling", ["서울", "서울시", "서울특별시", unicodedata.normalize("NFD", "서울특별시")])
def test_all_467_dongs_of_seoul_are_found_in_every_spelling(spelling: str) -> None:
    for district in districts():
        for dong in district.dongs:
            address = parse_address(f"{spelling} {district.name} {dong.name} 12-3")
            assert address == Address(SEOUL, district.name, dong.name, detail="12-3")


@given(st.text())
def test_no_text_raises(text: str) -> None:
    parse_address(text)
    parse_address(f"서울 강남구 {text}")


@pytest.mark.parametrize(
    ("text", "sigungu", "dong", "road"),
    [
        ("서울시 성북구 안암동 3가 99", "성북구", "안암동3가", None),
        ("서울 영등포구 당산동 3가 12", "영등포구", "당산동3가", None),
        ("서울 중구 을지로 3가 295", "중구", "을지로3가", None),
        ("서울시강남구역삼동123-4", "강남구", "역삼동", None),
        ("서울특별시강남구역삼동 123-4", "강남구", "역삼동", None),
        ("서울시 강남구역삼동 123-4", "강남구", "역삼동", None),
        ("서울시중구을지로3가 12", "중구", "을지로3가", None),
        ("서울시강남구테헤란로 12", "강남구", None, "테헤란로 12"),
        ("부산시해운대구우동123", "해운대구", "우동", None),
    ],
)
def test_blanks_too_many_and_too_few(text: str, sigungu: str, dong: str | None, road: str | None) -> None:
    found = parse_address(text)

    assert found is not None
    assert (found.sigungu, found.dong, found.road) == (sigungu, dong, road)


@given(
    st.sampled_from(["서울", "서울시", "서울특별시"]),
    st.sampled_from(
        [("성북구", "안암동", "3가"), ("성동구", "성수동", "2가"), ("강남구", "역삼동", ""), ("마포구", "공덕동", "")]
    ),
    st.from_regex(r"[1-9][0-9]{0,2}(-[1-9][0-9]?)?", fullmatch=True),
    st.tuples(*[st.sampled_from(["", " ", "  "])] * 4),
)
def test_a_place_is_the_same_with_or_without_blanks(
    region: str, place: tuple[str, str, str], lot: str, blanks: tuple[str, ...]
) -> None:
    district, dong, part = place
    first, second, third, last = blanks
    text = f"{region}{first}{district}{second}{dong}{third if part else ''}{part}{last}{lot}"

    assert parse_address(text) == Address(SEOUL, district, dong + part, None, lot), text
