"""Holidays in words: closed every week, in some weeks of the month, at 설 and 추석."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from refillspot.parsing.clock import CLOCK
from refillspot.parsing.month_weeks import ALL_WEEKS, WEEK, Weeks, find_weeks, join_listed
from refillspot.parsing.weekdays import EVERY_DAY, HOLIDAY, LISTED, NO_DAY, Days, find_days

if TYPE_CHECKING:
    from refillspot.items import Festivals

CLOSED = re.compile(
    r"휴[무뮤](?! ?(?:일 ?)?(?:없|x\b))|휴업|(?:정기|당일만?|\d ?일) ?휴일|쉽니다|쉬어요|쉬는 ?날|쉼|closed"
)
EVERY_OTHER = re.compile(r"격 ?주|2 ?주(?:일)?에 ?(?:한|1) ?번")
# Some weeks only, or now and then: the weekday itself stays open.
IRREGULAR = re.compile(rf"{WEEK}|{EVERY_OTHER.pattern}|매[월달]|[홀짝]수 ?주|월 ?\d ?회|임시|비정기|부정기|가끔")
OPEN = re.compile(r"영업|정상|오픈")
ALL_YEAR = re.compile(r"연중 ?무휴")
FESTIVAL = re.compile(r"명절|구정|설날|(?<![가-힣])설(?=$|[^가-힣]|당일|연휴|추석|명절)|추석|한가위")
ON_THE_DAY = re.compile(r"당일")
LONGER = re.compile(r"전[날일]|다음 ?날|익일|연휴|전후|이틀|(?<![\d월])(?<!월 )\d ?일")
EXCEPTED = re.compile(r"예외|제외")
DATED = re.compile(r"\d{1,2} ?월 ?\d{1,2} ?일")
ALONE = re.compile(r"(?:정기|주간)? ?휴[무뮤]일? ?(?:입니다)?[ .:]*")
# A comma parts two statements.
CLAUSE = re.compile(rf"[()/,]|(?<=휴무) (?=공휴일(?:이면|인|일|과))|{CLOCK}")
# "월요일이 공휴일이면 다음날 휴무" says nothing of public holidays.
CONDITIONAL = re.compile(r"(?:인|일|이) ?(?:경우|때|면|시(?![가-힣]))|겹치")
# "일요일, 격주 월요일 휴무": the first is closed every week.
WEEKLY_TOO = re.compile(
    rf"((?>{LISTED})) ?(?:,|및) ?(?=(?:매[월달] ?)?(?:{EVERY_OTHER.pattern}|{WEEK})[^,()/]*휴[무뮤])"
)
BRACKETED = re.compile(r"(?<=[월화수목금토일]) ?\( ?((?:정기 ?)?휴[무뮤]일?) ?\)")  # 토(휴무)
# The comma or slash inside "월, 화" and the bracket of "일요일(공휴일) 휴무" part nothing.
LIST_COMMA = re.compile(r"(?<=[월화수목금토일말]) ?[,/] ?(?=[월화수목금토일](?:요일|[^가-힣]|$)|공휴일|명절|주말)")
LIST_BRACKET = re.compile(r"(?<=[월화수목금토일]) ?\( ?((?:공휴일|명절|주말) ?(?:포함|휴[무뮤])?) ?\)")


class Closings(NamedTuple):
    """What a line says of holidays."""

    weekly: Days = NO_DAY
    """Closed every week."""
    sometimes: Days = NO_DAY
    """Closed in some weeks only, which takes them out of `weekly` again."""
    weeks: tuple[tuple[int, Weeks], ...] = ()
    """In which weeks of the month a day of `sometimes` is closed."""
    every_other_week: Days = NO_DAY
    festivals: Festivals | None = None


def find_closings(line: str, listed: Days) -> Closings:
    """Return what a line says of holidays. `listed` are the days of the row that it stands in."""
    if ALONE.fullmatch(line):
        return Closings(weekly=listed if listed != EVERY_DAY else NO_DAY)
    found = Closings(festivals=_find_festivals(line))
    line = WEEKLY_TOO.sub(_say_closed, BRACKETED.sub(r" \1 ", join_listed(line)))
    line = LIST_COMMA.sub("·", LIST_BRACKET.sub(r"·\1", line))
    clauses = [clause for clause in CLAUSE.split(line) if not CONDITIONAL.search(clause)]
    row = listed or find_days(clauses[0] if clauses else "")
    for clause in clauses:
        days = find_days(clause)
        if IRREGULAR.search(clause):
            found = _add_irregular(found, clause, days or found.weekly or (row if len(row) == 1 else NO_DAY))
        elif CLOSED.search(clause) and days != EVERY_DAY:
            found = found._replace(weekly=found.weekly | days)
    if found.weekly and "공휴일 포함" in line:
        found = found._replace(weekly=found.weekly | {HOLIDAY})
    if FESTIVAL.search(line) or DATED.search(line):  # "매주 공휴일 (설·추석 당일)": not all of them
        found = found._replace(weekly=found.weekly - {HOLIDAY})
    return found


def _say_closed(match: re.Match[str]) -> str:
    words = CLAUSE.split(match.string[: match.start()])[-1]
    return match[0] if IRREGULAR.search(words) else f"{match[1]} 휴무, "


def _add_irregular(found: Closings, clause: str, days: Days) -> Closings:
    if days >= EVERY_DAY:
        return found
    days -= {HOLIDAY}  # public holidays have no weeks
    weeks = find_weeks(clause)
    if OPEN.search(clause):  # "다섯째 주 월요일은 영업": closed in the others
        days, weeks = days & found.weekly, ALL_WEEKS - weeks if weeks else weeks
    elif EVERY_OTHER.search(clause):
        found = found._replace(every_other_week=found.every_other_week | days)
    if OPEN.search(clause) and not weeks:
        return found
    closed = tuple((day, weeks) for day in sorted(days) if weeks)
    return found._replace(sometimes=found.sometimes | days, weeks=found.weeks + closed)


def _find_festivals(line: str) -> Festivals | None:
    """Return what is said of 설 and 추석; "연중무휴" without an exception keeps them open."""
    all_year = bool(ALL_YEAR.search(line))
    festival = FESTIVAL.search(line)
    if festival and (CLOSED.search(ALL_YEAR.sub("", line)) or (all_year and EXCEPTED.search(line, festival.end()))):
        return "day closed" if ON_THE_DAY.search(line) and not LONGER.search(line) else "closed"
    if all_year or (festival and OPEN.search(line, festival.end())):
        return "open"
    return None
