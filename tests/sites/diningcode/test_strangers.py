from __future__ import annotations

import pytest

from refillspot.sites.diningcode.stores import district_code


@pytest.mark.parametrize(
    ("addr", "code"),
    [
        ("서울특별시 중구 명동1가 1", "11140"),
        ("부산 중구 남포동1가 1", "26110"),
        ("대구시 중구 동성로1가 1", "27110"),
        ("부산광역시 기장군 기장읍 대라리 1", "26710"),
        ("경기 수원시 권선구 권선동 1", None),
        ("세종특별자치시 어진동 1", None),
    ],
)
def test_a_row_lies_in_the_district_of_its_own_city(addr: str, code: str | None) -> None:
    assert district_code(addr, None) == code
