from __future__ import annotations

import unicodedata

import pytest

from refillspot.exceptions import ArgumentError
from refillspot.planning import KEYWORDS, CrawlArguments, spider_arguments
from refillspot.planning.keywords import KINDS, parse_keywords

SITE = "https://im.diningcode.com"


def test_the_standard_ones_begin_with_what_finds_most() -> None:
    assert KEYWORDS[:2] == ("무한리필", "무제한")
    assert {KINDS["초밥 무한리필"], KINDS["고기뷔페"], KINDS["두끼"]} == {"dish", "buffet", "chain"}


def test_what_is_given_takes_their_place() -> None:
    assert parse_keywords("두끼, 고기뷔페,두끼") == ("두끼", "고기뷔페")


def test_with_a_plus_it_is_added() -> None:
    assert parse_keywords("+수제맥주  무한리필, 두끼") == (*KEYWORDS, "수제맥주 무한리필")
    assert parse_keywords(unicodedata.normalize("NFD", "+닭갈비 무한리필"))[-1] == "닭갈비 무한리필"


@pytest.mark.parametrize("text", ["", " ", ",", "+", "+ , "])
def test_none_at_all_is_an_error(text: str) -> None:
    with pytest.raises(ArgumentError, match="keywords= is empty"):
        parse_keywords(text)


@pytest.mark.parametrize("keywords", [None, "두끼,뷔페", "+수제맥주 무한리필", ",".join(KEYWORDS)])
def test_the_arguments_of_a_crawl_can_be_given_again(keywords: str | None) -> None:
    given = {"district": "강남구"} | ({"keywords": keywords} if keywords else {})
    described = CrawlArguments.parse(**given).described(SITE)

    assert CrawlArguments.parse(**spider_arguments(described)).described(SITE) == described
