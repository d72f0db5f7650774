"""Postal addresses of Korea, of lots and of roads, under today's official names."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from refillspot.items import Address
from refillspot.parsing.text import plain_text
from refillspot.regions import REGIONS, SEOUL, districts

if TYPE_CHECKING:
    from collections.abc import Collection

# Today's official name, and every other spelling in use.
SIDOS = {
    **{region.name: region.spellings[1:] for region in REGIONS.values()},
    "세종특별자치시": ("세종시", "세종"),
    "경기도": ("경기",),
    "강원특별자치도": ("강원도", "강원"),
    "충청북도": ("충북도", "충북"),
    "충청남도": ("충남도", "충남"),
    "전북특별자치도": ("전라북도", "전북도", "전북"),
    "전라남도": ("전남도", "전남"),
    "경상북도": ("경북도", "경북"),
    "경상남도": ("경남도", "경남"),
    "제주특별자치도": ("제주도", "제주"),
}
OFFICIAL = {spelling: name for name, others in SIDOS.items() for spelling in (name, *others)}
SPELLINGS = sorted(OFFICIAL, key=len, reverse=True)
END = r"(?=[\s,()]|$)"

# Each is matched where the one before it ended. Lengths are bounded, so that no text can make them slow.
PREFIX = re.compile(r"(?:대한민국|한국)?\s*\(?우?\)?\s*(?:[\[(]?[0-9]{5}[\])]?|[0-9]{3}-[0-9]{3})?(?=[\s가-힣])")
SIDO = re.compile(
    r"(?!광주시(?!\s*[가-힣]{1,2}구)|부산진구)"  # 광주시 without a 구 is the city in 경기도; 부산진구 lies in 부산
    rf"(?:({'|'.join(SPELLINGS)}){END}|({'|'.join(SPELLINGS)})(?=[가-힣]{{1,8}}[시군구]))"
)
SIGUNGU = re.compile(rf"([가-힣]{{1,6}}[시군]\s*[가-힣]{{1,6}}구){END}|([가-힣]{{1,6}}[시군구]){END}")
FIRST_WORD = re.compile(r"[^\s,()]*")
DONG = re.compile(r"([가-힣0-9·.]{1,12}(?:[0-9]가|동|읍|면))(?=[\s,()0-9]|$)")
PARTED_DONG = re.compile(r"([가-힣]{1,6}[동로])\s([1-9]가)(?=[\s,()0-9]|$)")  # 안암동 3가
ROAD = re.compile(
    r"([가-힣A-Za-z0-9·.]{1,20}(?:로|길)(?:\s?[0-9]{1,4}[가-힣]{0,2}길)?)\s?((?:지하|공중)?)\s?"
    r"([0-9]{1,5}(?:-[0-9]{1,5})?)(?:번지)?(?![0-9가-힣A-Za-z]|[.·][0-9])"
)
BRACKETED_DONG = re.compile(r"\(\s*([가-힣0-9·.]{1,12}(?:동|가|로|읍|면))\s*(?:,([^()]*))?\)")
OFFICE = re.compile(r"제?(?:[0-9·.]{1,5}|본)?동$")  # 역삼1동 is an office's part of the legal 역삼동


@lru_cache(maxsize=1024)  # a store's address is read with its row, and again with its page
def parse_address(text: str) -> Address | None:
    """Return the parts of an address, lot-number or road, that the text says. None = nothing is recognised.

    The number of a lot is a detail: "서울 강남구 역삼동 123-4 2층" has the dong "역삼동" and the detail "123-4 2층".
    """
    sido, sigungu, rest = _take_city(" ".join(plain_text(text).split()))
    dong, rest = _take_dong(rest, sido, sigungu)
    road, rest = _take_road(rest)
    if "(" in rest and (bracketed := BRACKETED_DONG.search(rest)):
        dong = dong or _legal_name(bracketed[1], sido, sigungu)
        rest = f"{rest[: bracketed.start()]} {bracketed[2] or ''} {rest[bracketed.end() :]}"
    if not (sido or dong or road or sigungu in _dongs(None)):
        return None
    detail = " ".join(rest.split()).strip(" ,")
    return Address(sido, _spaced(sigungu) or None, dong or None, road or None, detail or None)


def _take_city(text: str) -> tuple[str | None, str, str]:
    """Return the sido, the sigungu ("" = none) and the rest of a text."""
    words = text.split(" ", 2)
    sido = OFFICIAL.get(words[0])
    if sido and len(words) == 3 and words[1] in _dongs(sido):  # as nearly every text begins
        return sido, words[1], words[2]
    spelling, rest = _take(SIDO, _take(PREFIX, text)[1])
    sido = OFFICIAL.get(spelling)
    sigungu, rest = _take(SIGUNGU, rest)
    if sido and not sigungu:
        sigungu, rest = _take_known(rest, _dongs(sido))  # 서울시강남구역삼동123-4
    if OFFICIAL.get(sigungu) == sido == "세종특별자치시":
        sigungu = ""  # it has none
    return sido, sigungu, rest


def _take(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    """Return what the pattern's first group that took part found ("" = nothing) and the rest of the text."""
    match = pattern.match(text)
    if not match:
        return "", text
    return match[match.lastindex or 0], text[match.end() :].lstrip(" ,")


