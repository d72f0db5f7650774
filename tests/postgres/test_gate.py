"""Crawls that are judged as they end: what is shown of them, and what accepting or rejecting one comes to."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from refillspot.clock import Clock
from refillspot.exceptions import ArgumentError, HeldCrawlError
from refillspot.items import MenuItem, ReadPage, UnknownStore
from refillspot.listing.entries import why_none
from refillspot.policies.quality import FEWEST, THRESHOLDS
from refillspot.postgres.connection import run
from refillspot.postgres.corrections import corrections
from refillspot.postgres.crawls import CrawlTable, find_crawl
from refillspot.postgres.gate import abandon, accept, reject
from refillspot.postgres.outward import StoreFilter, snapshot
from refillspot.postgres.query_yields import QueryYieldTable, read_yields
from refillspot.postgres.store_row import StoreRow
from refillspot.sites.diningcode import NAME
from refillspot.stats.crawl import Crawl
from tests.own_postgres import OwnPostgres
from tests.postgres.test_history import Looks
from tests.postgres.test_presence import answer, states
from tests.postgres.test_stores import UNLIKELY, query, store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from refillspot.items import Store, StoreKey
    from refillspot.planning.keywords import QueryAnswer
    from tests.programs import Launcher

GANGNAM, SEOCHO = "11680", "11650"
KEYWORDS = ["무한리필"]
REFS = [f"S{number:02}" for number in range(FEWEST)]
TABLES = ("stores", "store_history", "query_yields", "store_presence", "corrections", "barred_stores")
OF_ONE_CRAWL = ("query_answers", "crawl_sightings", "store_before")
VIEWS = ("v_stores", "v_changes", "corrections_now", "stores_at(now())")


class Gate(Looks):
    """Goes through crawls of one district, each judged as it ends."""

    def begin(self, crawl_id: str, *districts: str, limit: int | None = None, supersedes: bool = False) -> None:
        arguments = {"districts": list(districts or [GANGNAM]), "keywords": KEYWORDS, "limit": limit}
        self.crawls = CrawlTable(self.database_url, thresholds=THRESHOLDS)
        run(self.crawls.join(NAME, arguments, crawl_id, datetime.now(UTC), supersedes=supersedes))

    def see(self, crawl_id: str, *pages: Store) -> None:
        self.look(0, *pages, crawl=crawl_id)

    def read_again(self, rows: Sequence[StoreRow], pages: Mapping[StoreKey, int]) -> None:
        self._runner.run(self.table.reread(rows, pages))

    def hear(self, crawl_id: str, *answers: QueryAnswer, denied: Sequence[str] = ()) -> None:
        async def record() -> None:
            table = QueryYieldTable(self.database_url, Clock())
            for one in answers:
                await table.record(one, crawl_id)
            await table.close()
            for ref in denied:
                await self.table.deny(UnknownStore(NAME, ref), crawl_id)

        self._runner.run(record())

    def end(self, crawl_id: str) -> bool:
        """Return whether it is accepted."""
        ended = run(self.crawls.complete(crawl_id, {}, datetime.now(UTC)))
        assert isinstance(ended, Crawl)
        return ended.accepted

    def crawl(self, crawl_id: str, *pages: Store, refs: Sequence[str] = REFS, **begun: Any) -> bool:
        self.begin(crawl_id, **begun)
        self.see(crawl_id, *pages)
        self.hear(crawl_id, answer(KEYWORDS[0], *refs))
        return self.end(crawl_id)

    def hashes(self, *names: str) -> dict[str, str | None]:
        return hashes(self.database_url, *names)


def hashes(database_url: str, *names: str) -> dict[str, str | None]:
    """Return a sum over all rows of each table, view or function; None where there is no row."""
    summing = "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) AS md5 FROM refillspot.{} AS t"
    return {name: query(database_url, summing.format(name))[0]["md5"] for name in names}


@pytest.fixture
def gate(database_url: str) -> Iterator[Gate]:
    with closing(Gate(database_url)) as gate:
        yield gate


def stores(**changes: Any) -> list[Store]:
    return [store(ref, **changes) for ref in REFS]


def test_what_a_crawl_came_to_is_counted_of_what_its_pages_say(gate: Gate) -> None:
    menu = [MenuItem(f"고기 {number}", 1000 * number, f"{number},000원") for number in range(1, 5)]
    gate.look(100, store("A"), store("B"), store("C", menu=menu), store("same"))
    gate.begin("one", GANGNAM, SEOCHO)
    gate.see(
        "one", store("A", phone=None, hours=None), store("B", refill_price_krw=16900, channel="web"),
        store("C", menu=menu[:2], refill=UNLIKELY), store("D"), store("E", district_code="11710"), store("same"),
    )  # fmt: skip
    gate.end("one")

    (found,) = query(gate.database_url, "SELECT figures FROM refillspot.crawls")
    gangnam = found["figures"]["districts"][GANGNAM]
    having = gangnam.pop("having")
    assert gangnam == {
        "stores": 5, "refill": 4, "pages": 4, "pages_for_people": 1, "compared": 4, "prices_compared": 4,
        "prices_moved": 1, "hours_compared": 4, "menus_compared": 4, "menus_halved": 1,
    }  # fmt: skip
    assert (having["phone"], having["hours"], having["menu"]) == (3, 3, 4)
    assert found["figures"]["districts"].keys() == {GANGNAM, SEOCHO}
    row = query(gate.database_url, "SELECT phone FROM refillspot.stores WHERE ref = 'A'")
    assert row == [{"phone": "02-555-1234"}]


@pytest.fixture
def believed(gate: Gate) -> Gate:
    """Two crawls have been accepted; the store `gone` has been found by both."""
    for crawl_id in ("one", "two"):
        assert gate.crawl(crawl_id, *stores(), store("gone"), refs=[*REFS, "gone"])
    return gate


def hold(gate: Gate, crawl_id: str = "blind", **begun: Any) -> None:
    """Go through a crawl whose parser is blind for hours, and that finds names and a store that are new."""
    gate.begin(crawl_id, **begun)
    gate.see(crawl_id, *stores(hours=None, name="딴 이름", phone="02-777-7777"), store("new"))
    gate.hear(crawl_id, answer("두끼", "S00", "new", others=["gone"]), denied=["gone"])
    assert not gate.end(crawl_id)


def test_what_is_rejected_is_put_back_and_was_never_shown_nor_learnt(believed: Gate) -> None:
    with corrections(believed.database_url) as table:
        table.correct((NAME, REFS[0]), {"phone": {"phone": "02-1"}}, None)
    read_yields(believed.database_url, NAME, [GANGNAM], KEYWORDS)  # what a next crawl begins with
    before, shown = believed.hashes(*TABLES), believed.hashes(*VIEWS)

    hold(believed)
    assert not believed.end("blind")  # the first worker that closed it died before Redis knew
    held = find_crawl(believed.database_url, "blind")
    assert held.is_held
    departures = held.departures or []
    assert {one["part"] for one in departures} == {"hours"}
    assert held.result["held"] == len(departures)
    read_yields(believed.database_url, NAME, [GANGNAM], KEYWORDS)
    assert believed.hashes(*VIEWS) == shown
    changed = [name for name, was in before.items() if believed.hashes(name)[name] != was]
    assert changed == ["stores", "store_history"]

    assert run(reject(believed.database_url, "blind")) == len(REFS) + 1
    assert believed.hashes(*TABLES) == before
    assert believed.hashes(*VIEWS) == shown
    assert set(believed.hashes(*OF_ONE_CRAWL).values()) == {None}
    rejected = find_crawl(believed.database_url, "blind")
    assert (rejected.decision, rejected.accepted, rejected.stored) == ("rejected", False, len(REFS) + 1)
    with pytest.raises(ArgumentError, match="is not held"):
        run(reject(believed.database_url, "blind"))
    assert believed.crawl("healthy", *stores())


def test_pages_that_a_mended_parser_reads_again_are_judged_by_what_it_makes_of_them(believed: Gate) -> None:
    """One crawl goes on when the parser is mended, another has ended before."""

    def read_again() -> None:
        kept = query(believed.database_url, "SELECT ref, digest FROM refillspot.store_pages")
        rows = [StoreRow.of(store(one["ref"])) for one in kept]
        believed.read_again(rows, {(NAME, one["ref"]): one["digest"] for one in kept})

    def go_blind(crawl_id: str) -> None:
        blind = stores(hours=None)
        for one in blind:
            one.read_from(ReadPage({"v_rid": one.ref}, f"{one.ref} in {crawl_id}".encode()))
        believed.begin(crawl_id)
        believed.see(crawl_id, *blind)

    go_blind("unfinished")
    read_again()
    assert believed.end("unfinished")

    go_blind("over")
    assert not believed.end("over")
    read_again()
    run(accept(believed.database_url, "over", datetime.now(UTC)))
    figures = query(believed.database_url, "SELECT figures FROM refillspot.crawls WHERE id = 'over'")[0]["figures"]
    assert figures["districts"][GANGNAM]["having"]["hours"] == len(REFS)


def test_what_is_accepted_is_shown_learnt_and_usual_from_then_on(believed: Gate) -> None:
    hold(believed)
    now = datetime.now(UTC)
    run(accept(believed.database_url, "blind", now))

    shown = {
        row["ref"]: row["name"] for row in query(believed.database_url, "SELECT ref, name FROM refillspot.v_stores")
    }
    assert shown == dict.fromkeys(REFS, "딴 이름") | {"new": "행복한고기"}
    assert states(believed.database_url)["gone"] == ("gone", "no_such_store")
    learnt = {one.keyword for one in read_yields(believed.database_url, NAME, [GANGNAM], [*KEYWORDS, "두끼"])}
    assert learnt == {*KEYWORDS, "두끼"}
    assert set(believed.hashes(*OF_ONE_CRAWL).values()) == {None}
    accepted = find_crawl(believed.database_url, "blind")
    assert (accepted.decision, accepted.result["confirmed"], accepted.is_held) == ("accepted", len(REFS) + 1, False)
    assert believed.end("blind")  # who closes it once more judges nothing
    with pytest.raises(ArgumentError, match="is not held"):
        run(accept(believed.database_url, "blind", now))
    assert believed.crawl("three", *stores(hours=None))


def test_a_held_crawl_is_decided_before_another_goes_over_its_districts(believed: Gate) -> None:
    before = believed.hashes("stores", "store_history")
    hold(believed)
    believed.begin("elsewhere", SEOCHO)
    with pytest.raises(HeldCrawlError, match=r"crawl blind is held.*scrapy gate reject blind"):
        believed.begin("next", GANGNAM, SEOCHO)
    with pytest.raises(ArgumentError, match="there is no crawl next"):
        find_crawl(believed.database_url, "next")

    believed.begin("next", GANGNAM, SEOCHO, supersedes=True)
    assert find_crawl(believed.database_url, "blind").decision == "rejected"
    assert believed.hashes("stores", "store_history") == before


def test_of_crawls_that_overlap_each_is_put_back_for_itself(believed: Gate) -> None:
    """`first` has begun first; a store is seen by one after the other, both ways round."""
    believed.begin("first")
    believed.see("first", store("early", name="first"), store("S00", name="first"))
    believed.begin("blind")
    believed.see("blind", store("late", name="blind"), store("S00", name="blind"), *stores(hours=None)[1:])
    believed.see("first", store("late", name="first"))
    assert not believed.end("blind")
    run(reject(believed.database_url, "blind"))

    def names() -> dict[str, str]:
        found = query(
            believed.database_url, "SELECT ref, name FROM refillspot.stores WHERE ref IN ('S00', 'early', 'late')"
        )
        return {row["ref"]: row["name"] for row in found}

    assert names() == {"early": "first", "late": "first", "S00": "first"}
    shown = {row["ref"] for row in query(believed.database_url, "SELECT ref FROM refillspot.v_stores")}
    assert shown == {*REFS, "gone"}
    run(abandon(believed.database_url, "first", datetime.now(UTC), THRESHOLDS))  # judged as a part, and believed
    assert {row["ref"] for row in query(believed.database_url, "SELECT ref FROM refillspot.v_stores")} == {
        *REFS, "gone", "early", "late"
    }  # fmt: skip


def test_of_crawls_at_once_each_is_judged_by_all_that_it_has_read(believed: Gate) -> None:
    believed.begin("first")
    believed.see("first", *stores(name="first"))
    assert believed.crawl("second", *stores(name="second"))
    shown = believed.hashes("v_stores")
    assert believed.end("first")
    figures = query(believed.database_url, "SELECT figures FROM refillspot.crawls WHERE id IN ('first', 'second')")
    assert [one["figures"]["districts"][GANGNAM]["stores"] for one in figures] == [len(REFS)] * 2
    assert believed.hashes("v_stores") == shown
    assert believed.hashes("store_before") == {"store_before": None}


def test_a_crawl_on_which_a_later_one_rests_is_not_rejected(believed: Gate) -> None:
    believed.begin("older")
    believed.see("older", *stores(hours=None, name="older"))
    believed.begin("newer")
    believed.see("newer", *stores(name="newer")[1:])
    assert believed.end("newer")
    shown = {row["name"] for row in query(believed.database_url, "SELECT name FROM refillspot.v_stores")}
    assert shown == {"newer", "행복한고기"}
    assert not believed.end("older")

    with pytest.raises(ArgumentError, match="newer has begun since"):
        run(reject(believed.database_url, "older"))
    assert find_crawl(believed.database_url, "older").is_held
    run(accept(believed.database_url, "older", datetime.now(UTC)))
    assert {row["name"] for row in query(believed.database_url, "SELECT name FROM refillspot.v_stores")} == {
        "older", "newer", "행복한고기"
    }  # fmt: skip


def test_what_people_say_while_a_crawl_is_held_is_about_what_they_see(believed: Gate) -> None:
    hold(believed)
    for ref, phone in (("S00", "02-1"), ("new", "02-2")):
        with corrections(believed.database_url) as table:
            table.correct((NAME, ref), {"phone": {"phone": phone}}, None)
    with corrections(believed.database_url) as table:
        table.bar((NAME, "S01"), None)
        table.forget((NAME, "S02"))
    run(reject(believed.database_url, "blind"))

    shown = {
        row["ref"]: row for row in query(believed.database_url, "SELECT ref, phone, name FROM refillspot.v_stores")
    }
    assert shown.keys() == {*REFS, "gone"} - {"S01", "S02"}
    assert (shown["S00"]["phone"], shown["S00"]["name"]) == ("02-1", "행복한고기")
    rows = {row["ref"] for row in query(believed.database_url, "SELECT ref FROM refillspot.stores")}
    assert rows == {*REFS, "gone"} - {"S02"}
    assert believed.crawl("healthy", *[page for page in stores() if page.ref not in {"S01", "S02"}], store("new"))
    (new,) = query(believed.database_url, "SELECT phone FROM refillspot.v_stores WHERE ref = 'new'")
    assert new["phone"] == "02-2"


def test_a_crawl_of_a_part_is_neither_held_for_being_small_nor_usual(believed: Gate) -> None:
    assert believed.crawl("tried", store("S00"), limit=1)
    assert believed.crawl("three", *stores())
    figures = query(
        believed.database_url, "SELECT figures -> 'is_partial' AS partial FROM refillspot.crawls ORDER BY started_at"
    )
    assert [row["partial"] for row in figures] == [None, None, True, None]


def test_a_crawl_that_stored_nothing_leaves_nothing_to_decide(believed: Gate) -> None:
    assert not believed.crawl("nothing", refs=[])
    assert find_crawl(believed.database_url, "nothing").decision == "rejected"
    assert believed.crawl("three", *stores())
    assert {*read_yields(believed.database_url, NAME, [GANGNAM], KEYWORDS)[0].refs} == {*REFS}


def test_that_nothing_is_shown_yet_is_said(gate: Gate) -> None:
    gate.begin("one")
    gate.see("one", *stores())

    with snapshot(gate.database_url) as shown:
        assert f"{len(REFS)} were found by a crawl that has not ended" in why_none(
            shown, StoreFilter(), only_open=False
        )
    assert gate.end("one")
    with snapshot(gate.database_url) as shown:
        assert shown.counts() == {"confirmed": len(REFS)}
        assert shown.unbelieved() == 0


def test_a_crawl_that_begins_without_the_gate_is_believed_from_the_start(gate: Gate) -> None:
    crawls = CrawlTable(gate.database_url)
    assert run(crawls.join(NAME, {}, "old", datetime.now(UTC))).accepted
    gate.see("old", *stores(hours=None))
    ended = run(crawls.complete("old", {}, datetime.now(UTC)))
    assert isinstance(ended, Crawl)
    assert ended.departures is None


WAITS = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'refillspot'"


@pytest.mark.parametrize("how", ["program", "server"])
def test_rejecting_is_done_whole_or_not_at_all(
    how: str, short_directory: Path, launcher: Launcher, environment: dict[str, str]
) -> None:
    """Killed while it waits for a store that somebody else has locked: much has been put back by then, or nothing."""
    directory = short_directory / f"gate-{how}"
    directory.mkdir()
    server = OwnPostgres(directory)
    server.start()
    environment |= {"DATABASE_URL": server.url}
    try:
        with closing(Gate(server.url)) as gate:
            assert all(gate.crawl(crawl_id, *stores()) for crawl_id in ("one", "two"))
            before = gate.hashes(*TABLES)
            hold(gate)
            held = gate.hashes(*TABLES, "store_before")
            with closing(psycopg.connect(server.url)) as holder, closing(psycopg.connect(server.url)) as watching:
                watching.autocommit = True
                holder.execute("SELECT FROM refillspot.stores WHERE ref = 'new' FOR UPDATE")
                with launcher.start("scrapy", "gate", "reject", environment=environment) as rejecting:
                    while not watching.execute(WAITS).fetchone():
                        assert rejecting.poll() is None
                    rejecting.kill() if how == "program" else server.kill()
                    rejecting.communicate()
            server.start()
        with closing(Gate(server.url)) as gate:
            assert gate.hashes(*TABLES, "store_before") == held
            run(reject(server.url, "blind"))
            assert gate.hashes(*TABLES) == before
    finally:
        server.kill()
