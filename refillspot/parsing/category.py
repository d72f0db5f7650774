"""Categories of a store: the site's own, of which there are thousands, and the ten words of docs/fields.md."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from refillspot.parsing.text import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# The kind of a dish is said at its end: 고기국수 is a noodle soup, 순대스테이크 a steak.
WORDS: dict[str, str] = {
    "고기": (
        "고기 삼겹살 오겹살 목살 갈비 항정살 가브리살 안창살 갈매기살 차돌박이 한우 한돈 소고기 돼지고기 흑돼지 "
        "곱창 막창 대창 양곱창 모듬구이 숯불구이 화로구이 소금구이 짚불구이 직화구이 뒷고기 뒷통구이 생고기 "
        "불고기 불백 냉삼 대패삼겹살 양꼬치 양다리 육회 육사시미 뭉티기 바베큐 바비큐 족발 보쌈 수육 편육 닭갈비 "
        "닭강정 치킨 통닭 후라이드 닭꼬치 닭구이 닭발 닭똥집 닭 오리고기 오리구이 샤브샤브 두루치기 떡갈비 등심 "
        "안심 꼬치 고기집 고깃집 부속 꿩 흑염소 보신탕 플래터 삼합 껍데기 주물럭 구이 로스 제육 닭요리 꿩요리 "
        "특수부위 토시살 곱창볶음 갈비살 소갈비 돼지갈비 우대갈비 등갈비 쪽갈비 갈비구이 늑간살 치마살 부채살 "
        "제비추리 채끝 살치살 업진살 우삼겹 꽃등심 차돌 양깃머리 염통 염소 오리 훈제오리 오리로스 칠면조 말고기 "
        "닭날개 근위 닭튀김 닭볶음 닭목살 치맥 삼겹 대패 정육식당 연탄구이 참숯구이 철판구이 석쇠구이 숯불 "
        "한우오마카세 돼지오마카세 돼지막창 소막창 고추장불고기 뽈살 한우삼합 장흥삼합 갈비집"
    ),
    "해산물": (
        "해산물 수산물 수산 횟집 회 모듬회 물회 생선 생선구이 생선찜 생선조림 해물 해물찜 해물탕 해물요리 "
        "해물모듬 장어 장어구이 꼼장어 갯장어 대게 홍게 꽃게 꽃게탕 킹크랩 참게탕 간장게장 양념게장 게장 새우 "
        "대하 대하구이 랍스터 조개 조개구이 조개찜 새조개 굴 굴요리 굴찜 굴전 복어 복국 복요리 복탕 복지리 황복 "
        "복튀김 낙지 낙지볶음 쭈꾸미 주꾸미 오징어 갑오징어 문어 한치 홍어 광어 우럭 민어 전어 고등어 갈치 삼치 "
        "가자미 참가자미 대구 대구탕 동태탕 황태 아구찜 아구요리 아귀찜 매운탕 메기탕 메기찜 어죽 어탕 연어 참치 "
        "전복 멍게 해파리 미더덕 재첩 우니 선어 숭어 송어 다금바리 대방어 방어 밴댕이 간재미 간고등어 멸치 멸치회 "
        "꽃새우 독도새우 고래고기 씨푸드 시푸드 어묵 낙지불고기 물메기 놀래미 보리굴비 굴비 알탕 곤이 과메기 "
        "도리뱅뱅이 쫄복탕 회무침 무침 조림 섭국 각재기국 갈치국 곰치국 짱뚱어탕 참게매운탕 덕자찜 톳밥 자연산 "
        "어시장 오징어볶음 해삼 바지락 벵에돔 새뱅이 꽃게찜 대게찜 홍게찜 낙지찜 문어찜 코다리 코다리찜 명태 "
        "명태찜 동태 동태찜 뽈찜 대구뽈찜 가오리 가오리찜 아구 아귀 아구탕 아귀탕 생태탕 우럭탕 물메기탕 연포탕 "
        "문어탕 조개탕 바지락탕 홍합탕 홍합 가리비 키조개 꼬막 소라 골뱅이 주꾸미볶음 산낙지 낙지탕탕이 탕탕이 "
        "개불 성게 바다가재 로브스터 랍스타 꽃게장 새우장 연어장 전복장 활어 활어회 막회 세꼬시 숙성회 참치회 "
        "옥돔 은어 멜 자리돔 자리물회 볼락 도다리 병어 준치 조기 숭어회 도미 농어 쏘가리 민물고기 해천탕 해신탕 "
        "홍어삼합 홍어탕 홍어회 대구지리 생태지리 지리 꽃게무침 골뱅이무침 물곰탕 꼼치 양미리 도루묵 노가리 먹태 "
        "쥐포 조개전골 해물전골 낙지전골 문어전골 새우탕 게찜 갈치찜 피조개 하모 하모샤브샤브 쭈꾸미샤브샤브 "
        "해물샤브샤브 조개샤브샤브 문어샤브샤브"
    ),
    "양식": (
        "양식 이탈리안 이탈리아음식 프랑스음식 프렌치 파스타 스파게티 피자 스테이크 버거 햄버거 샌드위치 토스트 "
        "브런치 패밀리레스토랑 샐러드 리조또 레스토랑 파인다이닝 경양식 핫도그 타코 멕시칸 멕시코음식 부리또 "
        "수제버거 스페인음식 비스트로 다이닝 양식당 피쉬앤칩스 푸틴 뇨끼 라자냐 라비올리 리소토 감바스 빠에야 "
        "파에야 까르보나라 봉골레 화덕피자 이태리음식 이태리 이탈리아 이탈리아요리 이탈리안요리 프랑스 프랑스요리 "
        "스페인 스페인요리 지중해음식 그리스음식 독일음식 미국음식 미국식 타파스 부리토 브리또 퀘사디아 멕시코 "
        "멕시코요리 폭립 바베큐폭립 슈니첼 학센 소시지 수제소시지 오믈렛 함박 함박스테이크 필라프 그라탕 스튜 "
        "피시앤칩스 토마호크 브라세리 트라토리아 오스테리아"
    ),
    "한식": (
        "한식 한정식 백반 가정식 집밥 밥집 국밥 순대국 순대 해장국 곰탕 설렁탕 갈비탕 감자탕 삼계탕 백숙 닭볶음탕 "
        "닭도리탕 닭한마리 찜닭 찌개 부대찌개 부대볶음 전골 짜글이 탕 국 죽 밥 비빔밥 볶음밥 돌솥밥 쌈밥 쌈 냉면 "
        "평양냉면 밀면 막국수 칼국수 국수 수제비 콩국수 옹심이 만두국 두부 두부요리 두부전골 순두부 청국장 묵 "
        "묵무침 도토리묵 묵은지 김치 빈대떡 전 파전 찌짐 보리밥 기사식당 궁중음식 수라상 남도음식 향토음식 "
        "향토음식점 토속음식 쌈밥정식 정식 산채 능이버섯 버섯 미나리 오리탕 토종닭 선지 당면 북한식 북한음식 "
        "농가맛집 콩국 콩탕 젓국갈비 한식오마카세 추어탕 육개장 실비집 물닭갈비 닭매운탕 암뽕 건강식 나물 한식당 "
        "제육볶음 꼬리찜 육칼 부각 시래기 우거지 온면 국시 갈비찜 소갈비찜 김치찜 묵은지찜 닭찜 계란찜 등갈비찜 "
        "두부조림 감자조림 두부구이 두부김치 가자미미역국 곤드레 솥밥 돌솥 게국지 어복쟁반 올갱이 다슬기 추어 "
        "추어튀김 미꾸라지 도가니 스지 잡채 육전 비지 콩비지 순댓국 낙곱새 한상 한상차림 한정식집 반찬 반찬가게 "
        "함바 평양만두 이북만두 개성만두 북한만두 손만두 김치만두 만두전골 이북음식 평안도음식 황해도음식 "
        "제주음식 전라도음식 경상도음식 강원도음식 접짝뼈국 뼈해장국 뼈다귀 뼈찜 뼈구이 닭개장 닭국 닭죽 오리백숙 "
        "삼계 누룽지 들깨 메밀 비빔국수 잔치국수 콩나물 버섯구이 나물무침 도토리 팥칼국수 팥죽 호박죽 전복죽 죽집 "
        "쌈장 된장 고추장 김치전 부침개 모둠전 전집 수구레 선지국 황태해장국 황태국 북엇국 북어국 복어국 물국수"
    ),
    "중식": (
        "중식 중식당 중국집 중국음식 중화요리 짜장면 간짜장 짬뽕 탕수육 딤섬 마라탕 마라샹궈 훠궈 양갈비 양고기 "
        "군만두 만두 소룡포 동파육 유린기 탄탄면 베이징덕 북경오리 물짜장 꿔바로우 중국식만두 깐풍기 우육면 "
        "우육탕면 도삭면 딴딴면 탄탄멘 마파두부 유산슬 양장피 깐쇼새우 크림새우 라조기 팔보채 멘보샤 어향가지 "
        "지삼선 궈바로우 바오 샤오롱바오 소롱포 샤오마이 완탕 완탕면 홍콩음식 홍콩요리 대만음식 대만요리 사천요리 "
        "사천음식 광동요리 북경요리 중국요리 중국식당 중화 마라 짜장밥 짜장 자장면 간자장 춘권 고추잡채 마라룽샤 "
        "중국 베이징오리"
    ),
    "일식": (
        "일식 일식당 초밥 회전초밥 스시 사시미 라멘 우동 소바 아부라소바 마제멘 돈까스 돈가스 카츠 규카츠 텐동 "
        "텐푸라 이자카야 오마카세 오뎅 야끼토리 로바다야끼 쿠시아게 일본음식 일본가정식 덮밥 모츠나베 스키야키 "
        "야키니쿠 롤 다찌 사케 장어덮밥 오코노미야끼 타코야끼 야키토리 카이센동 규동 가츠동 카츠동 부타동 사케동 "
        "우니동 이쿠라동 오야코동 텐돈 덴동 에비동 돈부리 히츠마부시 나베 밀푀유나베 스끼야끼 스키야끼 샤브집 "
        "모밀 메밀소바 판모밀 냉모밀 츠케멘 돈코츠 교자 가라아게 카라아게 타다끼 타다키 타코와사비 오니기리 벤또 "
        "후토마끼 후토마키 마끼 마키 지라시 갓포 가이세키 이자까야 야끼니꾸 야키소바 야끼소바 몬자야끼 쿠시카츠 "
        "덴푸라 템푸라 까스 일본 일본요리 스시집 장어동 대창덮밥 일본카레 오코노미 에비후라이 멘치카츠 일본식"
    ),
    "분식": (
        "분식 떡볶이 김밥 라면 튀김 순대볶음 쫄면 컵밥 즉석떡볶이 계란범벅 비빔당면 주먹밥 라볶이 떡꼬치 핫바 "
        "꼬마김밥 떡튀순 컵라면 라면집 김떡순 쫄볶이 국물떡볶이 오징어튀김 새우튀김 김말이 김말이튀김 감자튀김"
    ),
    "뷔페": "뷔페 부페 샐러드바",
    "카페": (
        "카페 커피 커피숍 찻집 전통차 티룸 베이커리카페 디저트카페 브런치카페 다방 티하우스 로스터리 에스프레소 "
        "에스프레소바 라떼 밀크티 버블티 주스 생과일주스 과일주스 스무디 티카페 커피전문점 커피집 핸드드립 "
        "드립커피 북카페 애견카페 키즈카페 루프탑카페 한옥카페 대형카페"
    ),
    "디저트": (
        "디저트 베이커리 빵 빵집 제과점 케이크 아이스크림 빙수 떡 떡집 마카롱 파이 머핀 도넛 와플 크로플 호두과자 "
        "호떡 토스트 화채 쿠키 경주빵 황남빵 찹쌀떡 초콜릿 젤라또 튀김소보로 과일 수박 제과 제빵 도너츠 츄러스 "
        "꽈배기 붕어빵 크레페 팬케이크 팬케익 베이글 스콘 타르트 에그타르트 티라미수 푸딩 팥빙수 요거트 "
        "요거트아이스크림 젤라토 탕후루 약과 한과 양갱 만주 화과자 모찌 인절미 크루아상 크로아상 소금빵 바게트 "
        "마들렌 휘낭시에 까눌레 머랭 카스테라 수플레 호두파이 케익 롤케이크 쌀빵 식빵 단팥빵 찐빵 술빵 과자 "
        "전통과자"
    ),
}
# Understood, and none of the ten: cuisines that the vocabulary has no word for, drinks, occasions.
OUTSIDE = (
    "태국음식 베트남 베트남음식 쌀국수 똠양꿍 똠얌쌀국수 인도음식 카레 커리 월남쌈 분짜 동남아음식 아시아음식 "
    "퓨전 퓨전음식 세계음식 할랄 술집 포차 호프 맥주 수제맥주 막걸리 와인 와인바 칵테일 데킬라 브루어리 부루어리 "
    "민속주점 주점 요리주점 바 펍 위스키 소주 채식 비건식당 비건 캠핑 맛집 무한리필 식당 음식점 전문 요리 "
    "코스요리 북카페 안주 들기름 우리밀 편백 편백찜 가맥 네팔음식 네팔 인도 탄두리 탄두리치킨 케밥 터키음식 "
    "튀르키예음식 중동음식 러시아음식 우즈베키스탄음식 중앙아시아음식 몽골음식 위구르음식 베트남쌀국수 베트남요리 "
    "반미 짜조 팟타이 나시고렝 미고랭 락사 바쿠테 싱가포르음식 말레이시아음식 인도네시아음식 필리핀음식 태국 "
    "태국요리 타이 타이음식 푸팟퐁커리 쏨땀 똠얌꿍 하와이음식 포케 브라질음식 남미음식 페루음식 아프리카음식 "
    "아시안 동남아 다국적음식 칵테일바 재즈바 라운지 클럽 소주방 전통주 전통주점 사케바 하이볼 생맥주 비어 호프집 "
    "맥주집 포장마차 실내포차 루프탑 푸드코트 휴게소 구내식당 밀키트 레몬 토마토 보리 스낵 스낵바 야식 술 "
    "안주전문 이색맛집 세계요리 세계맥주 와인샵 바틀샵 도시락"
)
# How a dish is cooked says less than what is cooked: 옥돔구이 is fish, 두부조림 is none. What the stem leaves open is
# unknown.
COOKED = ("구이", "볶음", "조림", "무침", "찜", "튀김")


_BY_WORD = {word: cuisine for cuisine, words in WORDS.items() for word in words.split()}
_BY_WORD |= dict.fromkeys(OUTSIDE.split(), "")
_LONGEST = max(map(len, _BY_WORD))
_ENDING = re.compile(r"(?:전문점|전문|맛집|요리|음식점|음식|식당|집|점)$")
LONGEST_NAME = 40  # characters that are read, from the end: there a name says its kind
BUFFET = "뷔페"
_BUFFET = re.compile(r"(?:[뷔부]페|샐러드바){1,4}$")


class Cuisines(NamedTuple):
    """`known` in the order of `WORDS`, each once; `unknown` the categories that no word of the table explains."""

    known: list[str]
    unknown: list[str]


def parse_categories(text: str | Sequence[str]) -> list[str]:
    """Return the categories in the site's order, each once: "중식, <em>군만두</em>" -> ["중식", "군만두"]."""
    texts = [text] if isinstance(text, str) else text
    names = (clean_text(name) for part in texts for name in (clean_text(part) or "").split(","))
    return list(dict.fromkeys(name for name in names if name))


