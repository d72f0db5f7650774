"""Real answers of the site, where somebody keeps them beside the checkout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from refillspot.sites.diningcode.answers import decode_search
from refillspot.sites.diningcode.stores import build_store

CAPTURES = Path(__file__).parents[4] / "shared" / "captures"
WEB_URL = "https://www.diningcode.com"

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="no captures of the site beside this checkout")


def test_the_classes_that_are_read_are_on_a_real_page() -> None:
    seen = json.loads((CAPTURES / "profile_page_inventory_2025.json").read_text(encoding="utf-8"))["info_classes"]

    assert {"busi-hours", "busi-hours-today", "Restaurant_MenuPrice", "tags", "tag", "tel", "total_score"} <= set(seen)


@pytest.mark.parametrize(("name", "count"), [("isearch_choizaroad.json", 184), ("isearch_koreantable.json", 274)])
def test_every_real_row_becomes_a_store(name: str, count: int) -> None:
    page = decode_search((CAPTURES / name).read_bytes())
    stores = [build_store(row, None, WEB_URL) for row in page.rows]

    assert page.broken == []
    assert len(stores) == count
    assert all(store.ref and store.name and store.name == store.name.strip() for store in stores)
    assert all(store.lat and store.lon for store in stores)
    assert [store.ref for store in stores if store.phone] == [row.v_rid for row in page.rows if row.phone]
    in_seoul = [store for store in stores if (store.addr or "").startswith("서울")]
    assert in_seoul
    assert all(store.district_code and store.dong for store in in_seoul)
