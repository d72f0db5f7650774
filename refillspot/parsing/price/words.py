"""How prices are labelled: for whom, for which meal, on which day."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Dimension: TypeAlias = Literal["audience", "meal", "day"]

# 중식 is lunch beside 조식 and 석식, else it is Chinese food.
NOON = r"중식(?= ?(?:$|타임|[:(]? ?(?:[\d₩]|성인|대인|소인|어린이)))"

# Longer words first where one holds another: 중고생 is no 초등 and 대학생 is no 학생.
LABELS: tuple[tuple[Dimension, str | None, str], ...] = (
    ("audience", "adult", r"성인|대인|어른|대학생|일반인|\badults?\b"),
    ("audience", "child", r"미취학(?: ?아동)?|초등(?: ?학생)?|초딩|어린이|소인|아동|소아|\bchild(?:ren)?\b"),
    ("audience", "child", r"영?유아|영아|아기|유치원생?|키즈|\bkids?\b"),
    ("audience", "child", r"(?<![가-힣])아이(?=들| ?(?:[\d:(/,]|$))"),  # not 아이스크림
    ("audience", "teen", r"중[·,]?고등학생|중[·,]?고생|중[·,]?고등|중학생|고등학생|중등|고등(?!어)"),
    ("audience", "teen", r"청소년|학생|\bstudents?\b"),
    ("audience", "senior", r"경로 ?우대|경로|시니어|어르신|노인|실버|\bseniors?\b"),
    ("audience", None, r"일반(?= ?:? ?(?:[\d₩]|$))"),
    ("meal", None, r"브런치|조식"),
    ("meal", "lunch", rf"점심|런치|lunch|{NOON}"),
    ("meal", "dinner", r"저녁|디너|dinner|석식"),
    ("meal", None, r"종일|올데이|all ?day"),
    ("day", "weekday", r"평일|주중|weekdays?|월(?:요일)? ?[~-] ?[목금](?:요일)?"),
    ("day", "weekend", r"주말|weekends?|토요일|일요일|토[·,/]?일(?![가-힣])|[금토](?:요일)? ?[~-] ?일(?:요일)?"),
    ("day", "weekend", r"금[·,/]?토(?:[·,/]?일)?(?![가-힣])"),
    ("day", "holiday", r"공휴일|법정 ?공휴일|휴일|국경일|빨간 ?날|holidays?"),
)
MONTHS_OLD = r"\d{1,2} ?개월(?: ?[~-] ?\d{1,2} ?(?:개월|세|살))?"
YEARS_OLD = r"(\d{1,2}) ?(?:세|살)?(?: ?[~-] ?(\d{1,2}))? ?(?:세|살)(?: ?(이상|초과))?"

# What is said beside a price of others than those who pay it: they are excluded, pay less or as much, or pay more.
_WHOM = (
    r"성인|대인|어른|대학생|미취학(?: ?아동)?|초등(?: ?학생)?|초딩|어린이|소인|아동|소아|영?유아|영아|아기|유치원생?"
    r"|키즈|아이들?"
    r"|중[·,]?고등학생|중[·,]?고생|중학생|고등학생|청소년|학생|경로(?: ?우대)?|시니어|어르신|노인"
    r"|kids?|child(?:ren)?|students?|seniors?"
    r"|\d{1,2} ?개월(?: ?[~-] ?\d{1,2} ?(?:개월|세|살))?|\d{1,2}(?: ?(?:세|살)? ?[~-] ?\d{1,2})? ?(?:세|살)"
)
_WHEN = r"점심|런치|lunch|저녁|디너|dinner|평일|주중|주말|weekends?|weekdays?|토요일|일요일|공휴일|휴일"
_SCOPE = rf"(?:{_WHOM}|{_WHEN})"
_SCOPES = rf"{_SCOPE}(?: ?(?:[,/·&]|및)? ?{_SCOPE}){{0,3}}(?: ?(?:미만|이하|이상|까지|초과|동반))?"
_OF_WHAT = r"(?:이용|입장|출입|메뉴|요금|가격|주문|할인|시(?![가-힣])|에는?|의 ?경우)"
_REDUCED = r"(?:할인(?!가)(?: ?가능)?|d\.?c\b|반값)"
_WON = r"[\d,.]{1,7} ?(?:천|만)? ?원?"
EXCLUDED = (
    rf"{_SCOPES}(?: ?{_OF_WHAT})? ?[은는도이가]? ?"
    r"(?:제외|불가|휴무|없[음이]|안 ?[됨돼되]|사절|금지|제한|x(?![a-z])|동일|같[음은]|별도"
    rf"|(?:\d{{1,2}} ?(?:%|프로|퍼센트) ?)?{_REDUCED}(?! ?:? ?[\d₩])|\d{{1,2}} ?(?:%|프로|퍼센트)(?! ?{_REDUCED}))"
)
SURCHARGED = rf"{_SCOPES} ?[은는]? ?:? ?(?:\+ ?{_WON}|{_WON} ?(?:씩 ?)?(?:추가|할인(?!가)|인상|인하))"
NOT_FOR_CHILDREN = (
    r"노 ?키즈(?: ?존)?|no ?kids?(?: ?zone)?|(?:키즈|어린이|유아|아기) ?(?:존|룸|카페|의자|식기|놀이방|놀이터|시설)"
)
AND_OLDER = r"(?:초등|중|고등|중[·,]?고등)학생 ?(?:이상|부터)|(?:초등|중[·,]?고생|청소년|소인) ?(?:이상|부터)"

# How every label begins: looked at first, because most places of a text begin none.
_LETTERS = "성대어일미초소아영유키중고청학경시노실브조점런저디석종올평주월토금공법휴국빨acdhklnsw"
BEGINS = rf"(?=[{_LETTERS}]|\d{{1,2}} ?[세살개~-])"
LABEL = re.compile(
    f"{BEGINS}(?:(?P<none>{NOT_FOR_CHILDREN}|{EXCLUDED}|{SURCHARGED}|{AND_OLDER})|"
    + "|".join(f"(?P<label{number}>{words})" for number, (_, _, words) in enumerate(LABELS))
    + f"|(?P<months>{MONTHS_OLD})|(?P<years>{YEARS_OLD}))",
    re.IGNORECASE,
)
# A fee for a person, whatever dish is named beside it.
PERSON = re.compile(r"입장|이용[권료]|성인|대인|어른|1 ?인 ?이용")
OLDEST_CHILD, OLDEST_TEEN, YOUNGEST_SENIOR = 13, 18, 60  # years, Korean style


def read_label(match: re.Match[str]) -> tuple[Dimension, str | None] | None:
    """Return what a match of LABEL says, None if it says nothing: "14세 이상", "중학생 이상", "공휴일 제외"."""
    if match["none"]:
        return None
    if match["months"]:
        return "audience", "child"
    if match["years"]:
        return _age(match)
    number = next(number for number in range(len(LABELS)) if match[f"label{number}"])
    return LABELS[number][:2]


def _age(match: re.Match[str]) -> tuple[Dimension, str | None] | None:
    years = re.fullmatch(YEARS_OLD, match["years"])
    assert years  # noqa: S101  # the same pattern
    oldest = int(years[2] or years[1])
    if int(years[1]) >= YOUNGEST_SENIOR:
        return "audience", "senior"
    if years[3] or oldest > OLDEST_TEEN:
        return None
    return "audience", "child" if oldest <= OLDEST_CHILD else "teen"
