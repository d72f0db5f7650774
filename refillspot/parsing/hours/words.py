"""The words of opening hours, sorted by what they do in a statement."""

from __future__ import annotations

import re

from refillspot.parsing.hours.clock import CLOCK, ROUND_THE_CLOCK, SPAN, TimeOfDay
from refillspot.parsing.hours.weekdays import DATED, LISTED, TRUNCATED, WEEK

_BREAK = (
    r"브레이크(?: ?타임)?|break(?: ?time)?|(?<![a-z])b[./]? ?t(?![a-z])\.?|(?:쉬는|휴식|준비|휴게|휴계) ?(?:시간|타임)"
)
_BREAK += r"|재료 ?준비(?:시간)?|직원 ?식사(?:시간)?|휴식|휴게|쉬는(?! ?날)"
# "라스트오더 마감 1시간 30분 전"; "주문마감 30분 전" may also be a countdown
BEFORE_CLOSING = (
    r"(?<!주문)(?<!주문 )(?<!오더)(?:영업 ?)?(?:마감|종료|폐점|문 ?닫기) ?"
    r"(?=\d)(?:(\d) ?시간 ?)?(?:(\d{1,2}) ?분 ?|반 ?)?전"
)
_FESTIVAL = r"명절|구정|설날|(?<![가-힣])설(?=$|[^가-힣]|당일|연휴|추석|명절|은|에)|추석|한가위"
_APART = r"(?<!\d)(?<!\d:)(?<!::)"  # 1::00 is no time
_TIMES = r"(?:\d{1,2}|한|두|세|네|몇) ?[회번](?!째)"
_NOT = r"없[가-힣]*|x(?![a-z])|안 ?함|아[님닙니][가-힣]*"
# Three parts of speech: a scope says when, an assertion what is so then, the rest how sure that is. The first to match
# wins, so the order matters: 7월 4일(금) before 7월, 격주 before 2주.
TOKENS = {
    # scopes
    "dated": DATED,
    "season": r"(?:[하동]절기?|(?:\d ?일 ?|오일)?장날|\d ?일장|오일장"
    r"|(?:여름|겨울|봄|가을)(?:철)?|방학|성수기|비수기|시즌)"
    r"(?: ?(?:중|기간|시즌))?"
    r"|\d{1,2} ?월? ?(?:부터|-) ?\d{1,2} ?월(?! ?\d{1,2} ?일(?!요일))(?: ?까지)?"
    r"|(?:\d{1,2} ?월? ?[,·/&] ?){0,11}\d{1,2} ?월(?! ?\d{1,2} ?일(?!요일)|요일)",
    "date": r"(?:\d{4} ?[년.] ?)?\d{1,2} ?월 ?(?:\d{1,2} ?일? ?[,·&-] ?){0,6}\d{1,2} ?일(?!요일)"
    r"|(?:\d{1,2} ?일? ?[,·/&] ?){0,6}\d{1,2} ?일(?!요일|간)|(?<![\d:.])\d{1,2}/\d{1,2}(?![\d:])"
    r"|말일|초하루|보름|신정|크리스마스|성탄절",
    "every_other": r"격 ?주로?|2 ?주(?:일)?에 ?(?:한|1) ?번|한 ?주 ?걸러",
    "now_and_then": rf"(?:매 ?)?[월달] ?(?:에 ?)?{_TIMES}|한 ?달에 ?{_TIMES}|\d ?주(?:일)?에 ?{_TIMES}"
    rf"|주 ?{_TIMES}|[홀짝]수 ?주"
    r"|격 ?월|비 ?정기적?|부 ?정기적?|불규칙적?|임시|가끔|간혹|종종|간헐적?|수시로?",
    "every_month": r"매 ?[월달]|(?<![가-힣\d])월 ?(?=[1-5] ?[,·/&] ?[1-5] ?주)",
    "weeks": WEEK,
    "festival": rf"(?:{_FESTIVAL})(?: ?[,/·&] ?(?:{_FESTIVAL}))*",
    "days": LISTED,
    "truncated": TRUNCATED,
    "today": r"오늘|내일|금일",
    # assertions
    "all_year": rf"(?:연|년)중 ?무휴|무휴|365 ?일|(?:휴[무뮤]일?|쉬는 ?날)[은이]? ?(?:{_NOT})"
    r"|쉬지 ?않[가-힣]*|안 ?쉽니다",
    "closed": r"(?:정기 ?|주 ?)?휴[무뮤]일?|휴업|휴점|정기 ?휴일|주휴일|쉽니다|쉬어요|쉬는 ?날|쉼"
    r"|(?<=만)휴일|(?<=만 )휴일|(?<=당일)휴일|(?<=일 )휴일|문 ?닫[가-힣]*|closed",
    "before": BEFORE_CLOSING,
    # Closing times of something else than the kitchen say nothing about orders.
    "other": rf"(?:영업|판매|입장|예약|접수|대기|웨이팅|[가-힣]{{0,6}}바|소진 ?시?|품절 ?시?) ?(?:조기 ?)?"
    rf"(?:마감|종료)(?: ?시간)?(?: ?(?:{CLOCK}))?",
    "no_break": rf"(?:{_BREAK})[ :-]{{0,3}}(?:{_NOT}|제외)|no ?break(?: ?time)?",
    "break": _BREAK,
    "last": r"라스트 ?오[더다]|last ?or?der|(?<![a-z])l[./]? ?o(?![a-z])\.?|마지막 ?(?:주문|오더)"
    r"|(?:주문 ?|오더 ?)?마감"
    rf"|주문 ?(?:시간)?[은:]? ?(?=(?:{CLOCK}) ?까지)|(?<=까지) ?주문",
    "open_label": r"영업 ?시간|운영 ?시간",
    "span": rf"{ROUND_THE_CLOCK}|{_APART}(?:{SPAN})(?![:\d])",
    "clock": rf"{_APART}(?:{CLOCK})(?![:\d])",
    "works": r"(?:정상 ?)?(?:영업|운영|오픈)(?:합니다|해요|함|중)?|문 ?엽니다|엽니다",
    # how sure, and of what
    "condition": r"(?:인|일|이) ?(?:경우|때|면)|(?:있|없)을 ?(?:경우|때)|경우|[과와]? ?겹[가-힣]*",
    "unsure": r"\?|휴가|또는|혹은|아니면|내지|랜덤|변동|유동[가-힣]*|확인|문의|전화|미정|협의|예정|상이"
    r"|다[름를][가-힣]*|달라[가-힣]*"
    r"|단축(?: ?(?:영업|운영))?|조기|예외 ?있[가-힣]*|대략|대체로|대부분|보통|가능|있습니다"
    r"|수 있[가-힣]*|아[님닙니][가-힣]*|안 ?[합함해][가-힣]*|하지 ?않[가-힣]*",
    "except": r"제외|예외|빼고",
    "included": r"포함",
    "extent": r"당일(?:만)?|전일|전날|다음 ?날|익일|명일|연휴|전후|이틀|하루|기간|\d ?일간",
    "until": r"까지",
    "from": r"부터",
    "meal": r"점심|저녁|아침|런치|디너|브런치|lunch|dinner|식사|오전|오후|주간|야간|심야|낮|밤(?!\d)",
    "none": r"없[음이]|x(?![a-z])",
    "subject": r"예약|주차|포장|배달|테이크 ?아웃|발렛|할인|이벤트|event|행사|해피 ?아워|화장실",
    "filler": r"[매메] ?주|마다|정기|고정|정상|주문|오더|주방|홀|받습니다|합니다|됩니다|이며|입니다"
    r"|타임|time|시간|동안?|단(?![가-힣])"
    r"|재료|낮?장사|만(?![가-힣])|및|[은는이가도에를을와과엔](?![가-힣])|[은는에](?=휴|[월화수목금토일])|약|요일|★|※",
    "bracket": r"[()]",
    "comma": r"[,·&+]",
    "slash": r"[/|;]",
    "colon": r"[^\w\s()?]",  # and whatever adorns: ■, →, ^^
    "word": r"[가-힣]|[a-z]+|\d+|\S",
}
TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in TOKENS.items()))
SCOPES = frozenset(TOKENS) & {
    "dated", "season", "date", "every_other", "now_and_then", "every_month", "weeks", "festival", "days", "truncated",
    "today",
}  # fmt: skip
OF_EVERY_DAY = re.compile(rf"(?:{TOKENS['break']}|{TOKENS['last']})(?: ?시간)?[ :]*")  # a label without a day
SAYS_ALL_YEAR = re.compile(r"무휴|365")
LONGER = re.compile(r"전[날일]|다음 ?날|익일|명일|연휴|전후|이틀|기간|\d ?일")


def read_before_closing(words: str) -> TimeOfDay:
    """Return a moment counted back from closing time: negative minutes."""
    match = re.search(BEFORE_CLOSING, words)
    assert match  # noqa: S101  # the words are a match of it
    hours, minutes = int(match[1] or 0), int(match[2] or 0)
    return TimeOfDay(-(hours * 60 + (minutes or (30 if "반" in match[0] else 0))), exact=True)
