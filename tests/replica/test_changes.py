from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from replica.changes import YEARLY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.replica.conftest import Replica, Start

    Stores = dict[str, dict[str, Any]]

SMALL = ("--refill-stores", "150", "--ordinary-stores", "350", "--odd", "0", "--seed", "9")
START, LATER = "2026-07-09T00:00:00+09:00", "2026-10-17T00:00:00+09:00"
DAYS = 100
# What each kind is about, and what it may touch besides; None = a store comes or goes.
FIELDS: dict[str, tuple[set[str | None], set[str | None]]] = {
    "open": ({None}, set()),
    "close": ({None}, set()),
    "retire": ({None}, set()),
    "second_ref": ({None, "ends"}, set()),
    "move": ({"dong", "address", "lat", "lon"}, {"road_address", "district", "district_code"}),
    "phone": ({"phone"}, set()),
    "price": ({"menu", "prices", "refill_price_krw"}, set()),
    "hours": ({"hours"}, {"hours_today_only"}),
    "menu": ({"menu"}, {"words"}),
    "start_refill": ({"refill", "verdict", "menu", "words", "prices", "refill_price_krw"}, set()),
    "stop_refill": ({"refill", "verdict", "menu", "words"}, {"prices", "refill_price_krw", "name"}),
}
LIVELY_FIELDS = FIELDS | {
    "rename": ({"name"}, set()),
    "vanish": ({None}, set()),
    "reopen": ({None}, set()),
    "festival": ({"hours"}, set()),
}


def truth_at(replica: Replica, at: str) -> Stores:
    return {store["ref"]: store for store in replica.truth(at=at)}


