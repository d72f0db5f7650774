"""Weekly holidays in words: "매주 월요일 휴무" closes a weekday, "첫째·셋째 일요일 휴무" does not."""

from __future__ import annotations

import re
from typing import NamedTuple

from refillspot.parsing.clock import CLOCK
from refillspot.parsing.weekdays import EVERY_DAY, NO_DAY, Days, find_days

CLOSED = re.compile(r"휴[무뮤](?! ?(?:일 ?)?(?:없|x\b))|정기 ?휴일|쉽니다|쉬는 ?날|쉼|closed")
# Some weeks only, or now and then: the weekday itself stays open.
IRREGULAR = re.compile(
    r"격 ?주|매[월달]|[첫둘셋넷]째|다섯째|[첫두세네] ?번째|[1-5] ?(?:째|주(?!일)|번째)|마지막 ?주(?!문)|[홀짝]수 ?주"
    r"|월 ?\d ?회|임시|비정기|부정기|가끔"
)
OPEN = re.compile(r"영업|정상|오픈")
ALONE = re.compile(r"(?:정기|주간)? ?휴[무뮤]일? ?(?:입니다)?[ .:]*")
# A comma parts two statements, but not the numbers of weeks ("2, 4주 일요일").
CLAUSE = re.compile(rf"[()/]|(?<=휴무),|,(?! ?\d)|{CLOCK}")
# The comma or slash inside "월, 화" and the bracket of "일요일(공휴일)" part nothing.
LIST_COMMA = re.compile(r"(?<=[월화수목금토일]) ?[,/(] ?(?=[월화수목금토일](?:요일|[^가-힣]|$)|공휴일|명절|주말)")


class Closings(NamedTuple):
    """Weekdays that a line calls closed every week; those closed in some weeks only, which takes them out again."""

    weekly: Days = NO_DAY
    sometimes: Days = NO_DAY


def find_closings(line: str, listed: Days) -> Closings:
    """Return what a line says of holidays. `listed` are the days of the row that it stands in."""
    if ALONE.fullmatch(line):
        return Closings(weekly=listed if listed != EVERY_DAY else NO_DAY)
    weekly: Days = NO_DAY
    sometimes: Days = NO_DAY
    for clause in CLAUSE.split(LIST_COMMA.sub("·", line)):
        days = find_days(clause)
        if IRREGULAR.search(clause):
            sometimes |= NO_DAY if OPEN.search(clause) else days or weekly
        elif CLOSED.search(clause) and days != EVERY_DAY:
            weekly |= days
    return Closings(weekly, sometimes)
