from __future__ import annotations

import unicodedata

import pytest

from refillspot.exceptions import ArgumentError
from refillspot.regions import district_codes_by_name, districts, parse_districts


def test_seoul_has_25_districts_and_467_legal_dongs() -> None:
    assert len(districts()) == 25
    assert sum(len(district.dongs) for district in districts()) == 467


def test_names_carry_no_stray_prefix() -> None:
    assert all(district.name.endswith("구") and not district.name.startswith("서울") for district in districts())
    assert district_codes_by_name()["서울특별시", "성북구"] == "11290"


def test_every_centre_lies_in_its_box_and_every_dong_belongs_to_its_district() -> None:
    for district in districts():
        assert district.bbox.contains(*district.center)
        for dong in district.dongs:
            assert dong.bbox.contains(*dong.center)
            assert dong.code.startswith(district.code)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("강남구", ["강남구"]),
        ("강남구,서초구", ["강남구", "서초구"]),
        (" 강남구 , 서초구 ,", ["강남구", "서초구"]),
        ("강남구,강남구", ["강남구"]),
        ("11680", ["강남구"]),
        ("서울 강남구", ["강남구"]),
        (unicodedata.normalize("NFD", "강남구"), ["강남구"]),
    ],
)
def test_districts_are_read(text: str, names: list[str]) -> None:
    assert [district.name for district in parse_districts(text)] == names


def test_all_means_all() -> None:
    assert parse_districts("all") == parse_districts("ALL") == districts()


@pytest.mark.parametrize("text", ["강남", "해운대구", "강남구,판교", "", " , "])
def test_an_unknown_district_lists_the_right_ones(text: str) -> None:
    with pytest.raises(ArgumentError) as error:
        parse_districts(text)

    assert all(district.name in str(error.value) for district in districts())
