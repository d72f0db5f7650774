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
DATED = rf"(?:오늘|내일|(?:\d{{1,2}} ?(?:월 ?|[./] ?))?\d{{1,2}} ?일?) ?\( ?[{LETTERS}](?:요일)? ?\)"
# A letter alone is a weekday only if no word goes on around it: 목 is, 목살 is not.
_WORD_ENDS = r"(?:(?![가-힣])|(?=(?:정기 ?)?휴[무뮤]|[은는](?![가-힣])))"
WEEKDAY = rf"[{LETTERS}](?:요일|욜)|(?<![가-힣\d])[{LETTERS}]{{1,7}}{_WORD_ENDS}|{'|'.join(GROUPS)}"
JOINT = r"(?: ?(?:[-,·&]|부터|및) ?|/| ?/ ?(?=[월화수목금토일](?:요일|[^가-힣])))"
# 매일 joins no list: "휴무: 일요일 / 매일 11:00-22:00" says two things.
LISTED = rf"(?:{WEEKDAY})(?:{JOINT}(?!매일)(?:{WEEKDAY}))*"
TRUNCATED = rf"(?<![가-힣])[{LETTERS}]요(?!일)"  # "매주 수요": the site cuts long texts

_WEEKDAY = re.compile(rf"(?P<joint>{JOINT})?(?P<day>{WEEKDAY})")


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
