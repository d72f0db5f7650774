"""Weeks of the month in words: "첫째·셋째", "2, 4번째", "둘째주, 넷째주", "마지막 주"."""

from __future__ import annotations

import re

Weeks = frozenset[int]

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
