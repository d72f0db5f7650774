"""Scrapy's own commands, as its users know them: they ask politely, and leave no crawl behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

if TYPE_CHECKING:
    from pathlib import Path

    from tests.crawl.conftest import Crawl, Site

SPIDER = """
import scrapy


class Books(scrapy.Spider):
    name = "books"
    start_urls = ["{url}/list.dc?query=a", "{url}/list.dc?query=b"]

    def parse(self, response):
        yield {{"title": response.css("title::text").get()}}
"""


@pytest.fixture
def polite(crawl: Crawl) -> Crawl:
    return crawl.having("-s", "POLITENESS_REQUESTS_PER_SECOND=50")


def assert_no_trace(database_url: str, redis_url: str, key_prefix: str) -> None:
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM refillspot.crawls").fetchone() == (0,)
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        keys = {key.split(":")[1] for key in client.scan_iter(f"{key_prefix}:*", count=1000)}
    assert keys <= {"politeness", "api_health"}


@pytest.mark.parametrize(
    ("command", "options", "told"),
    [
        ("fetch", [], "listData"),
        ("fetch", ["--headers"], "Content-Type"),
        ("shell", ["-c", "response.status"], "200"),
        ("parse", ["--spider", "diningcode", "-a", "district=금천구", "-c", "parse_list"], "Scraped Items"),
    ],
)
def test_a_page_is_looked_at(
    polite: Crawl, site: Site, command: str, options: list[str], told: str,
    database_url: str, redis_url: str, key_prefix: str,
) -> None:  # fmt: skip
    result = polite.operate(command, *options, f"{site.url}/list.dc?query=x")

    assert result.returncode == 0, result.stderr[-3000:]
    assert told in result.stdout
    assert [entry["path"] for entry in site.log()] == ["/robots.txt", "/list.dc"]
    assert "'politeness/permits': 2" in result.stderr or command == "shell"  # which ends without a word
    assert_no_trace(database_url, redis_url, key_prefix)


def test_a_spider_of_ones_own_ends_with_its_items(
    polite: Crawl, site: Site, tmp_path: Path, database_url: str, redis_url: str, key_prefix: str
) -> None:
    (tmp_path / "books.py").write_text(SPIDER.format(url=site.url), "utf-8")
    result = polite.operate("runspider", str(tmp_path / "books.py"), "-O", str(tmp_path / "books.jsonl"))

    assert result.returncode == 0, result.stderr[-3000:]
    assert len((tmp_path / "books.jsonl").read_text("utf-8").splitlines()) == 2
    assert_no_trace(database_url, redis_url, key_prefix)