def find_cuisines(categories: Iterable[str]) -> Cuisines:
    """Return what categories come down to: ["고기뷔페", "삼겹살", "흠"] is (["고기", "뷔페"], ["흠"])."""
    found: set[str] = set()
    unknown = []
    for category in categories:
        cuisines = _cuisines_of("".join(category.split())[-LONGEST_NAME:])
        if cuisines is None:
            unknown.append(category)
        else:
            found |= cuisines
    return Cuisines([cuisine for cuisine in WORDS if cuisine in found], unknown)


@lru_cache(maxsize=4096)
def _cuisines_of(category: str) -> frozenset[str] | None:
    """Return what a category comes down to, empty for one outside the ten, None for an unknown one."""
    whole = category.removesuffix("무한리필") or category
    buffet = _BUFFET.search(whole)
    dish = whole[: buffet.start()] if buffet else whole  # 고기뷔페 is both
    cuisine = _at_the_end(dish)
    if cuisine is None:
        cuisine = _at_the_end(_ENDING.sub("", dish))
    if buffet:
        return frozenset(filter(None, (BUFFET, cuisine)))
    return None if cuisine is None else frozenset(filter(None, (cuisine,)))


def _at_the_end(name: str) -> str | None:
    """Return the cuisine of the longest word that a name ends with, "" for one outside the ten."""
    starts = range(max(0, len(name) - _LONGEST), len(name))
    word = next((name[start:] for start in starts if name[start:] in _BY_WORD), None)
    cooked = next((way for way in COOKED if name.endswith(way) and name != way), None)
    if cooked and (word is None or word == cooked):
        return _cooked(name.removesuffix(cooked), cooked)
    return _BY_WORD[word] if word else None


def _cooked(dish: str, way: str) -> str | None:
    cuisine = _at_the_end(dish)
    return "한식" if way == "찜" and cuisine == "고기" else cuisine  # 갈비찜 is a stew as 갈비탕 is
