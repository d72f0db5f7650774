from __future__ import annotations

import re
import signal
import unicodedata
from datetime import timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import redis

from refillspot.planning import KEYWORDS
from refillspot.postgres.database import known_migrations
from tests.crawl.moments import two_at_work, wait_for_store_pages
from tests.programs import completed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crawl.conftest import Crawl, Site

    Rows = Callable[[], dict[str, dict[str, Any]]]

WORDS = ",".join(KEYWORDS)


def reachable(site: Site, district: str, keywords: str = WORDS) -> set[str]:
    return {store["ref"] for store in site.truth(district, keywords) if store["refill"] and store["reached_by"]}


def test_every_reachable_refill_store_becomes_a_row(crawl: Crawl, site: Site, rows: Rows) -> None:
    with crawl.spawn("-a", "district=강남구") as process:
        result = completed(process)

    stored = rows()
    assert result.returncode == 0, result.stderr[-2000:]
    assert reachable(site, "강남구")
    assert reachable(site, "강남구") <= stored.keys()
    assert {row["district_code"] for row in stored.values()} == {"11680"}


def test_a_second_crawl_doubles_nothing_and_erases_nothing(crawl: Crawl, rows: Rows) -> None:
    same = ("-a", "district=금천구", "-a", "keywords=무한리필,뷔페")  # keywords that are given never rest
    crawl.run(*same)
    first = rows()
    again = crawl.run(*same)
    second = rows()

    changing = {"last_seen_at", "fetched_at"}
    assert again.returncode == 0
    assert first
    assert first.keys() == second.keys()
    for ref, row in first.items():
        assert {k: v for k, v in second[ref].items() if k not in changing} == {
            k: v for k, v in row.items() if k not in changing
        }
        assert second[ref]["last_seen_at"] > row["last_seen_at"]


def test_the_site_never_sees_more_requests_at_once_than_the_limit(crawl: Crawl, site: Site) -> None:
    limit = 3
    crawl.run("-a", "district=금천구", "-s", f"CONCURRENT_REQUESTS_PER_DOMAIN={limit}")

    assert most_at_once(site) == limit


def most_at_once(site: Site) -> int:
    """Return how many requests overlapped; an answer is over for the site a moment after the crawler has it."""
    moment = 0.005
    changes = [(entry["arrived"], 1) for entry in site.log()]
    changes += [(entry["ended"] - moment, -1) for entry in site.log()]
    return max(accumulate(change for _, change in sorted(changes)))


def test_a_store_is_fetched_once_however_many_keywords_find_it(crawl: Crawl, site: Site) -> None:
    crawl.run("-a", "district=금천구")

    fetched = [entry["asked"] for entry in site.log() if entry["kind"] == "store"]
    assert fetched
    assert len(fetched) == len(set(fetched))


def test_two_workers_keep_one_pace(crawl: Crawl, site: Site) -> None:
    per_second = 20
    slowly = ("-a", "district=금천구", "-a", "limit=20", "-s", f"POLITENESS_REQUESTS_PER_SECOND={per_second}")
    with crawl.start(*slowly, "-a", "crawl=one") as one, crawl.start(*slowly, "-a", "crawl=two") as two:
        one.communicate()
        two.communicate()

    arrivals = sorted(entry["arrived"] for entry in site.log())
    assert len(arrivals) > 2 * per_second
    assert arrivals[-1] - arrivals[0] >= (len(arrivals) - 1) / per_second - 0.5  # by which the first may be late


def test_robots_are_asked_first(crawl: Crawl, site: Site) -> None:
    crawl.run("-a", "district=금천구", "-a", "limit=1")

    assert site.log()[0]["kind"] == "robots"


def test_limit_fetches_no_more_stores(crawl: Crawl, site: Site, rows: Rows) -> None:
    limit = len(reachable(site, "금천구", "뷔페")) + 1  # more than the first keyword finds
    result = crawl.run("-a", "district=금천구", "-a", "keywords=뷔페,무한리필", "-a", f"limit={limit}")

    assert result.returncode == 0
    assert len(rows()) == limit
    assert sum(entry["kind"] == "store" for entry in site.log()) == limit


def test_keywords_replace_the_standard_ones(crawl: Crawl, site: Site, rows: Rows) -> None:
    crawl.run("-a", "district=금천구", "-a", "keywords=두끼")

    asked = {entry["asked"].split()[-1] for entry in site.log() if entry["kind"] == "list"}
    assert asked == {"두끼"}
    assert reachable(site, "금천구", "두끼") <= rows().keys()


