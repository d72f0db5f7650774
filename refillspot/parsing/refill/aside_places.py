"""Restaurants of what is elsewhere given free beside a meal: rice and soup, noodles, coffee and bread, drinks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

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