def listed(replica: Replica, store: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the rows of the store's dong by ref; of a dong without stores the site has no list."""
    found = replica.post("/API/isearch/", query=f"서울 {store['district']} {store['dong']}", size=100)["result_data"]
    return {row["v_rid"]: row for row in found.get("poi_section", {"list": []})["list"]}


@pytest.fixture(scope="module")
def moved(start_replica: Start) -> Iterator[Replica]:
    """A replica a hundred days on, its caches filled before it moved."""
    with start_replica(*SMALL) as running:
        running.rows("서울 무한리필")
        for store in running.truth():
            assert store["ref"] in listed(running, store)
            running.profile(store["ref"])
        running.move(days=DAYS)
        yield running


@pytest.fixture(scope="module")
def before(moved: Replica) -> Stores:
    return truth_at(moved, START)


@pytest.fixture(scope="module")
def after(moved: Replica) -> Stores:
    return truth_at(moved, LATER)


def test_a_hundred_days_at_once_are_a_hundred_days_one_by_one(start_replica: Start, moved: Replica) -> None:
    with start_replica(*SMALL) as other:
        for _ in range(DAYS):
            other.move(days=1)

        for path in ("/_truth", "/_changes", f"/_truth?at={START}"):
            assert other.send("GET", path) == moved.send("GET", path)
        assert other.rows("서울 무한리필") == moved.rows("서울 무한리필")


def test_another_seed_has_another_future(start_replica: Start, moved: Replica) -> None:
    with start_replica(*SMALL[:-1], "10") as other:
        other.move(days=DAYS)

        assert not {change["ref"] for change in other.changes()} & {change["ref"] for change in moved.changes()}


def test_every_kind_happens_about_as_often_as_its_rate_says(start_replica: Start) -> None:
    with start_replica("--refill-stores", "100", "--ordinary-stores", "900", "--seed", "2") as running:
        running.move(days=365)
        events = {(change["kind"], change["ref"], change["at"]) for change in running.changes()}
        counts = {kind: sum(event[0] == kind for event in events) for kind in (*YEARLY, "retire")}
        stores = len(running.truth())

    expected = {kind: rate * 10 for kind, rate in YEARLY.items() if kind != "second_ref"}
    expected["start_refill"] *= 0.9  # of the ordinary stores
    expected["stop_refill"] *= 0.1  # of the others
    assert all(0.6 < counts[kind] / number < 1.4 for kind, number in expected.items()), counts
    assert counts["second_ref"] > 20
    assert counts["retire"]
    assert 900 < stores < 1100


@pytest.fixture(scope="module")
def lively(start_replica: Start) -> Iterator[Replica]:
    """Fifty days with much to do, a festival week from 2026-07-19 on, and a page in five that says less."""
    with start_replica(*SMALL, "--daily-changes", "0.05", "--festival-day", "10", "--poorer-pages", "0.2") as running:
        running.move(days=50)
        yield running


@pytest.mark.parametrize("city", ["moved", "lively"])
def test_the_changes_explain_every_difference_between_two_truths(city: str, request: pytest.FixtureRequest) -> None:
    moved: Replica = request.getfixturevalue(city)
    now = json.loads(moved.send("GET", "/_clock"))["now"]
    for start, end in ((START, now), ("2026-07-18", "2026-08-20"), ("2026-08-01T13:00", "2026-08-02T01:00")):
        before = truth_at(moved, start)
        told = {ref: {**store} for ref, store in before.items()}
        for change in moved.changes(**{"from": start, "to": end}):
            ref, field = change["ref"], change["field"]
            assert (told.get(ref) if field is None else told[ref][field]) == change["old"]
            if field:
                told[ref][field] = change["new"]
            elif change["new"]:
                told[ref] = change["new"]
            else:
                del told[ref]

        assert told == truth_at(moved, end)
        assert told != before


def test_closed_stores_leave_the_lists_and_answer_as_unknown(moved: Replica, before: Stores, after: Stores) -> None:
    gone = before.keys() - after.keys()

    assert len(gone) > 8
    assert all(ref not in listed(moved, before[ref]) for ref in gone)
    assert all(moved.post("/API/profile/", v_rid=ref)["result_code"] == "001" for ref in gone)


def test_new_stores_are_listed_and_have_pages(moved: Replica, before: Stores, after: Stores) -> None:
    new = [after[ref] for ref in after.keys() - before.keys()]

    assert {store["refill"] for store in new} == {True, False}
    for store in new:
        assert store["ref"] in listed(moved, store)
        assert moved.profile(store["ref"])["restaurant"]["rn"] == store["name"]


def test_pages_and_rows_follow_what_changed(moved: Replica, before: Stores, after: Stores) -> None:
    for ref in [ref for ref in before.keys() & after.keys() if before[ref] != after[ref]]:
        store, page = after[ref], moved.profile(ref)
        row = listed(moved, store)[ref]

        assert row["addr"] == store["address"]
        assert (row["lat"], row["lng"]) == (store["lat"], store["lon"])
        assert (page["restaurant"]["phone"] or "")[-9:] == (store["phone"] or "")[-9:]
        lines = page.get("menu", {}).get("list")
        assert lines is None or [[line["menu"], line["price"]] for line in lines if line["menu"]] == store["menu"]


def lot(address: str) -> str:
    return address.split()[3]


@pytest.mark.parametrize(("city", "fields"), [("moved", FIELDS), ("lively", LIVELY_FIELDS)])
def test_a_change_touches_its_own_fields_and_no_other(
    city: str, fields: dict[str, tuple[set[str | None], set[str | None]]], request: pytest.FixtureRequest
) -> None:
    found: defaultdict[str, set[str | None]] = defaultdict(set)
    for change in request.getfixturevalue(city).changes():
        found[change["kind"]].add(change["field"])

    assert found.keys() == fields.keys()
    for kind, (always, perhaps) in fields.items():
        assert always <= found[kind] <= always | perhaps, kind


def test_as_many_change_a_day_as_it_was_told(lively: Replica) -> None:
    days = Counter(
        at for at, _ref in {(one["at"], one["ref"]) for one in lively.changes() if one["kind"] != "festival"}
    )

    assert 0.6 * 0.05 < sum(days.values()) / 50 / len(lively.truth()) < 1.1 * 0.05  # some draws change nothing


def test_what_vanished_is_unknown_and_comes_back_as_it_was(lively: Replica) -> None:
    absences: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for change in lively.changes():
        if change["kind"] in {"vanish", "reopen"}:
            absences[change["ref"]].append(change)
    away = {ref: told[-1] for ref, told in absences.items() if told[-1]["kind"] == "vanish"}

    assert any(len(told) > 1 for told in absences.values())
    for told in absences.values():
        assert [one["kind"] for one in told] == (["vanish", "reopen"] * len(told))[: len(told)]
        for gone, back in zip(told[::2], told[1::2], strict=False):
            assert gone["old"] == back["new"]
    assert not away.keys() & {store["ref"] for store in lively.truth()}


def test_a_festival_goes_back_after_a_week(lively: Replica) -> None:
    told = [change for change in lively.changes() if change["kind"] == "festival"]
    began = {change["ref"]: change for change in told if change["at"][:10] == "2026-07-19"}
    ended = {change["ref"]: change for change in told if change["at"][:10] == "2026-07-26"}

    assert len(told) == len(began) + len(ended)
    assert len(began) > 100 < len(ended)
    assert ended.keys() <= began.keys()
    assert all((one["old"], one["new"]) == (began[ref]["new"], began[ref]["old"]) for ref, one in ended.items())


def test_some_pages_say_less_for_a_day(lively: Replica) -> None:
    """A section is missing, or is there and empty; which pages these are is another draw each day."""
    less = []
    for _ in range(2):
        truth = [store for store in lively.truth() if store["menu"] and store["hours"]]
        less.append({store["ref"]: said for store in truth if (said := lacks(lively.profile(store["ref"])))})
        lively.move(days=1)
    (first, second), stores = less, len(truth)

    assert {lack for lacking in first.values() for lack in lacking} == {"menu", "detail", "tag", "lines", "hours"}
    assert 0.15 < len(first) / stores < 0.45  # three of a hundred lack each of these sections always
    assert len(first.keys() & second.keys()) < len(first) * 0.7


def lacks(page: dict[str, dict[str, Any]]) -> set[str]:
    """Return what a page does not say of a store that has a menu and hours."""
    missing = {"detail", "menu", "tag"} - page.keys()
    if "menu" in page and not page["menu"]["list"]:
        missing.add("lines")
    if "detail" in page and not (page["detail"]["bhour"] or page["detail"]["bhour_seo"]):
        missing.add("hours")
    return missing


def test_a_move_is_to_another_lot(moved: Replica) -> None:
    moves = [change for change in moved.changes() if change["kind"] == "move" and change["field"] == "address"]

    assert moves
    assert not [change for change in moves if lot(change["old"]) == lot(change["new"])]


def test_a_second_id_is_the_same_store_and_the_first_goes_on_or_dies(moved: Replica, after: Stores) -> None:
    events = [change for change in moved.changes() if change["kind"] == "second_ref"]
    twins = {event["new"]["same_as"]: event["new"] for event in events if event["new"] and event["field"] is None}
    ended = {event["ref"]: event["new"] for event in events if event["field"] == "ends"}
    died = {event["ref"] for event in events if event["field"] is None and event["new"] is None}
    retired = {change["ref"]: change["at"] for change in moved.changes() if change["kind"] == "retire"}

    assert twins.keys() == ended.keys() | died
    assert retired == {ref: f"{ends}T00:00:00+09:00" for ref, ends in ended.items() if ends <= LATER[:10]}
    assert all(ref in after for ref in ended.keys() - retired.keys())


def test_closed_today_is_shown_on_the_days_that_are(moved: Replica, after: Stores) -> None:
    weekday = "5"  # 2026-10-17 is a Saturday
    rows = [row for district in ("강남구", "마포구", "송파구") for row in moved.rows(f"서울 {district}")]
    shown = {row["v_rid"] for row in rows if row["open_status"] == "오늘 휴무"}

    assert shown
    assert shown == {
        row["v_rid"] for row in rows if (hours := after[row["v_rid"]]["hours"]) and hours[weekday]["closed"]
    }