def test_a_district_may_come_in_any_normal_form(crawl: Crawl, rows: Rows) -> None:
    result = crawl.run("-a", f"district={unicodedata.normalize('NFD', '금천구')}", "-a", "limit=1")

    assert result.returncode == 0
    assert len(rows()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-a", "district=강남"], "use one of these"),
        ([], "-a district=강남구"),
        (["-a", "district=강남구", "-a", "limit=many"], "limit=20"),
        (["-a", "district=강남구", "-a", "distrct=x"], "unknown argument distrct"),
        (["-a", "district=강남구", "-a", "keywords="], "keywords=무한리필"),
        (["-a", "district=강남구", "-a", "crawl=a b"], "letters"),
        (["-a", "district=강남구", "--limit=5"], "unknown option --limit=5"),
        (["othercode"], "scrapy crawl diningcode"),
    ],
)
def test_a_wrong_argument_is_one_clear_message(crawl: Crawl, site: Site, arguments: list[str], message: str) -> None:
    result = crawl.run(*arguments)

    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert site.log() == []


def test_a_wrong_argument_ends_a_process_of_its_own_too(crawl: Crawl) -> None:
    with crawl.spawn("-a", "district=강남") as process:
        result = completed(process)

    assert (result.returncode, result.stdout) == (2, "")
    assert "use one of these" in result.stderr


def test_an_unreachable_server_is_one_clear_message(crawl: Crawl, free_port: int) -> None:
    url = f"postgresql://someone:secret@127.0.0.1:{free_port}/stores"
    crawl.environment["DATABASE_URL"] = url
    result = crawl.run("-a", "district=금천구")

    assert result.returncode == 1
    assert f"127.0.0.1:{free_port}" in result.stderr
    assert "docker compose up -d" in result.stderr
    assert "secret" not in result.stderr
    assert "Traceback" not in result.stderr


def test_no_password_reaches_the_log(crawl: Crawl, database_url: str) -> None:
    account = "postgres:s3cret@" if "@" in database_url else ""
    crawl.environment["DATABASE_URL"] = re.sub(r"(?<=://)[^/@]*@", account, database_url)
    result = crawl.run("-a", "district=금천구", "-a", "limit=1", "-L", "DEBUG")

    assert "s3cret" in crawl.environment["DATABASE_URL"]
    assert "Spider opened" in result.stderr
    assert "s3cret" not in result.stderr + result.stdout


def test_a_site_that_is_gone_is_a_failure(crawl: Crawl, rows: Rows, free_port: int) -> None:
    assert crawl.run("-a", "district=금천구").returncode == 0
    before = rows()

    gone = f"http://127.0.0.1:{free_port}"
    result = crawl.run("-a", "district=금천구", "-s", f"DININGCODE_API_URL={gone}", "-s", "RETRY_TIMES=0")

    assert result.returncode == 1
    assert "Nothing was stored" in result.stderr
    assert rows() == before


def test_an_interrupted_crawl_goes_on_and_leaves_no_key_for_ever(
    crawl: Crawl, site: Site, rows: Rows, redis_url: str, key_prefix: str
) -> None:
    slowly = ("-a", "district=금천구", "-s", "POLITENESS_REQUESTS_PER_SECOND=40", "-s", "POSTGRES_COPY_MAX_SECONDS=0.1")
    with crawl.spawn(*slowly) as process:
        wait_for_store_pages(site, 5)
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate()
    assert process.returncode == 130, rest[-2000:]
    assert 0 < len(rows()) < len(reachable(site, "금천구"))

    with redis.Redis.from_url(redis_url) as client:
        assert client.ttl(next(client.scan_iter(f"{key_prefix}:*:seen"))) == -1
        assert crawl.run("-a", "district=금천구").returncode == 0
        kept = [key.decode() for key in client.scan_iter(f"{key_prefix}*") if client.ttl(key) <= 0]
    assert [key for key in kept if not key.startswith(f"{key_prefix}:politeness:")] == []  # the site outlasts a crawl
    assert reachable(site, "금천구") <= rows().keys()


def test_the_products_clock_moves_with_the_replicas(crawl: Crawl, rows: Rows) -> None:
    month = timedelta(days=30)
    once = ("-a", "district=금천구", "-a", "keywords=무한리필", "-a", "limit=1")  # the same store each time
    crawl.run(*once)
    (today,) = rows().values()
    crawl.run(*once, "-s", f"CLOCK_OFFSET_SECONDS={month.total_seconds()}")
    (later,) = rows().values()

    assert later["first_seen_at"] == today["first_seen_at"]
    assert month <= later["last_seen_at"] - today["last_seen_at"] < month + timedelta(days=1)


def test_two_workers_share_one_crawl(crawl: Crawl, site: Site, rows: Rows, redis_url: str, key_prefix: str) -> None:
    with two_at_work(crawl, site, redis_url, key_prefix, "-a", "district=금천구") as (one, two):
        one.communicate()
        two.communicate()

    assert (one.returncode, two.returncode) == (0, 0)
    assert reachable(site, "금천구") <= rows().keys()


def test_migrations_are_made_on_first_use(crawl: Crawl, empty_database_url: str) -> None:
    crawl.environment["DATABASE_URL"] = empty_database_url
    crawl.run("-a", "district=금천구", "-a", "limit=1")

    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT count(*) FROM refillspot.migrations").fetchone() == (len(known_migrations()),)
