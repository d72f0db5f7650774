"""States of stores: what follows from crawls that look for them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg

from refillspot.clock import Clock
from refillspot.items import RefillVerdict, UnknownStore
from refillspot.planning.keywords import UNSEEN, QueryAnswer
from refillspot.postgres.crawls import CrawlTable
from refillspot.postgres.database import migrate_database
from refillspot.postgres.presence import MISSES
from refillspot.postgres.query_yields import QueryYieldTable
from refillspot.postgres.stores import StoreTable
from refillspot.sites.diningcode import NAME
from tests.postgres.older_schema import migrate_until
from tests.postgres.test_stores import query, store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from refillspot.items import Store

GANGNAM, SEOCHO = "11680", "11650"
STATES = "SELECT ref, status, status_reason FROM refillspot.stores ORDER BY ref"
HISTORY = """
    SELECT ref, old, new, crawl, last_seen_old < first_seen_new AS has_interval FROM refillspot.store_history
    WHERE field = 'status' ORDER BY id
"""

REJECT = "UPDATE refillspot.crawls SET accepted = false, decision = 'rejected' WHERE id = %(id)s"
MISSED = "SELECT ref FROM refillspot.store_presence WHERE cardinality(missed) > 0"


def answer(
    keyword: str, *refs: str, district: str = GANGNAM, awaited: Sequence[str] = (), others: Sequence[str] = ()
) -> QueryAnswer:
    """Return the only answer to a keyword in a district."""
    return QueryAnswer(NAME, keyword, keyword, len(refs), {district: list(refs)}, {district: [*awaited]}, [*others])


def crawl(  # what a crawl comes to
    database_url: str,
    crawl_id: str,
    answers: Sequence[QueryAnswer],
    *,
    seen: Sequence[Store] = (),
    denied: Sequence[str] = (),
    is_accepted: bool = True,
    times_closed: int = 1,
) -> None:
    """Go through a crawl from its first row to its last."""

    async def run() -> None:
        crawls, now = CrawlTable(database_url), datetime.now(UTC)
        await crawls.join(NAME, {"site": crawl_id}, crawl_id, now)
        with psycopg.connect(database_url) as connection:
            connection.execute(REJECT, {"id": crawl_id} if not is_accepted else {"id": None})
        yields, stores = QueryYieldTable(database_url, Clock()), StoreTable(database_url, Clock())
        for one in answers:
            await yields.record(one, crawl_id)
        for page in seen:
            page.read_ago(0)
        await stores.write(seen, crawl_id)
        for ref in denied:
            await stores.deny(UnknownStore(NAME, ref), crawl_id)
        for _ in range(times_closed):
            await crawls.complete(crawl_id, {}, now)
        await yields.close()
        await stores.close()

    asyncio.run(run())


def states(database_url: str) -> dict[str, tuple[str, str | None]]:
    return {row["ref"]: (row["status"], row["status_reason"]) for row in query(database_url, STATES)}


def test_a_store_that_three_crawls_miss_is_missing_and_reopens_when_it_is_seen(database_url: str) -> None:
    here, away = store("HERE"), store("AWAY")
    crawl(database_url, "0", [answer("무한리필", "HERE", "AWAY")], seen=[here, away])
    for number in range(1, MISSES + 1):
        assert states(database_url)["AWAY"] == ("operating", None)
        crawl(database_url, str(number), [answer("무한리필", "HERE")], seen=[here], times_closed=2)

    assert states(database_url) == {"AWAY": ("missing", "not_found"), "HERE": ("operating", None)}
    assert [row["ref"] for row in query(database_url, "SELECT ref FROM refillspot.v_stores")] == ["HERE"]
    (change,) = query(database_url, HISTORY)
    assert change == {"ref": "AWAY", "old": "operating", "new": "missing", "crawl": "3", "has_interval": True}

    crawl(database_url, "back", [answer("무한리필", "HERE", "AWAY")], seen=[here, away])
    assert states(database_url)["AWAY"] == ("operating", "reopened")
    crawl(database_url, "4", [answer("무한리필", "HERE")], seen=[here])
    assert states(database_url)["AWAY"] == ("operating", "reopened")


NO_MISSES: Mapping[str, Sequence[QueryAnswer]] = {
    "another-keyword": [answer("another")],
    "another-district": [answer("another-district", district=SEOCHO)],
    "not-all-was-seen": [answer("not-all-was-seen", awaited=[UNSEEN])],
    "a-search-was-lost": [answer("a-search-was-lost", awaited=["a-search-was-lost", "its second page"])],
    "nothing-was-learnt": [],
    "page-not-wanted": [answer("page-not-wanted", others=["page-not-wanted"])],
    "page-was-lost": [answer("page-was-lost", "page-was-lost")],
    "seen-all-the-same": [answer("seen-all-the-same")],
}
"""By the store and the keyword that found it: what is asked later on."""


def test_a_crawl_that_would_not_have_shown_a_store_does_not_miss_it(database_url: str) -> None:
    refs, seen = [*NO_MISSES, "missed"], store("seen-all-the-same")
    crawl(database_url, "0", [answer(ref, ref) for ref in refs], seen=[store(ref) for ref in refs])
    for number in range(1, MISSES + 1):
        answers = [one for answers in NO_MISSES.values() for one in answers]
        crawl(database_url, str(number), [answer("missed"), *answers], seen=[seen])
        crawl(database_url, f"rejected{number}", [answer(ref) for ref in NO_MISSES], is_accepted=False)

    assert {ref: state for ref, (state, _) in states(database_url).items() if state != "operating"} == {
        "missed": "missing"
    }
    assert query(database_url, MISSED) == [{"ref": "missed"}]


def test_a_keyword_that_rests_is_remembered_until_it_is_asked_again(database_url: str) -> None:
    crawl(database_url, "0", [answer("무한리필", "A"), answer("두끼", "A")], seen=[store("A")])
    crawl(database_url, "1", [answer("무한리필", "A")], seen=[store("A")])  # 두끼 rests
    keywords = "SELECT keywords FROM refillspot.store_presence"
    assert {*query(database_url, keywords)[0]["keywords"]} == {"무한리필", "두끼"}

    crawl(database_url, "2", [answer("무한리필", "A"), answer("두끼")], seen=[store("A")])
    assert query(database_url, keywords)[0]["keywords"] == ["무한리필"]


def test_a_store_of_which_the_page_says_that_there_is_none_is_gone(database_url: str) -> None:
    shops = [store(ref) for ref in ("A", "B", "C")]
    found = [answer("무한리필", "A", "B", "C")]
    crawl(database_url, "0", found, seen=shops)
    crawl(database_url, "rejected", found, seen=shops[1:], denied=["A"], is_accepted=False)
    assert states(database_url)["A"] == ("operating", None)

    crawl(database_url, "1", found, seen=shops[2:], denied=["A", "B", "nobody knows it"], times_closed=2)
    assert states(database_url) == {
        "A": ("gone", "no_such_store"), "B": ("gone", "no_such_store"), "C": ("operating", None)
    }  # fmt: skip
    changes = query(database_url, HISTORY)
    assert [(row["ref"], row["new"], row["crawl"]) for row in changes] == [("A", "gone", "1"), ("B", "gone", "1")]

    crawl(database_url, "2", found, seen=shops[:1], denied=["B"])
    assert [states(database_url)[ref] for ref in "AB"] == [("operating", "reopened"), ("gone", "no_such_store")]


def test_what_is_unlikely_is_not_looked_for(database_url: str) -> None:
    crawl(database_url, "0", [answer("무한리필", "A")], seen=[store("A", refill=RefillVerdict("unlikely"))])
    for number in range(1, MISSES + 1):
        crawl(database_url, str(number), [answer("무한리필")])

    assert states(database_url) == {"A": ("operating", None)}


BEFORE_STATES = f"""
    INSERT INTO refillspot.stores
        (site, ref, name, district_code, district, refill_verdict, refill_evidence, source_url, status, last_seen_at)
    SELECT '{NAME}', ref, '가', '{GANGNAM}', '강남구', 'likely', '[]', 'http://a', status, now() - interval '1 day'
    FROM (VALUES ('A', 'operating'), ('B', 'closed'), ('C', 'missing')) AS _ (ref, status);
    INSERT INTO refillspot.query_yields
        (site, district_code, keyword, crawl, first_asked_at, asked_at, queries, total, refs)
    VALUES ('{NAME}', '{GANGNAM}', '무한리필', 'old', now(), now(), '{{}}', 1, '{{A,B}}');
"""


def test_of_an_older_database_the_next_three_crawls_judge(empty_database_url: str) -> None:
    migrate_until(empty_database_url, 12)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(BEFORE_STATES)
    migrate_database(empty_database_url)
    assert states(empty_database_url) == {"A": ("operating", None), "B": ("gone", None), "C": ("missing", None)}

    for number in range(1, MISSES + 1):
        crawl(empty_database_url, str(number), [answer("무한리필")])
    assert states(empty_database_url)["A"] == ("missing", "not_found")
    assert len(query(empty_database_url, HISTORY)) == 1
