"""Words for weekdays: "월-금,일", "토/일", "평일", "목요일". 0 = Monday, 7 = public holidays, an eighth day."""

from __future__ import annotations

import re

Days = frozenset[int]

LETTERS = "월화수목금토일"
NO_DAY: Days = frozenset()
EVERY_DAY: Days = frozenset(range(7))
HOLIDAY = 7
GROUPS = {
    "매일": EVERY_DAY,
    "평일": frozenset(range(5)),
    "주중": frozenset(range(5)),
    "주말": frozenset({5, 6}),
    "공휴일": frozenset({HOLIDAY}),
    "국경일": frozenset({HOLIDAY}),
}

# A day with its weekday in brackets: 오늘(목), 7월 4일(금).
DATED = rf"(?:오늘|내일|\d{{1,2}} ?(?:월 ?|[./] ?)\d{{1,2}} ?일?) ?\( ?([{LETTERS}])(?:요일)? ?\)"
# Days that nobody can name: today without its weekday, a date, so many times a month ("월 2회" is no Monday).
UNNAMED = r"오늘|내일|금일|\d{1,2} ?월(?: ?\d{1,2} ?일)?|\d{1,2} ?일(?!요일)|월 ?\d{1,2} ?회"
# A letter alone is a weekday only if no word goes on around it: 목 is, 목살 is not.
WEEKDAY = rf"[{LETTERS}]요일|(?<![가-힣\d])[{LETTERS}]{{1,7}}(?![가-힣])|{'|'.join(GROUPS)}"
JOINT = r" ?(?:[-,/·&]|부터|및) ?"
LISTED = rf"(?:{WEEKDAY})(?:{JOINT}(?:{WEEKDAY}|명절))*"
DAYS = rf"{UNNAMED}|{LISTED}"

_DAYS = re.compile(DAYS)
_UNNAMED = re.compile(UNNAMED)
_WEEKDAY = re.compile(rf"(?P<joint>{JOINT})?(?P<day>{WEEKDAY})")


def read_days(words: str) -> Days:
    """Return the weekdays of one match of `DAYS`, empty if its words name no weekday."""
    if _UNNAMED.match(words):
        return NO_DAY
    days: set[int] = set()
    last: int | None = None
    for match in _WEEKDAY.finditer(words):
        word, joint = match["day"], (match["joint"] or "").strip()
        named = GROUPS.get(word)
        if named is not None:
            days |= named
            continue
        numbers = [LETTERS.index(letter) for letter in word.removesuffix("요일")]
        if joint in {"-", "부터"} and last is not None:
            days.update((last + step) % 7 for step in range((numbers[0] - last) % 7 + 1))
        days.update(numbers)
        last = numbers[-1]
    return frozenset(days)


def find_days(text: str) -> Days:
    """Return all weekdays that a text names."""
    return NO_DAY.union(*(read_days(match[0]) for match in _DAYS.finditer(text)))
