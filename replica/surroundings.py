"""What else is on a store page: eight sections that say nothing of the store, and a good part of its bytes.

Own invention: of these no more is known than that there are about sixteen sections.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from replica.pictures import IMAGES
from replica.vocabulary import FIRST_WORDS, LAST_WORDS

if TYPE_CHECKING:
    from replica.store import Store

NEIGHBOURS = 211  # that pages draw from
SHOWN = {"nearby": 16, "ranking": 10}
FAQ = (
    ("주차가 되나요?", "매장마다 다르니 방문하기 전에 전화로 확인해 주세요."),
    ("예약할 수 있나요?", "인원과 시간을 알려 주시면 매장에서 확인해 드립니다."),
    ("포장이나 배달이 되나요?", "배달 앱에서 매장 이름을 찾아보시면 됩니다."),
    ("정보가 사실과 다르면 어떻게 하나요?", "페이지 아래의 정보 수정 요청을 눌러 알려 주세요."),
    ("영업시간은 언제 바뀌나요?", "명절과 공휴일에는 표시된 시간과 다를 수 있습니다."),
)


def write_surroundings(store: Store, key: str) -> dict[str, Any]:
    """Return the section of this key, one of `SURROUNDINGS`."""
    if key not in SHOWN:
        return {"key": key, "list": _fixed()[key]}
    entries, first = _neighbours(), store.seed % NEIGHBOURS
    return {"key": key, "list": [entries[(first + 7 * number) % NEIGHBOURS] for number in range(SHOWN[key])]}


@cache
def _fixed() -> dict[str, list[msgspec.Raw]]:
    videos = [
        {"v_id": f"v{number}", "url": f"https://video.replica.invalid/{number}", "title": "가상 동네 산책", "sec": 42}
        for number in range(3)
    ]
    banners = [
        {"b_id": number, "img": f"{IMAGES}/banner/{number}.webp", "link": "https://www.replica.invalid/", "w": 720}
        for number in range(4)
    ]
    words = [f"{first}{last}" for first, last in zip(FIRST_WORDS, LAST_WORDS, strict=False)]
    sections: dict[str, list[dict[str, Any]]] = {
        "seo": [{"title": "합성 다이닝코드", "desc": "시험을 위해 지어낸 음식점 안내입니다. " * 8, "keywords": words}],
        "banner": banners,
        "coupon": [],
        "video": videos,
        "faq": [{"q": question, "a": answer, "open": False} for question, answer in FAQ],
        "notice": [{"n_id": 1, "title": "합성 공지", "body": "이 페이지의 내용은 모두 지어낸 것입니다. " * 6}],
    }
    return {key: [_raw(entry) for entry in entries] for key, entries in sections.items()}


SURROUNDINGS = ("seo", "banner", "nearby", "ranking", "coupon", "video", "faq", "notice")


@cache
def _neighbours() -> tuple[msgspec.Raw, ...]:
    """Return invented neighbours, of no store of the city."""
    return tuple(_raw(_neighbour(number)) for number in range(NEIGHBOURS))


def _neighbour(number: int) -> dict[str, Any]:
    first, last = FIRST_WORDS[number % len(FIRST_WORDS)], LAST_WORDS[number % len(LAST_WORDS)]
    photo = f"{IMAGES}/300_300_2026{1 + number % 6:02d}01_neighbour{number}.webp"
    return {
        "v_rid": f"neighbour{number:03d}", "nm": f"이웃 {first}{last}", "branch": None, "addr": f"가상로 {number}",
        "category": "이웃집", "score": 25 + number % 70, "user_score": 4.1, "review_cnt": number,
        "distance": f"{number}m", "lat": 0.0, "lng": 0.0, "open_status": "영업 중", "image": photo,
        "image_list": [f"{photo}?n={n}" for n in range(2)],
        "keyword": [{"term": "이웃", "mark": 0}], "display_review": None,
        "link": f"https://www.replica.invalid/neighbour/{number}", "is_ad": False, "zzim_cnt": number * 3,
    }  # fmt: skip


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
