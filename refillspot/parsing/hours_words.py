"""The words of opening hours: what each kind looks like, and what in a line none of them explains."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from refillspot.parsing.clock import CLOCK, ROUND_THE_CLOCK, SPAN, Moment
from refillspot.parsing.closings import CLOSED, FESTIVAL
from refillspot.parsing.month_weeks import WEEK, join_listed
from refillspot.parsing.weekdays import DAYS, LISTED

if TYPE_CHECKING:
    from collections.abc import Iterator

_BREAK = r"브레이크(?: ?타임)?|break(?: ?time)?|(?<![a-z])b\.? ?t(?![a-z])\.?|(?:쉬는|휴식|준비|휴게) ?시간"
_BREAK += r"|재료 ?준비|직원 ?식사"
# "라스트오더 마감 1시간 30분 전"; "주문마감 30분 전" may also be a countdown
BEFORE_CLOSING = (
    r"(?<!주문)(?<!주문 )(?<!오더)(?:영업 ?)?(?:마감|종료|폐점|문 ?닫기) ?"
    r"(?=\d)(?:(\d) ?시간 ?)?(?:(\d{1,2}) ?분 ?|반 ?)?전"
)
# The whole bracket, else it may be about something else: "(주말 18시까지)", "(주말, 공휴일 제외)".
UNTIL = rf"\( ?(?:{LISTED}) ?[은는]? ?(?:영업 ?)?(?:{CLOCK}) ?까지(?: ?영업)? ?\)"
FROM = rf"\( ?(?:{LISTED}) ?[은는]? ?(?:{CLOCK}) ?(?:오픈|부터|시작)(?: ?영업)? ?\)"
OWN = rf"\( ?(?:{LISTED}) ?[은는:]? ?(?:{SPAN}) ?(?:영업|운영)? ?\)"
EXCEPT = rf"\( ?(?:{LISTED}) ?[은는]? ?제외 ?\)"
TOKENS = {
    # Closing times of something else than the kitchen say nothing about orders.
    "other": r"(?:영업|판매|입장|예약|접수|대기|웨이팅|[가-힣]{0,6}바|소진 ?시?|품절 ?시?) ?(?:조기 ?)?"
    rf"(?:마감|종료)(?: ?시간)?(?: ?(?:{CLOCK}))?",
    "before": BEFORE_CLOSING,
    "until": UNTIL,
    "from": FROM,
    "own": OWN,
    "except": EXCEPT,
    "no_break": rf"(?:{_BREAK})[ :-]{{0,3}}(?:없[가-힣]*|x\b|제외)|no ?break",
    "break": _BREAK,
    "last": r"라스트 ?오[더다]|last ?or?der|(?<![a-z])l[./]? ?o(?![a-z])\.?|마지막 ?(?:주문|오더)|마감"
    rf"|주문 ?(?:시간)?[은:]? ?(?=(?:{CLOCK}) ?까지)|(?<=까지) ?주문",
    "open": r"영업 ?시간|운영 ?시간",
    "days": DAYS,
    "span": rf"{ROUND_THE_CLOCK}|{SPAN}",
    "clock": CLOCK,
    "bracket": r"[()]",
    "slash": r"/",
}
OF_EVERY_DAY = re.compile(rf"(?:{TOKENS['break']}|{TOKENS['last']})(?: ?시간)?[ :]*")  # a label without a day
TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in TOKENS.items()))

# Hours of a season hold for some months only: which, is not said.
_SEASON = r"(?:[하동]절기|여름|겨울|방학|성수기|비수기)"
SEASONAL = re.compile(rf"[^\d(]{{0,20}}{_SEASON}|[^(]*\( ?{_SEASON} ?\)")
# "월-금 11:00-22:00 (일요일~목요일)": whoever wrote the note knew better than the form that asked for the days.
_LABELLED = re.compile(rf"(?P<words>[^\d(]*?)(?:{LISTED})(?P<times>[^()]*\d[^()]*)\( ?(?P<note>{LISTED}) ?\)")

# Words that say nothing of their own beside what is read.
_FILLERS = (
    r"매[월달]|격 ?주로?|2 ?주(?:일)?에 ?(?:한|1) ?번|주문|오더|주방|홀|받습니다|연중 ?무휴|당일|전일"
    r"|전날|다음 ?날|연휴|정기|정상|영업|운영|오픈|주간|휴점|하루|"
    r"휴[무뮤]일? ?없[음이는습니다]*|무휴|365 ?일|단(?![가-힣])|"
    r"점심|저녁|오전|오후|런치|디너|lunch|dinner|타임|time|식사|재료|시간|없[음이는습니다]*|제외|예외|포함|까지|부터|동안?|"
    r"합니다|입니다|됩니다|이며|고정|일(?:정)?|만|및|와|과|은|는|을|를|이|가|도|시|분|전|낮|장사|★|약"
)
_READ = re.compile(f"{TOKEN.pattern}|{FESTIVAL.pattern}|{CLOSED.pattern}|{WEEK}|{_FILLERS}")
_PART = re.compile(r"[()/,]")
_SAYS_SOMETHING = re.compile(r"[가-힣a-z\d]")


def take_days_of_note(line: str) -> str:
    """Return a line with the days of a note that holds nothing else in place of those before the times."""
    match = _LABELLED.fullmatch(line)
    if not match or "공휴일" in match["note"]:  # these come on top
        return line
    return f"{match['words']}{match['note']}{match['times']}"


def find_unread(line: str) -> Iterator[str]:
    """Yield the parts of a line that hold words which were not understood, as written."""
    for part in _PART.split(join_listed(line).replace("l/o", "lo")):
        if _SAYS_SOMETHING.search(_READ.sub(" ", part)):
            yield part.strip(" -·.:*")


def read_before_closing(words: str) -> Moment:
    """Return a moment counted back from closing time: negative minutes."""
    match = re.search(BEFORE_CLOSING, words)
    assert match  # noqa: S101  # the words are a match of it
    hours, minutes = int(match[1] or 0), int(match[2] or 0)
    return Moment(-(hours * 60 + (minutes or (30 if "반" in match[0] else 0))), exact=True)
