"""Amounts of won in a text, in every spelling of menus: 15,900원, 8천원, 1만2천, 2만원대, 15.9."""

from __future__ import annotations

import re
from typing import NamedTuple

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
