"""Scrapy's own commands, as its users know them: they ask politely, and leave no crawl behind."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis
from scrapy.exceptions import UsageError

from refillspot.commands.parse import check_callback
from refillspot.spiders.diningcode import DiningcodeSpider
from tests.programs import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.crawl.conftest import Crawl, Site
    from tests.programs import Launcher

SPIDERS = PROJECT / "refillspot/spiders"
SPIDER = """
import scrapy


class Books(scrapy.Spider):
    name = "books"
    start_urls = ["{url}/list.dc?query=a", "{url}/list.dc?query=b"]

    def parse(self, response):
        yield {{"title": response.css("title::text").get()}}
"""


@pytest.fixture
def polite(crawl: Crawl, tmp_path: Path, free_port: int) -> Crawl:
    """With a browser that says what it is shown, and without PostgreSQL: who keeps nothing needs none."""
    added = {
        "BROWSER": "echo browser %s",
        "TMPDIR": str(tmp_path),
        "DATABASE_URL": f"postgresql://127.0.0.1:{free_port}/",
    }
    return replace(crawl, environment=crawl.environment | added).having("-s", "POLITENESS_REQUESTS_PER_SECOND=50")


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
        ("fetch", ["--spider", "diningcode"], "listData"),
        ("shell", ["--spider", "diningcode", "-c", "spider.name"], "diningcode"),
        ("view", [], "browser file://"),
        ("parse", ["-c", "parse_list"], "Scraped Items"),
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


def test_the_shell_offers_the_store_of_a_page(polite: Crawl, site: Site) -> None:
    one = site.truth("금천구", "무한리필")[0]
    code = "shelp() or (store.ref, store.region, [store.refill.verdict])"
    result = polite.operate("shell", "-c", code, f"{site.url}/profile.php?rid={one['ref']}")

    assert result.returncode == 0, result.stderr[-3000:]
    help_text, _, told = result.stdout.rstrip().rpartition("\n")
    assert told == str((one["ref"], "서울특별시", ["confirmed"]))
    assert re.search(
        rf"^\[s\]   store +{one['name']}.* \(confirmed, diningcode {one['ref']}\)$", help_text, re.MULTILINE
    )


def test_what_cannot_be_had_is_said(polite: Crawl, free_port: int, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<h1>saved</h1>", "utf-8")
    nobody = f"http://127.0.0.1:{free_port}/"
    for command in (["fetch"], ["shell", "-c", "response"], ["parse", "-c", "parse_list"]):
        result = polite.operate(*command, "-L", "CRITICAL", nobody)
        assert result.returncode == 1
        assert command[0] == "parse" or f"Nothing came back of {nobody}" in result.stderr
        assert "Traceback" not in result.stderr
    file = polite.operate("shell", "-c", "response.css('h1').get()", str(tmp_path / "page.html"))
    assert file.stdout == "<h1>saved</h1>\n"


@pytest.mark.parametrize("name", ["parse", "parse_lst"])
def test_a_callback_that_is_not_there_is_told_with_those_that_are(name: str) -> None:
    with pytest.raises(UsageError, match="parse_list, parse_store"):
        check_callback(DiningcodeSpider, name)


def test_a_spider_of_ones_own_ends_with_its_items(
    polite: Crawl, site: Site, tmp_path: Path, database_url: str, redis_url: str, key_prefix: str
) -> None:
    (tmp_path / "books.py").write_text(SPIDER.format(url=site.url), "utf-8")
    result = polite.operate("runspider", str(tmp_path / "books.py"), "-O", str(tmp_path / "books.jsonl"))

    assert result.returncode == 0, result.stderr[-3000:]
    assert len((tmp_path / "books.jsonl").read_text("utf-8").splitlines()) == 2
    assert_no_trace(database_url, redis_url, key_prefix)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["genspider", "bad name", "example.org"], "bad name is no name of a spider"),
        (["genspider", "--forse", "x", "example.org"], "Did you mean --force?"),
        (["settings", "--getint", "USER_AGENT"], "it is of another kind"),
        (["fetch", "--header", "--nolgo", "http://127.0.0.1:1/"], "Did you mean --nolog?"),
        (["shell", "--spider", "dinningcode"], "Did you mean diningcode?"),
    ],
)
def test_wrong_usage_is_a_sentence(launcher: Launcher, arguments: list[str], told: str) -> None:
    before = set(SPIDERS.iterdir())
    result = launcher.run("scrapy", *arguments, environment={})

    assert result.returncode == 2, result.stderr
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert set(SPIDERS.iterdir()) == before


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("check --bogus", "unknown option --bogus"),
        ("edit --bogus", "unknown option --bogus"),
        ("edit", "use it as: scrapy edit <spider>"),
        ("fetch", "use it as: scrapy fetch [options] <url>"),
        ("genspider x_1", "use it as: scrapy genspider [options] <name> <domain>"),
        ("list x_1", "scrapy list takes no argument, not x_1"),
        ("runspider no_such.py", "there is no file no_such.py"),
        ("settings", "name a setting: scrapy settings --get "),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(
    line: str, told: str, launcher: Launcher, environment: dict[str, str]
) -> None:
    ended = launcher.run("scrapy", *line.split(), environment=environment)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in ended.stderr.splitlines()[-1]
