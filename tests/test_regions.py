from __future__ import annotations

import unicodedata

import pytest

from refillspot.exceptions import ArgumentError
from refillspot.regions import (
    REGIONS,
    SEOUL,
    District,
    Region,
    districts,
    find_district,
    find_district_code,
    is_in_dong,
    parse_districts,
    parse_region,
)

BUSAN = REGIONS["부산광역시"]


def each_district() -> list[District]:
    return [district for region in REGIONS.values() for district in districts(region)]


def test_seoul_has_25_districts_and_467_legal_dongs() -> None:
    assert len(districts()) == 25
    assert sum(len(district.dongs) for district in districts()) == 467


def test_names_carry_no_stray_prefix() -> None:
    assert all(district.name.endswith("구") and not district.name.startswith("서울") for district in districts())
    assert find_district_code("서울특별시", "성북구") == "11290"


def test_a_name_in_several_cities_is_several_districts() -> None:
    codes = {find_district_code(region.name, "중구") for region in REGIONS.values()} - {None}

    assert len(codes) == 6  # all but 광주
    assert {find_district(code).name for code in codes} == {"중구"}  # type: ignore[union-attr]
    assert find_district_code("경기도", "중구") is None
    assert find_district("99999") is None


def test_codes_and_names_lead_to_one_district_each() -> None:
    for district in each_district():
        assert find_district(district.code) is district
        assert find_district_code(district.sido, district.name) == district.code
        assert len({dong.name for dong in district.dongs}) == len(district.dongs)


def test_every_centre_lies_in_its_box_and_every_dong_belongs_to_its_district() -> None:
    for district in each_district():
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


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("서울", SEOUL),
        ("서울특별시", SEOUL),
        ("부산광역시", BUSAN),
        ("부산시", BUSAN),
        (" 부산 ", BUSAN),
        (unicodedata.normalize("NFD", "부산광역시"), BUSAN),
    ],
)
def test_a_city_is_read_in_any_spelling(text: str, region: Region) -> None:
    assert parse_region(text) == region


@pytest.mark.parametrize("text", ["경기도", "수원시", "세종", "Busan", ""])
def test_a_region_without_a_map_lists_those_with_one(text: str) -> None:
    with pytest.raises(ArgumentError) as error:
        parse_region(text)

    assert all(name in str(error.value) for name in REGIONS)


def test_districts_are_those_of_the_city_that_is_named() -> None:
    assert [district.code for district in parse_districts("중구,강서구,부산 동구", BUSAN)] == [
        "26110",
        "26440",
        "26170",
    ]
    assert [district.code for district in parse_districts("중구,강서구", SEOUL)] == ["11140", "11500"]
    assert parse_districts("all", BUSAN) == districts(BUSAN)


@pytest.mark.parametrize("text", ["강남구", "서울 중구", "11680"])
def test_a_district_of_another_city_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match=r"부산광역시.*해운대구.*region="):
        parse_districts(text, BUSAN)


@pytest.mark.parametrize("text", ["부산 중구", "강남", "해운대구", "강남구,판교", "", " , "])
def test_an_unknown_district_lists_the_right_ones(text: str) -> None:
    with pytest.raises(ArgumentError) as error:
        parse_districts(text)

    assert all(district.name in str(error.value) for district in districts())


def test_a_dong_holds_its_own_centre_and_not_that_of_a_far_one() -> None:
    for district in districts():
        for dong in district.dongs:
            assert is_in_dong(district.code, dong.name, *dong.center) is True
            assert is_in_dong(district.code, dong.name, 33.5, 126.5) is False


def test_the_same_name_in_two_districts_is_two_places() -> None:
    places = [(district.code, dong) for district in districts() for dong in district.dongs if dong.name == "신사동"]
    (one, here), (other, there) = places

    assert is_in_dong(one, "신사동", *here.center) is True
    assert is_in_dong(one, "신사동", *there.center) is False
    assert is_in_dong(other, "신사동", *there.center) is True


def test_of_an_unknown_dong_nothing_is_said() -> None:
    assert is_in_dong("11680", "없는동", 37.5, 127.0) is None


def test_boundaries_that_the_building_of_a_town_moved() -> None:
    assert is_in_dong("11500", "마곡동", 37.5595, 126.8383) is True
    assert is_in_dong("11500", "마곡동", 37.5335, 126.8383) is False
