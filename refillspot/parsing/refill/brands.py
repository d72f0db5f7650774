"""Chains that are all-you-can-eat and do not say so in their names.

Only chains whose whole offer is a price per person; one with ordinary dishes beside a salad bar (빕스) is not here.
"""

from __future__ import annotations

import re

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