def _take_known(text: str, names: Collection[str]) -> tuple[str, str]:
    """Return the longest of the names that a text begins with, though another word follows without a blank."""
    longest = max((name for name in names if text.startswith(name)), key=len, default="")
    return longest, text[len(longest) :].lstrip(" ,")


def _take_dong(text: str, sido: str | None, sigungu: str) -> tuple[str, str]:
    """Take a city's dongs from its map: only it tells the dong 세종로 from a road, and the legal dong of 역삼1동."""
    known = _dongs(sido).get(sigungu, frozenset())
    parted = PARTED_DONG.match(text) if "가" in text else None
    if parted and (joined := parted[1] + parted[2]) in known:
        return joined, text[parted.end() :].lstrip(" ,")
    first = FIRST_WORD.match(text)
    if first and first[0] in known:
        return first[0], text[first.end() :].lstrip(" ,")
    written, rest = _take(DONG, text)
    name = _legal_name(written, sido, sigungu) if written else ""
    return (name, rest) if name else ("", text)


def _legal_name(written: str, sido: str | None, sigungu: str) -> str:
    """Return the legal dong that is meant, "" if there is no such dong in Seoul. Elsewhere it is taken as written."""
    in_seoul = sido == SEOUL.name or not (sido or sigungu)
    known = _dongs(sido).get(sigungu)
    if known is None and in_seoul:
        known = frozenset().union(*_dongs(sido).values())
    if known is None or written in known:
        return written
    stem = OFFICE.sub("", written)
    meant = (f"{stem}동", stem, re.sub(r"([0-9]가)$", r"동\1", stem))  # 성수1가2동 is a part of 성수동1가
    return next((name for name in meant if name in known), "" if in_seoul else written)


def _take_road(text: str) -> tuple[str, str]:
    match = ROAD.match(text)
    if not match:
        return "", text
    name, level, number = match.groups()
    return " ".join(filter(None, (name.replace(" ", ""), level, number))), text[match.end() :].lstrip(" ,")


def _spaced(sigungu: str) -> str:
    """Return "수원시 권선구" also for "수원시권선구"."""
    return re.sub(r"([시군])\s*(?=[가-힣]+구$)", r"\1 ", sigungu) if sigungu not in _dongs(None) else sigungu


@cache
def _dongs(sido: str | None) -> dict[str, frozenset[str]]:
    """Return {district: its legal dongs} of a city, of Seoul where none is said; empty where there is no map."""
    region = REGIONS.get(sido) if sido else SEOUL
    own = districts(region) if region else ()
    return {district.name: frozenset(dong.name for dong in district.dongs) for district in own}
