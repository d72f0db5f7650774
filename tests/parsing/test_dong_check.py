from __future__ import annotations

from refillspot.parsing.dong_check import is_in_dong
from refillspot.regions import districts


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
