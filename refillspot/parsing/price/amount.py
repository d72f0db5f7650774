"""Prices as menus write them: amounts in every spelling, 15,900원, 8천원, 1만2천, 2만원대, 15.9, and their labels.

A label says for whom, for which meal, on which day.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

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


# A number with one of these behind it is a weight, a size, a time, a headcount, a date.
UNITS = (
    r"g|kg|mg|ml|l|cc|cm|mm|m|km|pcs|p|ea|%|℃|도|인분|인|명|분|시간|시|초|일|월|년|개월|주|세|살|회|번|개|종|가지|층|호|호점|동|접시|판|"
    r"잔|병|캔|마리|조각|줄|박스|팩|세트|그램|킬로|리터|센치|퍼센트|등급|조|장|학년|차|위|점|배|칸|평"
)
NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,3}|\d{1,8})"  # bounded: no text can make a number too large
DECIMAL = r"\d{1,4}(?:\.\d{1,2})?"
WON = r"\s?(?:원|₩|won)"
DIGITS = "일이삼사오육칠팔구"
# 만오천원, 이만 원, 만 2천. Without 원 only where 만 and 천 are said: 구천 and 만 are names and words too, as is 원조.
WORDS = (
    rf"(?<![가-힣\d.,:])(?=[{DIGITS}십\d]{{0,3}}\s?[만천백])"
    rf"(?P<words>(?:[{DIGITS}]?십?[{DIGITS}]?만\s?)?(?:[{DIGITS}\d]?천\s?)?(?:[{DIGITS}\d]?백)?)"
    rf"(?:\s?원(?=$|[^가-힣]|[의씩대에]|짜리|부터|까지)|(?:(?<=만천)|(?<=만.천)|(?<=만\s.천))(?![가-힣]))"
)
# A comma or a length makes a price of it; before "/5" and "-12" it is a part of a date.
UNLIKE_A_PRICE = rf"[\d.:]|[/-]\d{{1,3}}(?![\d,])|\s?(?:{UNITS})(?![a-z가-힣])"
AMOUNT = re.compile(
    rf"(?=[₩\d{DIGITS}십만천백])(?<![\d.,$])(?<!\d:)(?:₩\s?)?(?:"
    # 1만2천, 1만2천5백, 1만2000, 1.5만, 2만, each with 원 or not
    rf"(?P<man>{DECIMAL})\s?만\s?(?:(?P<cheon>\d(?:\.\d)?)\s?천\s?(?:(?P<baek>\d)\s?백|(?P<rest>\d{{1,3}}))?|(?P<below>{NUMBER})(?!\s?(?:{UNITS})(?![a-z가-힣])))?"
    rf"(?:{WON}|(?![가-힣]))"
    # 8천, 8천5백
    rf"|(?P<thousands>{DECIMAL})\s?천\s?(?:(?P<hundreds>\d)\s?백|(?P<units>\d{{1,3}}))?(?:{WON}|(?![가-힣]))"
    rf"|{WORDS}"
    # 15,900원, and 15.900원
    rf"|(?P<won>\d{{1,3}}\.\d{{3}}|{NUMBER}){WON}"
    # 15,900 and 15900
    rf"|(?P<plain>\d{{1,3}}(?:,\d{{3}}){{1,3}}|[1-9]\d{{2,5}}0)(?!{UNLIKE_A_PRICE})"
    # 15.9 on a menu board
    rf"|(?<![/\-])(?P<board>\d{{1,2}}\.\d)(?![\d.:%-]|/\d|\s?(?:{UNITS})(?![a-z가-힣]))"
    # "25,000 대 45,000": a large one costs the second
    r")(?P<about>\s?(?:[초중후]반)?대(?![가-힣]|\s?[\d₩]))?",
    re.IGNORECASE,
)
BETWEEN = re.compile(r"\s?(?:~|-|에서|부터)\s?")
LEFT_OF_RANGE = re.compile(rf"(?<![\d.,:/\-])({DECIMAL})\s?~\s?(?={DECIMAL}\s?(?:만|천))")  # "1~2만원"
NOT_PRICES = re.compile(
    r"\+?\d{2,4}-\d{3,4}-\d{4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}:\d{2}|(?:19|20)\d\d(?=\s?년)|\d{1,2}\.\d{1,2}\s?[~-]\s?\d{1,2}\.\d{2}(?!\d)"
    r"|\d{1,2}\.\d{1,2}(?=\s?(?:부터|까지|일))|[별평]점\s?\d\.\d|(?<!\d)1[568]\d\d-\d{4}"
)
PARTED = re.compile(r"(?<![\d,])(\d{1,3})(?:, |['’])(\d{3})(?=\s?원)")
TEN_THOUSAND, THOUSAND, HUNDRED = 10_000, 1_000, 100
UNITS_IN_WORDS = {"십": 10, "백": HUNDRED, "천": THOUSAND}


class Amount(NamedTuple):
    """An amount in won, or a range of it, and where it stands in the text."""

    lowest: int
    highest: int
    start: int
    end: int


def hide_other_numbers(text: str) -> str:
    """Blank out phone numbers, dates and times, places kept; join "15, 900원"."""
    return NOT_PRICES.sub(lambda match: " " * len(match[0]), PARTED.sub(r"\1,\2", text))


def find_amounts(text: str) -> list[Amount]:
    """Return the amounts of a text without other numbers, in order; "15,900~19,900원" is one."""
    amounts: list[Amount] = []
    for match in AMOUNT.finditer(text):
        amount = _read(match, text)
        if amounts and BETWEEN.fullmatch(text, amounts[-1].end, amount.start):
            first = amounts.pop()
            if first.lowest <= amount.highest:
                amount = Amount(first.lowest, amount.highest, first.start, amount.end)
            else:
                amounts.append(first)
        amounts.append(amount)
    return amounts


def _read(match: re.Match[str], text: str) -> Amount:
    value = round(_value(match))
    lowest, start = value, match.start()
    if match["man"] or match["thousands"]:  # in "1~2만원" the unit of the right side holds for both
        unit = TEN_THOUSAND if match["man"] else THOUSAND
        left = [left for left in LEFT_OF_RANGE.finditer(text, max(0, start - 8), start + 4) if left.end() == start]
        if left and float(left[0][1]) * unit <= value:
            lowest, start = round(float(left[0][1]) * unit), left[0].start()
    highest = value + _width(match, value) - 1 if match["about"] and value else value
    return Amount(lowest, highest, start, match.end())


def _value(match: re.Match[str]) -> float:
    if match["words"]:
        return _value_of_words(match["words"])
    if match["man"]:
        below = float((match["below"] or "0").replace(",", ""))
        below += float(match["cheon"] or 0) * THOUSAND + float(match["baek"] or 0) * HUNDRED + float(match["rest"] or 0)
        return float(match["man"]) * TEN_THOUSAND + below
    if match["thousands"]:
        below = float(match["hundreds"] or 0) * HUNDRED + float(match["units"] or 0)
        return float(match["thousands"]) * THOUSAND + below
    if match["board"]:
        return float(match["board"]) * THOUSAND
    return float(re.sub("[.,]", "", match["won"] or match["plain"]))


def _value_of_words(words: str) -> int:
    total = below = digit = 0
    for char in words:
        if char == "만":
            total, below, digit = (below + digit or 1) * TEN_THOUSAND, 0, 0
        elif unit := UNITS_IN_WORDS.get(char):
            below, digit = below + (digit or 1) * unit, 0
        elif not char.isspace():
            digit = DIGITS.index(char) + 1 if char in DIGITS else int(char)
    return total + below + digit


def _width(match: re.Match[str], value: int) -> int:
    """Return how much "대" covers: 2만원대 is all of 20,000 to 29,999, 1만5천원대 all of 15,000 to 15,999."""
    zeros = len(str(value)) - len(str(value).rstrip("0"))
    return 10 ** min(zeros, 4 if "만" in match[0] else 3)
