from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from refillspot.diningcode.page_types import Restaurant, Row, StorePage
from refillspot.diningcode.stores import build_store

if TYPE_CHECKING:
    from refillspot.items import Store

NOTHING: dict[str, object] = dict.fromkeys(Row.__struct_fields__)


def build(**said: Any) -> Store:
    row = msgspec.convert(NOTHING | {"v_rid": "AAAAaaaa1111", "nm": "달빛"}, Row)
    return build_store(row, StorePage(Restaurant(rn="달빛", **said)), "https://www.diningcode.com")


@pytest.mark.parametrize(
    ("said", "score"),
    [
        (71, 71),
        ("71", 71),
        ("0,071", 71),
        ("1,071", None),
        (-1, None),
        (None, None),
        ("INF", None),
        ("nan", None),
        ("", None),
    ],
)
def test_a_score_is_a_number_or_not_known(said: object, score: int | None) -> None:
    assert build(score=said).score == score


@pytest.mark.parametrize("lat", ["nan", "INF", 0, None, 91.0])
def test_a_point_that_is_nowhere_in_korea_is_not_known(lat: object) -> None:
    assert build(lat=lat, lng=127.0).lat is None
