"""Scrapy's own commands, as its users know them: they ask politely, and leave no crawl behind."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import redis
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from refillspot.commands import edit, settings
from refillspot.commands.parse import check_callback
from refillspot.scrapys_own import check_address
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
        ("parse", [], "'keyword': 'x'"),
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
    nobody = f"http://127.0.0.1:{free_port}/list.dc?query=x"
    for command in (["fetch"], ["shell", "-c", "response"], ["parse"]):
        result = polite.operate(*command, "-L", "CRITICAL", nobody)
        assert result.returncode == 1
        assert command[0] == "parse" or f"Nothing came back of {nobody}" in result.stderr
        assert "Traceback" not in result.stderr
    file = polite.operate("shell", "-c", "response.css('h1').get()", str(tmp_path / "page.html"))
    assert file.stdout == "<h1>saved</h1>\n"


@pytest.mark.parametrize("name", ["parse", "parse_lst"])
def test_a_callback_that_is_not_there_is_told_with_those_that_are(name: str) -> None:
    with pytest.raises(UsageError, match="parse_list, parse_store"):
        check_callback(DiningcodeSpider, name, {})


@pytest.mark.parametrize(
    ("url", "callback", "given"),
    [
        ("/list.dc?query=서울 강남구 역삼동 고기 뷔페", "parse_list",
         {"query": {"place": "11680101", "keyword": "고기 뷔페", "box": None}, "seen": []}),
        ("/API/isearch/?query=부산 뷔페", "parse_list",
         {"query": {"place": "26", "keyword": "뷔페", "box": None}, "seen": []}),
        ("/list.dc?query=뷔페", "parse_list", {"query": {"place": "11", "keyword": "뷔페", "box": None}, "seen": []}),
        ("/profile.php?rid=abc", "parse_store", {"row": {"v_rid": "abc", "nm": "abc"}}),
        ("/API/profile/?v_rid=abc", "parse_store", {"row": {"v_rid": "abc", "nm": "abc"}}),
    ],
)  # fmt: skip
def test_an_address_tells_which_callback_reads_its_page_and_of_what(
    url: str, callback: str, given: dict[str, Any]
) -> None:
    assert DiningcodeSpider.reading_of(f"https://www.diningcode.com{url}") == (callback, given)


def test_an_address_of_no_list_and_no_store_is_read_by_no_callback() -> None:
    assert DiningcodeSpider.reading_of("https://www.diningcode.com/") is None
    assert DiningcodeSpider.reading_of("https://www.diningcode.com/list.dc?page=2") is None


def test_what_a_callback_is_not_given_is_told() -> None:
    with pytest.raises(UsageError, match=r"parse_store also needs row: --cbkwargs '\{\"row\": …\}'"):
        check_callback(DiningcodeSpider, "parse_store", {})
    check_callback(DiningcodeSpider, "parse_store", {"row": {}})


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://", "http:// is no address of a page"),
        ("http://[", "is no address of a page"),
        ("http://x:y/", "is no address of a page"),
        ("./no_such.html", "there is no file ./no_such.html"),
        ("file:///no/such.html", "there is no file file:///no/such.html"),
    ],
)
def test_what_is_no_address_is_told_before_it_is_asked_for(address: str, told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        check_address(address)
    for right in ("http://localhost:8080/a", "im.diningcode.com", __file__):
        check_address(right)


@pytest.mark.parametrize("editor", ["no-such-editor -w", "", '"'])
def test_an_editor_that_cannot_be_started_is_told(editor: str) -> None:
    command = edit.Command()
    command.settings = Settings({"EDITOR": editor, "SPIDER_MODULES": ["refillspot.spiders"]})
    with pytest.raises(UsageError, match="cannot be started: "):
        command.run(["diningcode"], argparse.Namespace())


def test_a_setting_that_is_asked_for_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    command = settings.Command()
    command.settings = Settings({"BOT_NAME": "refillspot", "NOBODY_KNOWS_IT": 1})
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    for name in ("BOT_NAM", "BOT_NAME", "NOBODY_KNOWS_IT"):
        command.run([], parser.parse_args(["--get", name]))

    told = capsys.readouterr()
    assert told.out.split() == ["None", "refillspot", "1"]
    assert told.err == "there is no setting BOT_NAM. Did you mean BOT_NAME?\n"


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
