"""The refill verdict. A row is the one part of the store that speaks; all else is an ordinary place."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refillspot.items import Evidence, RefillVerdict
from refillspot.parsing.refill import assess_refill
from tests.parsing.growth import is_linear


def assess(**parts: Any) -> RefillVerdict:
    store: dict[str, Any] = {
        "name": "달맞이식당",
        "branch": None,
        "categories": ["한식"],
        "menu": ["제육볶음"],
        "tags": [],
    }
    return assess_refill(**(store | parts))


MENU_LINES = [
    ("생삼겹 무한리필", "confirmed"),
    ("무한 리필 (성인)", "confirmed"),
    ("무 한 리 필 1인", "confirmed"),
    ("초밥 무제한 90분", "confirmed"),
    ("무제한 이용 성인", "confirmed"),
    ("모둠구이 무한리필 (공기밥 포함)", "confirmed"),
    ("무한리필 음료 포함", "confirmed"),
    ("소고기, 야채 무한리필", "confirmed"),
    ("연어회(무한리필)", "confirmed"),
    ("무한 통대창 구이", "confirmed"),
    ("무한갈비 대인", "confirmed"),
    ("평일 런치 뷔페", "confirmed"),
    ("딸기 디저트 뷔페", "confirmed"),
    ("한식부페 1인", "confirmed"),
    ("All You Can Eat 디너", "confirmed"),
    ("공기밥 무한리필", "unlikely"),
    ("공기 밥 무한 리필", "unlikely"),
    ("밥, 국, 반찬 무한리필", "unlikely"),
    ("셀프바(무한리필)", "unlikely"),
    ("부대찌개+라면사리 무제한", "unlikely"),
    ("순두부찌개 (면사리 무한제공)", "unlikely"),
    ("김치는 무한리필", "unlikely"),
    ("하우스와인 2시간 무제한", "unlikely"),
    ("무제한 생맥주", "unlikely"),
    ("무한 하이볼", "unlikely"),
    ("음료 무한리필 추가", "unlikely"),
    ("아메리카노 리필", "unlikely"),
    ("고기 리필 1회", "unlikely"),
    ("이용시간 무제한", "unlikely"),
    ("갈비 무한리필 아닙니다", "unlikely"),
    ("안심스테이크 + 샐러드바", "unlikely"),
    ("샐러드바 무제한 추가", "unlikely"),
    ("반찬뷔페", "unlikely"),
    ("출장뷔페 문의", "unlikely"),
    ("무한도전 세트", "unlikely"),
    ("고기 무한", "confirmed"),
    ("All-You-Can-Eat 초밥", "confirmed"),
    ("lunch buffet", "confirmed"),
    ("삼겹살 무한리필 (포장 불가)", "confirmed"),
    ("무한리필 (공휴일 제외)", "confirmed"),
    ("무한리필 안주 모둠", "unlikely"),
    ("무한리필 끝판왕", "confirmed"),
    ("무한리필(x)", "unlikely"),
    ("무한리필 안함", "unlikely"),
    ("무한리필 행사 종료", "unlikely"),
    ("무한리필은 더이상 하지 않습니다", "unlikely"),
    ("삼겹살 무한리필 (판매중지)", "unlikely"),
    ("[종료] 삼겹살 무한리필", "unlikely"),
    ("무한리필 제외 메뉴", "unlikely"),
    ("공깃밥 무한리필", "unlikely"),
    ("파절이, 마늘 무한리필", "unlikely"),
    ("보리차 무한리필", "unlikely"),
    ("나초 무한리필", "unlikely"),
    ("케이터링 뷔페", "unlikely"),
    ("연어회 무한", "confirmed"),
    ("튀김 무한리필", "confirmed"),
    ("무한-리필 성인", "confirmed"),
    ("셀프바에서 고기 무한리필", "confirmed"),
    ("셀프바에서 무한리필", "unlikely"),
    ("무한리필되는 셀프바", "unlikely"),
    ("와인 무제한 뷔페", "unlikely"),
    ("고기 무한리필집 아님", "unlikely"),
    ("무한리필 NO", "unlikely"),
    ("돈까스 (밥, 스프, 샐러드 무한리필)", "unlikely"),
    ("매실차 무한리필", "unlikely"),
    ("라면바 무한리필", "unlikely"),
]

NAMES = [
    ("착한고기 무한리필", "confirmed"),
    ("무한삼겹 달마을", "confirmed"),
    ("달빛한식뷔페", "likely"),
    ("달빛 출장뷔페", "unlikely"),
    ("달빛 케이터링뷔페", "unlikely"),
    ("달빛 Buffet", "likely"),
    ("쿠우쿠우골드 달빛점", "confirmed"),
    ("(주)명륜진사갈비 달빛점", "confirmed"),
    ("[두끼] 달빛점", "confirmed"),
    ("달빛 AYCE", "confirmed"),
    ("명륜 진사갈비", "confirmed"),
    ("쿠우쿠우강남점", "confirmed"),
    ("애슐리퀸즈 달빛점", "confirmed"),
    ("두끼 떡볶이 달빛점", "confirmed"),
    ("두끼니식당", "unlikely"),
    ("옛날두끼", "unlikely"),
    ("무한상사", "unlikely"),
    ("무한대", "unlikely"),
    ("무제한포차", "unlikely"),
    ("초밥무제한 달빛", "confirmed"),
    ("달빛삼겹살 무제한", "confirmed"),
    ("달빛 차돌박이무한", "confirmed"),
    ("달빛국물 무한", "unlikely"),
    ("무한골뱅이", "unlikely"),
    ("뷔페거리 국밥", "unlikely"),
    ("달빛 커피무한리필", "unlikely"),
]


@pytest.mark.parametrize(("line", "verdict"), MENU_LINES)
def test_menu_line(line: str, verdict: str) -> None:
    evidence = [Evidence("menu", line)] if verdict != "unlikely" else []

    assert assess(menu=["제육볶음", line]) == RefillVerdict(verdict, evidence)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "verdict"), NAMES)
def test_name(name: str, verdict: str) -> None:
    evidence = [Evidence("name", name)] if verdict != "unlikely" else []

    assert assess(name=name) == RefillVerdict(verdict, evidence)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ({"categories": ["샤브샤브", "샤브샤브무한리필"]}, "confirmed"),
        ({"categories": ["<em>고기뷔페</em>"]}, "likely"),
        ({"categories": ["<em>고기뷔페</em>"], "menu": ["성인", "초등학생"]}, "confirmed"),
        ({"categories": ["호텔뷔페"], "menu": ["주말 디너"]}, "confirmed"),
        ({"categories": ["한식뷔페"], "menu": None}, "likely"),
        ({"name": "달빛 출장뷔페", "categories": ["뷔페"], "menu": ["삼겹살 무한리필"]}, "confirmed"),
        ({"name": "달빛 출장뷔페", "categories": ["뷔페"]}, "unlikely"),
        ({"categories": ["와인무한리필"]}, "unlikely"),
        ({"branch": "무한리필 달빛점"}, "confirmed"),
        ({"branch": "뷔페타워점"}, "unlikely"),
        ({"tags": ["고기무한리필"]}, "likely"),
        ({"tags": ["뷔페"]}, "likely"),
        ({"tags": ["셀프바무한", "무료리필"]}, "unlikely"),
        ({"tags": ["공기밥무한리필"]}, "unlikely"),
        ({"name": "초록 샐러드바", "menu": None}, "likely"),
        ({"categories": ["샐러드바"], "menu": ["샐러드바 성인", "샐러드바 어린이", "맥주"]}, "likely"),
        ({"categories": ["샐러드바"], "menu": [f"스테이크 {number}호" for number in range(9)]}, "unlikely"),
        ({"categories": None, "menu": None, "tags": None}, "unlikely"),
    ],
)
def test_part(parts: dict[str, Any], verdict: str) -> None:
    found = assess(**parts)

    assert found.verdict == verdict
    assert bool(found.evidence) == (verdict != "unlikely")


def test_every_reason_is_evidence() -> None:
    found = assess(name="달빛뷔페", tags=["무한리필"], menu=["점심 뷔페", "콜라"])

    assert [(reason.source, reason.text) for reason in found.evidence] == [
        ("name", "달빛뷔페"),
        ("menu", "점심 뷔페"),
        ("tag", "무한리필"),
    ]


@pytest.mark.parametrize(("line", "verdict"), MENU_LINES)
def test_decomposed_hangul_reads_alike(line: str, verdict: str) -> None:
    assert assess(menu=[unicodedata.normalize("NFD", line)]).verdict == verdict


WORDS = st.sampled_from(
    "무한 리필 무한리필 무제한 뷔페 고기 공기밥 와인 + ( ) , / 와 샐러드바 아님 포함 1인 90분 두끼".split()
)
TEXTS = st.one_of(
    st.text(max_size=30), st.lists(WORDS, max_size=8).map("".join), st.lists(WORDS, max_size=8).map(" ".join)
)


@given(
    name=TEXTS,
    branch=st.none() | TEXTS,
    categories=st.none() | st.lists(TEXTS, max_size=3),
    menu=st.none() | st.lists(TEXTS, max_size=4),
    tags=st.none() | st.lists(TEXTS, max_size=3),
)
def test_any_store_gets_a_verdict_that_its_own_words_support(**store: Any) -> None:
    found = assess_refill(**store)

    assert bool(found.evidence) == (found.verdict != "unlikely")
    for reason in found.evidence:
        said = {
            "name": [store["name"]], "branch": [store["branch"]], "category": store["categories"],
            "menu": store["menu"], "tag": store["tags"],
        }[reason.source]  # fmt: skip
        assert reason.text in said


@pytest.mark.parametrize("text", ["무한" * 30_000, "무한리필 " * 20_000, "(" * 50_000, "와 " * 30_000, "두 " * 30_000])
def test_long_texts_take_linear_time(text: str) -> None:
    assert is_linear(lambda part: assess(name=part, menu=[part]), text)


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ({"categories": ["해장국", "해장국무한리필"]}, "confirmed"),  # 장국 is a side dish, and no part of it
        ({"categories": ["버섯", "버섯무한리필"]}, "confirmed"),  # what it is filed under is its meal
        ({"categories": ["커피", "커피무한리필"]}, "unlikely"),
        ({"categories": ["김치찌개", "라면무한리필"]}, "unlikely"),
        ({"menu": ["보리밥뷔페"]}, "confirmed"),
        ({"menu": ["닭죽 무한리필"]}, "confirmed"),
        ({"menu": ["라면뷔페"]}, "unlikely"),
        ({"menu": ["참치+연어(리필/1인)"]}, "confirmed"),
        ({"menu": ["연어 리필 1회"]}, "unlikely"),
        ({"menu": ["홍합탕, 홍합탕 국물 무한리필"]}, "unlikely"),
        ({"menu": ["홍합탕", "홍합탕 국물 무한리필"]}, "unlikely"),
        ({"menu": ["부대찌개, 라면사리 무한리필"]}, "unlikely"),
        ({"categories": ["스테이크", "샐러드바"], "menu": None}, "unlikely"),
        ({"categories": ["샐러드바", "뷔페"], "menu": None}, "likely"),
        # sold by the head it is an entrance, also in a restaurant with other dishes
        ({"categories": ["패밀리레스토랑"], "menu": ["샐러드바 성인 29,900", "샐러드바 소인"]}, "likely"),
        ({"categories": ["패밀리레스토랑"], "menu": ["안심스테이크", "샐러드바 성인 추가 9,900"]}, "unlikely"),
    ],
)
def test_words_inside_other_words(parts: dict[str, Any], verdict: str) -> None:
    says = {"name": "달빛", "branch": None, "categories": None, "menu": None, "tags": None}

    assert assess_refill(**(says | parts)).verdict == verdict
