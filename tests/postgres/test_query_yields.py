from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from refillspot.clock import Clock
from refillspot.planning.keywords import KeywordYield, QueryAnswer
from refillspot.postgres.connection import run
from refillspot.postgres.crawls import CrawlTable
from refillspot.postgres.database import migrate_database
from refillspot.postgres.query_yields import QueryYieldTable, read_yields
from refillspot.sites.diningcode import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from replica.tcp_proxy import TcpProxy

GANGNAM, SEOCHO = "11680", "11650"
KEYWORDS = ("무한리필", "두끼")
CRAWL = "INSERT INTO refillspot.crawls (id, spider, arguments, state, started_at) VALUES (%s, 'x', '{}', %s, now())"
STORE = """
    INSERT INTO refillspot.stores
        (site, ref, name, district_code, district, refill_verdict, refill_evidence, source_url)
    VALUES ('diningcode', %s, 'a', '11680', '강남구', %s, '[]', 'http://a')
"""


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    migrate_database(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def answer(keyword: str, asked: str, *refs: str, total: int = 5) -> QueryAnswer:
    return QueryAnswer(NAME, keyword, asked, total, {GANGNAM: list(refs), SEOCHO: []}, {})


def record(database_url: str, crawl: str, *answers: QueryAnswer, later: timedelta = timedelta()) -> None:
    async def record_all() -> None:
        table = QueryYieldTable(database_url, Clock(later))
        for one in answers:
            await table.record(one, crawl)
        await table.close()

    run(record_all())


def known(database_url: str) -> dict[tuple[str, str], KeywordYield]:
    return {
        (one.district_code, one.keyword): one
        for one in read_yields(database_url, NAME, [GANGNAM, SEOCHO], list(KEYWORDS))
    }


def test_the_same_answer_twice_counts_once(database_url: str, connection: psycopg.Connection) -> None:
    connection.execute(CRAWL, ["one", "complete"])
    record(
        database_url,
        "one",
        *[answer("두끼", "서울 두끼", "a", "b")] * 2,
        answer("두끼", "서울 강남구 두끼", "b", "c", total=3),
    )

    gangnam = known(database_url)[GANGNAM, "두끼"]
    assert sorted(gangnam.queries) == ["서울 강남구 두끼", "서울 두끼"]
    assert (sorted(gangnam.refs), gangnam.total) == (["a", "b", "c"], 5)


def test_a_store_is_credited_to_the_first_keyword_that_found_it(
    database_url: str, connection: psycopg.Connection
) -> None:
    connection.execute(CRAWL, ["one", "complete"])
    for ref, verdict in (("both", "confirmed"), ("own", "likely"), ("none", "unlikely")):
        connection.execute(STORE, [ref, verdict])
    record(database_url, "one", answer("두끼", "1", "both", "own", "none"), answer("무한리필", "2", "both"))

    own = {key: one.own for key, one in known(database_url).items()}
    assert own[GANGNAM, "무한리필"] == 1
    assert own[GANGNAM, "두끼"] == 1
    assert own[SEOCHO, "무한리필"] == own[SEOCHO, "두끼"] == 0


def test_a_store_whose_page_was_lost_is_no_sign_of_barrenness(
    database_url: str, connection: psycopg.Connection
) -> None:
    connection.execute(CRAWL, ["one", "complete"])
    record(database_url, "one", answer("두끼", "1", "lost"))

    assert known(database_url)[GANGNAM, "두끼"].own == 1


def test_nothing_is_known_before_its_crawl_has_ended(database_url: str, connection: psycopg.Connection) -> None:
    connection.execute(CRAWL, ["one", "running"])
    record(database_url, "one", answer("두끼", "1"))
    assert known(database_url) == {}

    connection.execute("UPDATE refillspot.crawls SET state = 'complete'")
    assert known(database_url)[GANGNAM, "두끼"].own == 0


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")], ids=" then ".join)
def test_crawls_that_overlap_do_not_unlearn_what_the_other_finds(
    database_url: str, connection: psycopg.Connection, order: tuple[str, str]
) -> None:
    """Each asks a part, and the other asks the same keyword in between."""
    for crawl in ("one", "two"):
        connection.execute(CRAWL, [crawl, "running"])
    for ref in "abc":
        connection.execute(STORE, [ref, "confirmed"])
    record(database_url, "one", answer("두끼", "1", "a"))
    record(database_url, "two", answer("두끼", "1", "a"), answer("두끼", "2", "b"))
    record(database_url, "one", answer("두끼", "3"), answer("무한리필", "4", "c"))
    for crawl in order:
        run(CrawlTable(database_url).complete(crawl, {}, datetime.now(UTC)))
        assert known(database_url)[GANGNAM, "두끼"].own == {"one": 1, "two": 2}[crawl]

    assert known(database_url)[GANGNAM, "무한리필"].own == 1
    assert connection.execute("SELECT count(*) FROM refillspot.query_answers").fetchone() == (0,)


def test_what_ended_before_counts_though_another_crawl_ends_before_it_was_read(
    database_url: str, connection: psycopg.Connection
) -> None:
    for crawl in ("one", "two"):
        connection.execute(CRAWL, [crawl, "running"])
    connection.execute(STORE, ["a", "confirmed"])
    record(database_url, "one", answer("두끼", "1", "a"))
    record(database_url, "two", answer("두끼", "1"), later=timedelta(days=1))
    for crawl in ("one", "two"):
        run(CrawlTable(database_url).complete(crawl, {}, datetime.now(UTC)))

    gangnam = known(database_url)[GANGNAM, "두끼"]
    assert (gangnam.own, gangnam.fruitful_at) == (0, gangnam.first_asked_at)


def test_a_crawl_that_was_given_up_teaches_nothing(database_url: str, connection: psycopg.Connection) -> None:
    connection.execute(CRAWL, ["one", "abandoned"])
    record(database_url, "one", answer("두끼", "1", "a"))

    assert known(database_url) == {}
    assert connection.execute("SELECT count(*) FROM refillspot.query_answers").fetchone() == (0,)


def test_what_a_worker_of_the_version_before_was_answered_counts_with_the_rest_of_its_crawl(
    database_url: str, connection: psycopg.Connection
) -> None:
    connection.execute(CRAWL, ["one", "running"])
    connection.execute(
        """
        INSERT INTO refillspot.query_yields
            (site, district_code, keyword, crawl, first_asked_at, asked_at, queries, total, refs)
        VALUES (%s, %s, '두끼', 'one', now(), now(), '{1}', 7, '{a}')
        """,
        [NAME, GANGNAM],
    )
    record(database_url, "one", answer("두끼", "2", "b"))
    run(CrawlTable(database_url).complete("one", {}, datetime.now(UTC)))

    gangnam = known(database_url)[GANGNAM, "두끼"]
    assert (sorted(gangnam.queries), sorted(gangnam.refs), gangnam.total, gangnam.own) == (["1", "2"], ["a", "b"], 7, 2)


def test_another_crawl_begins_anew_and_remembers_when_it_was_fruitful(
    database_url: str, connection: psycopg.Connection
) -> None:
    connection.execute(CRAWL, ["one", "complete"])
    connection.execute(CRAWL, ["two", "complete"])
    connection.execute(STORE, ["a", "confirmed"])
    record(database_url, "one", answer("두끼", "1", "a"))
    first = known(database_url)[GANGNAM, "두끼"]
    record(database_url, "two", answer("두끼", "1"), later=timedelta(days=30))
    second = known(database_url)[GANGNAM, "두끼"]

    assert (first.own, first.fruitful_at) == (1, first.asked_at)
    assert (second.own, second.refs, second.fruitful_at) == (0, [], first.asked_at)
    assert second.first_asked_at == first.first_asked_at
    assert second.asked_at > first.asked_at + timedelta(days=29)


async def test_an_answer_waits_for_postgres(
    database_url: str, connection: psycopg.Connection, postgres_proxy: TcpProxy, proxied_database_url: str
) -> None:
    connection.execute(CRAWL, ["one", "complete"])
    table = QueryYieldTable(proxied_database_url, Clock(), attempt_seconds=5)
    await table.record(answer("두끼", "1", "a"), "one")
    postgres_proxy.refuse()
    postgres_proxy.cut()
    waiting = asyncio.create_task(table.record(answer("두끼", "2", "b"), "one"))
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    assert not done
    postgres_proxy.heal()
    await waiting
    await table.close()

    gangnam = (await asyncio.to_thread(known, database_url))[GANGNAM, "두끼"]
    assert (sorted(gangnam.refs), sorted(gangnam.queries)) == (["a", "b"], ["1", "2"])
    assert datetime.now(UTC) - gangnam.asked_at < timedelta(minutes=5)


def test_sites_learn_nothing_of_one_another(database_url: str, connection: psycopg.Connection) -> None:
    connection.execute(CRAWL, ["one", "complete"])
    connection.execute(STORE, ["a", "unlikely"])
    record(database_url, "one", answer("두끼", "1", "a"), replace(answer("두끼", "1", "a", "b", total=9), site="other"))

    (diningcode,) = read_yields(database_url, NAME, [GANGNAM], KEYWORDS)
    (other,) = read_yields(database_url, "other", [GANGNAM], KEYWORDS)
    assert (diningcode.total, diningcode.refs, diningcode.own) == (5, ["a"], 0)
    assert (other.total, other.refs, other.own) == (9, ["a", "b"], 2)
