"""Stores that begin and end all-you-can-eat while the clock moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.replica.conftest import Replica, Start


@pytest.fixture(scope="module")
def moved(start_replica: Start) -> Iterator[Replica]:
    with start_replica("--refill-stores", "150", "--ordinary-stores", "350", "--odd", "0", "--seed", "9") as running:
        running.move(days=100)
        yield running


def test_an_offer_begins_and_ends(moved: Replica) -> None:
    before, after = ({store["ref"]: store for store in moved.truth(at=at)} for at in ("2026-07-09", "2026-10-17"))
    stores = [(before[ref], after[ref]) for ref in before.keys() & after.keys()]
    started = [new for old, new in stores if new["refill"] and not old["refill"]]
    stopped = [(old, new) for old, new in stores if old["refill"] and not new["refill"]]

    assert started
    assert stopped
    for store in started:
        assert store["verdict"] == "confirmed"
        assert {"무한리필", "무제한"} & set(store["words"])
        assert store["ref"] in {
            row["v_rid"]
            for word in store["words"]
            for row in moved.rows(f"서울 {store['district']} {store['dong']} {word}")
        }
    for old, new in stopped:
        assert (new["verdict"], new["prices"], new["refill_price_krw"]) == ("unlikely", [], None)
        assert (new["address"], new["phone"]) == (old["address"], old["phone"]) or old["ref"] in {
            change["ref"] for change in moved.changes() if change["kind"] in {"move", "phone"}
        }
