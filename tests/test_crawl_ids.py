"""Ids that no crawl can have are refused wherever one is given, before any server is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from scrapy.settings import Settings

from refillspot.clock import Clock
from refillspot.crawl_ids import check_crawl_id
from refillspot.exceptions import ArgumentError, CrawlIdError
from refillspot.fleet.crawl import FleetCrawl
from refillspot.operations.crawls import Crawls, Pruning
from refillspot.operations.dead_letters import CrawlDeadLetters
from refillspot.planning import CrawlArguments
from refillspot.postgres.crawls import CrawlTable, find_crawl
from refillspot.report.recorded import find
from refillspot.services import ServiceAddresses

if TYPE_CHECKING:
    from collections.abc import Callable

NOWHERE = ServiceAddresses("postgresql://127.0.0.1:1/none", "redis://127.0.0.1:1", "redis://127.0.0.1:1")
NO_IDS = (
    "", ".", "..", "...", ".hidden", "-x", "--force", "_a", "a/b", "../a", "/etc", "a\\b", "a:b", "{a}", "*",
    "a*", "[a]",
    "a?", "a b", "a\n", "\n", "a\0", "\x1b[2J", "서울", "cache", "Cache", "politeness", "api_health", "lanes",
    "last", "all",
    "a" * 65, "a" * 100_000,
)  # fmt: skip
CRAWLS = Crawls(NOWHERE, "none", Clock())
TAKES_AN_ID: dict[str, Callable[[str], object]] = {
    "crawl": lambda id_: CrawlArguments.parse("강남구", crawl=id_),
    "fleet": lambda id_: FleetCrawl.join(
        "diningcode", {"district": "강남구", "crawl": id_}, _project_settings(), NOWHERE
    ),
    "crawls show": CRAWLS.find,
    "crawls prune": lambda id_: Pruning(NOWHERE, "none", Clock()).prune([id_]),
    "deadletters --crawl": lambda id_: CrawlDeadLetters.find(NOWHERE, "none", id_),
    "pause": lambda id_: CRAWLS.set_paused(id_, paused=True),
    "resume": lambda id_: CRAWLS.set_paused(id_, paused=False),
    "top": CRAWLS.to_watch,
    "any": lambda id_: find_crawl(NOWHERE.database_url, id_),
}


def _project_settings() -> Settings:
    settings = Settings()
    settings.setmodule("refillspot.settings")
    return settings


@pytest.mark.parametrize("given", NO_IDS, ids=lambda given: repr(given[:20]))
def test_what_no_crawl_can_be_called_is_told_in_a_line(given: str) -> None:
    with pytest.raises(CrawlIdError) as error:
        check_crawl_id(given)

    assert str(error.value).isprintable()
    assert len(str(error.value)) < 600


@pytest.mark.parametrize("where", TAKES_AN_ID)
def test_it_is_refused_wherever_an_id_is_given(where: str) -> None:
    for given in NO_IDS:
        with pytest.raises(CrawlIdError):
            TAKES_AN_ID[where](given)


async def test_a_spider_cannot_begin_such_a_crawl_by_itself() -> None:
    for given in NO_IDS:
        with pytest.raises(CrawlIdError):
            await CrawlTable(NOWHERE.database_url).join("other", {}, given, datetime.now(UTC))


def test_a_report_takes_the_beginning_of_an_id() -> None:
    for given in set(NO_IDS) - {"last"}:
        with pytest.raises(CrawlIdError):
            find([], given)
    with pytest.raises(ArgumentError, match="no crawl yet"):
        find([], "20261125")


@pytest.mark.parametrize("given", ["20261125-120000-abcd", "a", "Seoul_2026.11", "9", "a..b", "a-", "caches"])
def test_other_names_are_ids(given: str) -> None:
    assert check_crawl_id(given) == given
