from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.regions import districts
from tests.replica.asking import read_count

if TYPE_CHECKING:
    from tests.replica.conftest import Replica

    Stores = list[dict[str, Any]]
    Cells = dict[tuple[str, str, str], set[str]]


@pytest.fixture(scope="module")
def cells(truth: Stores) -> Cells:
    """Return {(district, dong, word): the refs of its stores that the word matches}."""
    found: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for store in truth:
        for word in store["words"]:
            found[store["district"], store["dong"], word].add(store["ref"])
    return found


def test_words_agree_with_what_a_search_of_the_dong_answers(replica: Replica, truth: Stores, cells: Cells) -> None:
    by_ref = {store["ref"]: store for store in truth}
    for (district, dong, word), expected in cells.items():
        section = replica.search(f"서울 {district} {dong} {word}", size=100)
        here = {row["v_rid"] for row in section["list"] if by_ref[row["v_rid"]]["district"] == district}

        assert expected == {ref for ref in here if word in by_ref[ref]["words"]}, (district, dong, word)
        assert read_count(section["total_cnt"]) < 100


def test_every_refill_store_can_be_reached_by_a_word(truth: Stores) -> None:
    assert [store["name"] for store in truth if store["refill"] and not store["words"]] == []


def test_a_tenth_of_a_districts_answer_is_loose(replica: Replica, truth: Stores) -> None:
    by_ref = {store["ref"]: store for store in truth}
    rows = [(district.name, row) for district in districts() for row in replica.rows(f"서울 {district.name} 무한리필")]
    found = [(by_ref[row["v_rid"]], name) for name, row in rows]
    strays = [store for store, name in found if store["district"] != name]
    loose = [store for store, name in found if store["district"] == name and "무한리필" not in store["words"]]

    assert abs(len(strays) / len(rows) - 0.05) < 0.02
    assert abs(len(loose) / len(rows) - 0.15) < 0.03
    assert not any(store["refill"] for store in loose)


def test_districts_fill_up_unevenly_and_none_stays_empty(truth: Stores) -> None:
    counts = Counter(store["district"] for store in truth if store["refill"])

    assert sum(counts.values()) == 1500
    assert len(counts) == 25
    assert min(counts.values()) >= 25
    assert max(counts.values()) > 4 * min(counts.values())


def test_stores_lie_in_the_dong_they_name(truth: Stores) -> None:
    dongs = {(district.code, dong.name): dong for district in districts() for dong in district.dongs}

    assert all(dongs[s["district_code"], s["dong"]].bbox.contains(s["lat"], s["lon"]) for s in truth)


def test_reached_by_is_about_the_keywords_of_the_request(replica: Replica) -> None:
    stores = replica.truth(district="마포구", keywords="무한리필, 고기뷔페")

    assert {store["district"] for store in stores} == {"마포구"}
    assert {word for store in stores for word in store["reached_by"]} == {"무한리필", "고기뷔페"}
    assert "reached_by" not in replica.truth(district="마포구")[0]


def test_white_space_makes_no_difference(replica: Replica, truth: Stores) -> None:
    stores = replica.truth(keywords="삼겹살무한리필,삼겹살 무한 리필")

    assert {len(store["reached_by"]) for store in stores} == {0, 2}
    assert [s["ref"] for s in stores if s["reached_by"]] == [s["ref"] for s in truth if "삼겹살 무한리필" in s["words"]]


def test_only_refill_stores_have_a_verdict_and_a_price(truth: Stores) -> None:
    assert {(store["refill"], store["verdict"]) for store in truth} == {
        (True, "confirmed"), (True, "likely"), (False, "unlikely"),
    }  # fmt: skip
    assert not any(store["refill_price_krw"] for store in truth if not store["refill"])


def test_traps_are_among_the_ordinary_stores(truth: Stores) -> None:
    ordinary = [store for store in truth if not store["refill"]]
    words = Counter(word for store in ordinary for word in store["words"])

    assert any(store["name"].startswith("무한상사") for store in ordinary)
    assert all(words[word] > 10 for word in ("무한리필", "무제한", "뷔페", "샐러드바"))


def test_the_price_is_one_the_menu_states(replica: Replica, truth: Stores) -> None:
    priced = [store for store in truth if store["refill_price_krw"]][::3]
    spelled = 0
    for store in priced:
        menu = replica.profile(store["ref"]).get("menu", {}).get("list", ())
        amounts = {
            int(amount.replace(",", "")) for line in menu for amount in re.findall(r"[\d,]+(?=원)", line["price"])
        }
        spelled += store["refill_price_krw"] in amounts

    assert spelled > 0.85 * len(priced)  # the rest has no menu section, or writes 1만5천원
