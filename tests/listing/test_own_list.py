"""Lists as people have them: what Excel and public offices write, and what goes wrong in them."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest

from refillspot.exceptions import ArgumentError
from refillspot.listing.own_list import OwnList, read_file

if TYPE_CHECKING:
    from pathlib import Path

HEADINGS = "상호,도로명주소,위도,경도"
LINE = '"쿠우쿠우 강남역점","서울 강남구 테헤란로 1, 2층",37.4979,127.0276'
POINT = (37.4979, 127.0276)


def read(tmp_path: Path, body: bytes | str, **columns: str) -> OwnList:
    path = tmp_path / "list.csv"
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return read_file(str(path), columns)


def table(delimiter: str, end: str = "\r\n") -> str:
    cells = ["쿠우쿠우 강남역점", '"서울 강남구 테헤란로 1, 2층"', "37.4979", "127.0276"]
    return delimiter.join(HEADINGS.split(",")) + end + delimiter.join(cells) + end


@pytest.mark.parametrize(
    "body",
    [
        table(","),
        table(",", "\r"),
        table(";").encode("utf-8-sig"),
        table("\t").encode("utf-16"),
        table("|"),
        table(",").encode("cp949"),
        "sep=;\r\n" + table(";"),
        unicodedata.normalize("NFD", table(",")),
        "\n음식점 현황 (2026년 11월),,,\n" + table(",", "\n"),
        f'{HEADINGS},비고\n{LINE},"여러\n줄, ""인용"""\n\n,,,,\n',
        table(",").replace("상호", "업소명").replace("도로명주소", "소재지(도로명)").replace("위도", "위도(WGS84)"),
        table(",").replace(HEADINGS, "name,road_address,Latitude,LNG"),
        table(",").replace("37.4979,127.0276", "127.0276,37.4979"),  # x and y
        table(";").replace("37.4979;127.0276", "37,4979;127,0276"),
        table(",").replace("37.4979", " 37.4979°"),
    ],
)
def test_a_list_in_each_form(tmp_path: Path, body: bytes | str) -> None:
    found = read(tmp_path, body)
    (entry,) = found.entries

    assert (entry.name, entry.address) == ("쿠우쿠우 강남역점", "서울 강남구 테헤란로 1, 2층")
    assert (entry.place.lat, entry.place.lon) == POINT
    assert (entry.place.district, entry.place.road) == ("11680", "11680 테헤란로 1")
    assert found.oddities == []


def test_the_columns_of_public_files(tmp_path: Path) -> None:
    """Of 소상공인시장진흥공단_상가(상권)정보."""
    body = (
        "상가업소번호,상호명,지점명,상권업종대분류코드,시군구명,법정동명,지번주소,도로명주소,경도,위도\n"
        "MA01,쿠우쿠우,강남역점,I2,강남구,역삼동,서울특별시 강남구 역삼동 823-1,,127.0276,37.4979\n"
    )
    (entry,) = read(tmp_path, body).entries

    assert (entry.name, entry.place.branch) == ("쿠우쿠우 강남역점", "강남역점")
    assert (entry.place.lot, entry.place.dong) == ("11680 역삼동 823-1", "역삼동")
    assert (entry.place.lat, entry.place.lon) == POINT


def test_whatever_is_odd_is_told_with_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    body = f"""{HEADINGS}
{LINE}
,서울 강남구 역삼동 1,37.5,127.0
"두 줄
이름",서울 강남구 역삼동 2,0,0
점이 미터,서울 강남구 역삼동 3,444911.7,203920.2
점이 글자,,삼십칠,
쉼표,서울 강남구, 역삼동 4,37.5,127.0
짧은 줄
"""
    found = read(tmp_path, body)

    assert [entry.line for entry in found.entries] == [2, 4, 6, 7, 9]
    assert [entry.place.lat for entry in found.entries] == [POINT[0], None, None, None, None]
    assert [(oddity.line, oddity.is_left_out) for oddity in found.oddities] == [
        (3, True),
        (6, False),
        (7, False),
        (8, True),
    ]
    assert [oddity.why.partition(":")[0] for oddity in found.oddities] == [
        "has no name",
        "444911.7, 203920.2 is no point in Korea in degrees, such as 37.4979, 127.0276",
        "삼십칠, ? is no point in Korea in degrees, such as 37.4979, 127.0276",
        "has 5 fields, and there are 4 columns",
    ]


def test_a_column_by_another_name(tmp_path: Path) -> None:
    body = "우리가게,어디\n쿠우쿠우,서울 강남구 역삼동 823\n"
    (entry,) = read(tmp_path, body, name="우리가게", addr="어디").entries

    assert (entry.name, entry.place.lot) == ("쿠우쿠우", "11680 역삼동 823")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "list.csv is empty"),
        (b"PK\x03\x04 and more", "is a file of xlsx, not a CSV: save it as “CSV UTF-8” in Excel"),
        (f"{HEADINGS}\n{LINE}\n".encode("cp949") + b"\xff\xff\n", "line 3: neither UTF-8 nor CP949"),
        (f'{HEADINGS}\n{LINE}\n"열린 따옴표,1,2\n{LINE}\n', "line 3: the quotation marks of what begins there"),
        ("번호,주소\n1,서울\n", "no column of names among the first lines. It begins with: 번호,주소."),
        ("\x00\x01\x02", "no column of names"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, body: bytes | str, told: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        read(tmp_path, body)

    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="cannot be read: No such file"):
        read_file(str(tmp_path / "none.csv"), {})
