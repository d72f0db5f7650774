"""Words for weekdays, "월-금,일", "평일", "목요일", and for weeks of the month, "첫째·셋째", "2, 4번째", "마지막 주".

0 = Monday, 7 = public holidays, an eighth day.
"""

from __future__ import annotations

import re

Days = frozenset[int]
Weeks = frozenset[int]

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
DATED = rf"(?:오늘|내일|(?:\d{{1,2}} ?(?:월 ?|[./] ?))?\d{{1,2}} ?일?) ?\( ?[{LETTERS}](?:요일)? ?\)"
# A letter alone is a weekday only if no word goes on around it: 목 is, 목살 is not.
_WORD_ENDS = r"(?:(?![가-힣])|(?=(?:정기 ?)?휴[무뮤]|[은는](?![가-힣])))"
WEEKDAY = rf"[{LETTERS}](?:요일|욜)|(?<![가-힣\d])[{LETTERS}]{{1,7}}{_WORD_ENDS}|{'|'.join(GROUPS)}"
JOINT = r"(?: ?(?:[-,·&]|부터|및) ?|/| ?/ ?(?=[월화수목금토일](?:요일|[^가-힣])))"
# 매일 joins no list: "휴무: 일요일 / 매일 11:00-22:00" says two things.
LISTED = rf"(?:{WEEKDAY})(?:{JOINT}(?!매일)(?:{WEEKDAY}))*"
TRUNCATED = rf"(?<![가-힣])[{LETTERS}]요(?!일)"  # "매주 수요": the site cuts long texts

_WEEKDAY = re.compile(rf"(?P<joint>{JOINT})?(?P<day>{WEEKDAY})")

LAST_WEEK = -1
ALL_WEEKS: Weeks = frozenset(range(1, 6))
_WORDS = {"첫": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "넷": 4, "네": 4, "다섯": 5}
_ORDINAL = r"첫 ?주(?!문)|(?:[첫둘셋넷]째|[첫두세네] ?번째|다섯 ?(?:번)?째) ?주?"
_NO_WORD_GOES_ON = r"(?:(?![가-힣])|(?=[월화수목금토일]요일|[은는엔에의])(?!에 ?(?:한|두|\d) ?번))"
_DIGIT = rf"[1-5] ?(?:주[차째]|째 ?주?|번째 ?주?|주{_NO_WORD_GOES_ON})"
_LAST = r"마지막 ?(?:주(?!문)|(?=[월화수목금토일]요일))"
# "2,4째주": the numbers before the last carry no word of their own.
WEEK = rf"{_ORDINAL}|{_LAST}|(?:[1-5] ?[,·/&] ?){{0,4}}{_DIGIT}"

_WEEK = re.compile(WEEK)


def read_days(words: str) -> Days:
    """Return the weekdays of one match of `LISTED`."""
    days: set[int] = set()
    last: int | None = None
    for match in _WEEKDAY.finditer(words):
        word, joint = match["day"], (match["joint"] or "").strip()
        named = GROUPS.get(word)
        if named is not None:
            days |= named
            continue
        numbers = [LETTERS.index(letter) for letter in word.removesuffix("요일").removesuffix("욜")]
        if joint in {"-", "부터"} and last is not None:
            days.update((last + step) % 7 for step in range((numbers[0] - last) % 7 + 1))
        days.update(numbers)
        last = numbers[-1]
    return frozenset(days)


def find_weeks(text: str) -> Weeks:
    """Return the weeks of the month that a text names; `LAST_WEEK` is its own, because it may be the 4th or 5th."""
    weeks: set[int] = {LAST_WEEK} if text.strip() == "마지막" else set()  # its weekday stands behind it
    for match in _WEEK.finditer(text):
        words = match[0]
        if words.startswith("마지막"):
            weeks.add(LAST_WEEK)
        elif words[0].isdigit():
            weeks.update(map(int, re.findall(r"\d", words)))
        else:
            weeks.add(next(number for word, number in _WORDS.items() if words.startswith(word)))
    return frozenset(weeks)
