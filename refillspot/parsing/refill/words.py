"""The words of an all-you-can-eat offer, how much each weighs where, and what turns it into something else.

And the names that say it without such words: chains that are all-you-can-eat, places where only an aside is free.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.items import EvidenceSource, Verdict

MAIN_DISHES = (
    "고기", "소고기", "쇠고기", "돼지", "한돈", "한우", "흑돼지", "삼겹", "대패", "목살", "갈비", "차돌",
    "우삼겹", "등심", "육회",
    "불고기", "곱창", "막창", "대창", "소곱창", "양꼬치", "양갈비", "양고기", "닭갈비", "치킨", "오리", "장어",
    "족발", "보쌈",
    "초밥", "스시", "참치", "연어", "대게", "홍게", "킹크랩", "랍스터", "게장", "간장게장", "새우", "대하",
    "조개", "해물", "해산물",
    "쭈꾸미", "주꾸미", "샤브", "훠궈", "마라탕", "월남쌈", "편백", "피자", "파스타", "떡볶이", "돈까스",
    "돈가스", "카츠", "딤섬",
)  # fmt: skip

# Given free beside a meal: their refill says nothing of the store. Matched at the end of a phrase, and never inside the
# word of another dish: 장국 is a side dish, 해장국 is none, nor are 닭죽 and 두부김치.
SIDE_DISHES = (
    # rice, soup, noodles to a stew
    r"(?:^|공기|공깃|쌀|흰|잡곡|현미|보리|솥|추가|셀프|후식)밥|(?:^|된장|미소|미역|(?<!해)장|콩나물|우거지|시래기)국|"
    r"스프|수프|국물|육수|된장|된장찌개|숭늉|(?:^|호박|흰|깨|잣|팥|야채)죽|(?:^|라|소|당|우동|칼국수)면|라면|사리|누룽지|"
    # side dishes
    r"반찬|기본찬|^찬|(?<!두부)김치|깍두기|단무지|피클|나물|파절이|파채|마늘|고추|깻잎|쌈무|겉절이|동치미|장아찌|장조림|"
    r"젓갈|양배추|숙주|버섯|(?<!보)(?<!월남)쌈|채소|야채|상추|샐러드|셀프코너|소스|(?:^|쌈|초|고추)장|간장|생강|와사비|케첩|"
    r"마요네즈|토핑|계란|계란찜|달걀|후라이|프라이|두부|감자튀김|팝콘|과자|강냉이|뻥튀기|나초|또띠아|토르티야|^난|빵|"
    r"식전빵|토스트|버터|치즈|(?<!어)묵|(?<!튀)김|기본안주|안주"
)
OTHER_ASIDES = (
    r"(?:샐러드|셀프|라면|반찬|소스|음료|드링크)\s?바|"
    # drinks and sweets
    r"음료|음료수|탄산|콜라|사이다|에이드|주스|커피|아메리카노|에스프레소|식혜|수정과|^티|"
    r"(?:^|녹|홍|보리|옥수수|메밀|전통|밀크|매실|유자|대추|생강)차|(?:^|생|얼음)물|우유|와인|맥주|주류|하이볼|"
    r"(?:^|전통|칵테일)술|소주|막걸리|사케|칵테일|위스키|드링크|bar|wine|beer|coffee|drinks?|beverages?|"
    r"아이스크림|디저트|후식|쿠키|과일|젤리|사탕|초콜릿|요거트|"
    # no food
    r"시간|좌석|주차|와이파이|wifi|노래|노래방|게임|콜키지|쿠폰|포인트|충전|데이터"
)
# Side dishes elsewhere that a buffet, or a place that is filed under them, makes a meal of: 보리밥뷔페, 버섯무한리필.
MEALS_OF_THEIR_OWN = re.compile(r"(?:보리밥|쌈|나물|버섯|두부|죽|묵|국|칼국수면)$")

LONGEST_DISH = 16  # characters
LOOKED_AT = 60  # characters on each side of the words: what stands farther off is of something else


class Offer(NamedTuple):
    """Words of an offer and the verdict that they carry in each part of a store; a part left out carries none."""

    words: re.Pattern[str]
    weights: dict[EvidenceSource, Verdict]
    before: re.Pattern[str] = re.compile("")
    """What must stand right before the words."""
    of_buffet: bool = False

    def is_in(self, text: str) -> bool:
        """Tell whether a text makes the offer, of more than side dishes or drinks."""
        return not _OVER.search(text) and any(
            self.before.search(text, max(0, match.start() - LONGEST_DISH), match.start())
            and not is_aside(text, match, of_buffet=self.of_buffet)
            for match in self.words.finditer(text)
        )


def _spaced(words: str) -> str:
    """Return a pattern for words, white space inside them ignored: 무한 리필."""
    return " ?".join(words)


SAYS_SO: dict[EvidenceSource, Verdict] = {
    "name": "confirmed", "branch": "confirmed", "category": "confirmed", "menu": "confirmed", "tag": "likely",
}  # fmt: skip
# A branch lies in a 뷔페타워 or 무한로: only the plain word counts there.
NOT_OF_A_BRANCH: dict[EvidenceSource, Verdict] = {
    source: verdict for source, verdict in SAYS_SO.items() if source != "branch"
}
_DISH = "|".join(map(_spaced, sorted(MAIN_DISHES, key=len, reverse=True)))
_ENDS_IN_DISH = re.compile(rf"(?:{_DISH})(?:살|회|구이|찜|박이|초밥|볶음|튀김)? ?$")
# Catering (출장뷔페) is no restaurant; 뷔페거리, 뷔페타워 are places.
CATERING = re.compile(r"출장|케이터링|catering")
BUFFET = Offer(
    re.compile(r"(?:디저트 ?)?[뷔부] ?페(?! ?(?:거리|골목|타워|빌딩|상가|센터|길|로\b|앞|옆|맞은편))|\bbuffet\b"),
    NOT_OF_A_BRANCH,
    of_buffet=True,
)

OFFERS = (
    Offer(re.compile(r"무 ?(?:제 ?)?한[ ·-]?리 ?필|무 ?한 ?제 ?공"), SAYS_SO),
    Offer(re.compile(r"\ball[ -]?you[ -]?can[ -]?eat\b|\bayce\b"), NOT_OF_A_BRANCH),
    Offer(re.compile(_spaced("무제한")), {"category": "confirmed", "menu": "confirmed", "tag": "likely"}),
    # 무한 alone is a word of many names (무한상사, 무한도전); with a dish before or after it, it is an offer.
    Offer(re.compile(rf"무 ?(?:제 ?)?한 ?(?={_DISH})"), NOT_OF_A_BRANCH),
    Offer(re.compile(r"무제?한(?![가-힣])"), NOT_OF_A_BRANCH, before=_ENDS_IN_DISH),
    Offer(re.compile(rf"무한으로 ?즐기(?=.{{0,20}}(?:{_DISH}))"), {"name": "confirmed", "menu": "confirmed"}),
    Offer(re.compile(rf"^{_spaced('무한')} (?=.{{0,20}}(?:{_DISH}))"), {"menu": "confirmed"}),
    # 참치+연어(리필/1인): refilled by the head, and not once or with a stew's noodles
    Offer(re.compile(r"[(\[] ?(?:1인 ?/? ?)?리필 ?(?:/ ?1인)? ?[)\]]"), {"menu": "confirmed"}, before=_ENDS_IN_DISH),
    BUFFET,
)
# No offer without one of these; looked for first, because most texts have none.
ANY_OFFER = re.compile(r"무 ?[한제]|리필|[뷔부] ?페|buffet|all[ -]?you|ayce")
SALAD_BAR = re.compile(_spaced("샐러드바") + "|" + _spaced("샐러드뷔페"))

OTHER_ASIDE = re.compile(rf"(?:{OTHER_ASIDES})$")
_ASIDE = re.compile(rf"(?:{SIDE_DISHES}|{OTHER_ASIDES})(?:은|는|이|가|도|만|을|를|류|등|까지|와|과|랑|하고|에서)?$")
# "무한리필 행사 종료", "무한리필은 더이상 하지 않습니다", "무한리필(x)"; but "무한리필 (포장 불가)" is an offer.
_NOT_SO = re.compile(
    r"(?:집|전문점|식당)? ?\(? ?(?:행사|이벤트|메뉴|서비스|판매|운영|제공|코스)?[은는이가도을를]? ?"
    r"(?:더 ?이상|이제|현재|잠정|일시|당분간)? ?"
    r"(?:아닙|아님|아니|안 ?[됩돼됨하합함해]|하지 ?않|불가|(?:판매 ?)?(?:중[단지]|종료|폐지)|제외|없|끝(?!판)"
    r"|(?:x|no)(?![a-z]))"
)
_OVER = re.compile(r"[(\[] ?(?:행사|이벤트|판매|운영)? ?(?:종료|중단|중지|폐지|아님)(?:됨|되었습니다|했습니다)? ?[)\]]")
_BOUND = re.compile(r"[()\[\]+:;!★|]")
# Stands between a dish and the word without naming anything: "와인 2시간 무제한".
_NEUTRAL = re.compile(
    r"(?:\d+ ?(?:인당|인|시간|분|명|원|회)|셀프|추가|무료|이용|당일|평일|주말|점심|저녁|런치|디너|모두|전부|매일"
    r"|무제한|무한|무한리필)$"
)
_OFFERED = re.compile(r" ?(?:되는|가능한|제공되는|드리는)\b")  # "무한리필되는 셀프바"
_INCLUDED = re.compile(r"포함|별도|서비스|불포함")
# "홍합탕, 홍합탕 국물 무한리필", "부대찌개, 라면사리 무한리필": of the last alone; "소고기, 야채 무한리필" is of both.
_ONLY_BESIDE = re.compile(r"(?:국물|육수|소스|사리|(?:^|공기)밥|반찬|김치|음료수?|탄산|커피|주류)$")
_APART = re.compile(r"[,/·] ?(?:[(\[] ?)?$")  # "해장국, 무한리필 국물": what stands before is another dish
_AND = re.compile(r"[,/·&]|(?<=[와과랑]) ")


def is_aside(text: str, match: re.Match[str], *, of_buffet: bool = False) -> bool:
    """Tell whether the words found in a text offer only side dishes or drinks, or deny the offer."""
    before, after = text[max(0, match.start() - LOOKED_AT) : match.start()], text[match.end() : match.end() + LOOKED_AT]
    if _NOT_SO.match(after):
        return True
    phrase = "" if _APART.search(before) else _last_phrase(before)
    if parts := [part.strip() for part in _AND.split(phrase) if part.strip()]:
        if of_buffet and MEALS_OF_THEIR_OWN.search(parts[-1]):
            return False
        return all(map(is_side, parts)) or (len(parts) > 1 and bool(_ONLY_BESIDE.search(parts[-1])))
    return any(is_side(word) for word in _first_words(after))


def _last_phrase(before: str) -> str:
    """Return what stands right before the words: the phrase in the same bracket, or the one before the bracket."""
    phrases = [phrase.strip() for phrase in _BOUND.split(before)]
    phrase = phrases[-1]
    if not phrase and before.rstrip().endswith("(") and len(phrases) > 1:
        phrase = phrases[-2]
    while (shorter := _NEUTRAL.sub("", phrase).strip()) != phrase:
        phrase = shorter
    return phrase


def _first_words(after: str) -> list[str]:
    """Return the first word behind the words, none if it only comes with the meal ("무한리필 음료 포함")."""
    told = _OFFERED.sub("", after, count=1).lstrip(" )]:")  # "[무한리필] 국물"
    phrase = re.split(r"[()\[\]+:;!★|,/&·]", told)[0]
    return [] if _INCLUDED.search(phrase) else phrase.split()[:1]


def is_side(phrase: str) -> bool:
    """Tell whether a dish or a phrase is rice, soup, a side dish, a drink: what comes with a meal."""
    words = phrase.split()
    return bool(words) and bool(_ASIDE.search(words[-1]) or _ASIDE.search("".join(words)))


# Only chains whose whole offer is a price per person; one with ordinary dishes beside a salad bar (빕스) is not here.
BRANDS = (
    # meat
    "명륜진사갈비", "고기싸롱",
    # sushi and seafood
    "쿠우쿠우", "스시메이진", "보노보노", "마키노차야", "바이킹스워프", "무스쿠스", "토다이", "드마리스",
    # Korean and family restaurants
    "애슐리퀸즈", "애슐리w", "애슐리", "자연별곡", "풀잎채", "계절밥상", "올반",
    # shabu-shabu
    "샤브올데이", "로운샤브샤브", "모던샤브하우스", "꽃마름",
    # pizza, tteokbokki
    "피자몰", "두끼떡볶이", "두끼",
)  # fmt: skip

# A brand ends where its word ends, or only its kind and the branch follow: 두끼 강남점, 두끼강남점,
# 쿠우쿠우골드 강남점, but not 두끼니식당. Before it stands nothing but a company's form: (주)명륜진사갈비.
_KIND = r"(?:골드|블랙|레드|플러스|프리미엄|셀렉트)?"
_NAMES = "|".join(r"\s*".join(map(re.escape, brand)) for brand in sorted(BRANDS, key=len, reverse=True))
_BRAND = re.compile(
    rf"[\[(<]?(?:\(?주\)|㈜)?\s*(?P<brand>{_NAMES}){_KIND}(?=$|[^가-힣a-z0-9]|[가-힣0-9]{{1,12}}점(?:$|\W))"
)


def find_brand(name: str) -> str | None:
    """Return the chain that a store's name begins with, as the name writes it; None if it is none of `BRANDS`."""
    match = _BRAND.match(name.casefold().strip())
    return match["brand"] if match else None


# Restaurants of what is elsewhere given free beside a meal: rice and soup, noodles, coffee and bread, drinks.
_PLACES = (
    # rice, side dishes and noodles are refilled here
    "백반", "가정식", "쌈밥", "보리밥",
    "국밥", "순대국", "해장국", "곰탕", "설렁탕", "육개장", "추어탕", "칼국수", "국수", "수제비",
    "냉면", "밀면", "라멘", "우동", "소바",
    # coffee and bread
    "카페", "커피", "찻집", "베이커리", "빵집", "제과점", "디저트",
    # drinks
    "술집", "주점", "포차", "호프", "펍", "바", "맥주", "와인", "막걸리", "칵테일", "위스키",
    "이자카야", "사케", "브루어리",
)  # fmt: skip
_ENDS_AS_ONE = re.compile(f"(?:{'|'.join(_PLACES)})(?:전문점|집)?$")


def is_aside_place(categories: Sequence[str]) -> bool:
    """Tell whether a store's first category, which is what it is above all, is such a place.

    What its menu offers without limit is then most probably rice, noodles, coffee or beer; a 뷔페 is a meal there too.
    """
    return bool(categories) and bool(_ENDS_AS_ONE.search(categories[0]))
