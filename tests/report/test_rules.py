"""What the rules say of which stats."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

import pytest

from refillspot import settings
from refillspot.report.findings import Case, Severity
from refillspot.report.report import RULES, report_on, words_of
from refillspot.stats.crawl import CrawlStats
from tests.stats.making import BEGUN, HOUR, crawl, crawl_stats, worker

if TYPE_CHECKING:
    from refillspot.report.findings import Finding, Rule

COMMANDS = Path(__file__).parents[2] / "refillspot/commands"
STATUS, ERROR = "site/status/", "downloader/exception_type_count/scrapy.exceptions."
OF_STATS: list[tuple[dict[str, Any], str, int]] = [
    ({f"{STATUS}429": 8}, "too_many_requests", 8),
    ({f"{STATUS}403": 2}, "forbidden", 2),
    ({f"{STATUS}500": 2, f"{STATUS}503": 3}, "server_errors", 5),
    ({"httperror/response_ignored_status_count/404": 2}, "not_found", 2),
    ({f"{STATUS}400": 1, f"{STATUS}408": 2}, "other_refusals", 3),
    ({f"{STATUS}301": 1, f"{STATUS}307": 1}, "redirects", 2),
    ({f"{ERROR}DownloadTimeoutError": 3}, "timeouts", 3),
    ({"downloader/exception_type_count/twisted.internet.error.TCPTimedOutError": 1}, "timeouts", 1),
    ({f"{ERROR}DownloadFailedError": 3, f"{ERROR}ResponseDataLossError": 1}, "connections", 4),
    ({f"{ERROR}CannotResolveHostError": 1}, "unreachable", 1),
    ({f"{ERROR}DownloadConnectionRefusedError": 4}, "unreachable", 4),
    ({f"{ERROR}DownloadCancelledError": 2}, "too_large", 2),
    ({"spider_exceptions/MalformedAnswerError": 2, "spider_exceptions/count": 2}, "garbled", 2),
    ({"spider_exceptions/ApiError": 1, "spider_exceptions/count": 1}, "api_errors", 1),
    ({"spider_exceptions/UnknownStoreError": 1}, "unknown_stores", 1),
    ({"spider_exceptions/LayoutChangedError": 2, "postgres/unread": 2}, "unread_stores", 2),
    ({"spider_exceptions/LayoutChangedError": 2}, "unread_lists", 2),
    ({"fallback/unread/LayoutChangedError/list": 2}, "changed_lists", 2),
    ({"fallback/unread/MalformedAnswerError/list": 2, "spider_exceptions/MalformedAnswerError": 1}, "garbled", 3),
    ({"fallback/unread/ApiError/store": 2}, "api_errors", 2),
    ({"absent/poi_section": 2, "reading/lists": 2}, "absent_parts", 1),
    ({"spider_exceptions/KeyError": 2}, "parser_errors", 2),
    ({"diningcode/rows_broken": 3}, "broken_rows", 3),
    ({"diningcode/queries_doubtful": 1}, "doubtful_lists", 1),
    ({"diningcode/rows": 100, "diningcode/rows_near": 20, "diningcode/rows_widened": 6}, "rows_elsewhere", 26),
    ({"fallback/lists": 1, "fallback/stores": 2, "fallback/failed": 4}, "other_road", 3),
    ({"fallback/without_page": 1, "fallback/forbidden": 2}, "no_other_road", 3),
    ({"diningcode/samples_refill": 2}, "misjudged_rows", 2),
    ({"diningcode/queries_full": 1}, "full_searches", 1),
    ({"politeness/verification_pages": 1}, "verification_pages", 1),
    ({"politeness/pages_for_humans": 1, "spider_exceptions/BlockedError": 1}, "pages_for_humans", 2),
    ({"politeness/slow_answers": 1}, "slow_answers", 1),
    ({"politeness/held": 1, "politeness/longest_hold_seconds": 90.0}, "held", 1),
    ({"politeness/retry_after_cut": 1}, "retry_after_cut", 1),
    ({"politeness/retry_after_unusable": 1}, "retry_after_unusable", 1),
    ({"politeness/delayed": 1}, "crawl_delay", 1),
    ({"robotstxt/forbidden": 9, f"{ERROR}IgnoreRequest": 9}, "robots_forbidden", 9),
    ({"robotstxt/unknown": 2}, "robots_unreadable", 2),
    ({"postgres/waits": 3}, "postgres_waits", 3),
    ({"frontier/redis_outages": 1, "politeness/redis_outages": 1}, "redis_outages", 2),
    ({"frontier/dead_reason/RedirectRefusedError": 2}, "redirects_refused", 2),
    ({"frontier/refused": 1}, "not_queued", 1),
    ({"heartbeat/postgres_failures": 1, "heartbeat/redis_failures": 2}, "heartbeats_lost", 3),
    ({"notify/failed": 1}, "webhook", 1),
    ({"finish_reason": "blocked"}, "blocked_often", 1),
    ({"finish_reason": "silent_field"}, "fell_silent", 1),
    ({"diningcode/asked/11680": 3, "diningcode/asked/26110": 2, "diningcode/found/11680": 9}, "nothing_found", 1),
    ({"cache/errors": 5}, "cache_errors", 5),
    ({"cache/evictions": 5}, "cache_evictions", 5),
    ({"cache/too_large": 1, "cache/corrupt": 2}, "cache_refused", 3),
    ({"cache/stale": 1}, "stale_pages", 1),
    ({"memory/max_mb": 190.0, "memory/limit_mb": 200.0}, "memory", 1),
    ({"item_dropped_reasons_count/DropItem": 2}, "dropped_items", 2),
]
HARMLESS: list[dict[str, Any]] = [
    {f"{STATUS}200": 100, f"{STATUS}304": 5, f"{STATUS}404": 1, "robotstxt/response_status_count/404": 1},
    {"memory/max_mb": 100.0, "memory/limit_mb": 200.0},
    {"cache/hits": 10, "cache/misses": 90, "cache/errors": 0, "postgres/waits": 0},
    {"diningcode/rows": 100, "diningcode/rows_near": 10, "diningcode/strangers": 10},
    {"absent/poi_section": 2, "reading/lists": 3},
    {"politeness/raised": 5, "politeness/limited": 1, "log_count/ERROR": 3},
]


def found(now: CrawlStats, earlier: CrawlStats | None = None) -> dict[str, Finding]:
    return {one.key: one for one in report_on(now, earlier).findings}


@pytest.mark.parametrize(("stats", "key", "count"), OF_STATS, ids=lambda value: value if isinstance(value, str) else "")
def test_each_kind_is_named_with_its_count(stats: dict[str, Any], key: str, count: int) -> None:
    (one,) = report_on(crawl_stats(stats)).findings

    assert (one.key, one.count) == (key, count)


@pytest.mark.parametrize("stats", HARMLESS)
def test_what_is_no_trouble_is_no_finding(stats: dict[str, Any]) -> None:
    assert report_on(crawl_stats(stats)).is_clean


def test_dead_letters_tell_their_reasons() -> None:
    reasons = {"frontier/dead": 5, "frontier/dead_reason/HTTP 404": 2, "frontier/dead_reason/LayoutChangedError": 3}
    one = found(crawl_stats(reasons, counts={"done": 95, "dead": 5}))["dead_letters"]

    assert one.severity is Severity.ERROR
    assert "5 requests failed for good (LayoutChangedError: 3, HTTP 404: 2)" in one.happened
    assert "scrapy deadletters list --crawl 20261124-153000-ab12" in one.remedy


@pytest.mark.parametrize(("dead", "told"), [(7, "HTTP 404: 5, other reasons: 2"), (3, "see the list")])
def test_dead_letters_that_workers_did_not_tell(dead: int, told: str) -> None:
    stats = {"frontier/dead": 5, "frontier/dead_reason/HTTP 404": 5}

    assert told in found(crawl_stats(stats, counts={"dead": dead}))["dead_letters"].happened


def test_dead_letters_that_were_tried_again_are_none() -> None:
    stats = {"frontier/dead": 5, "frontier/dead_reason/HTTP 503": 5}

    assert "dead_letters" not in found(crawl_stats(stats, counts={"done": 100}))


def test_a_held_crawl_says_why_and_what_to_do() -> None:
    departures = [
        {
            "monitor": "fields", "part": "hours", "district": "11680", "usual": 0.89, "crawls": 8,
            "now": {"number": 18, "of": 150},
        },
        {"monitor": "stores", "part": "", "district": "", "usual": 300, "crawls": 8, "now": {"number": 90, "of": None}},
    ]  # fmt: skip
    held = crawl_stats({}, accepted=False, departures=departures)
    one = found(held)["to_decide"]

    assert one.count == len(departures)
    assert "opening hours in 강남구: 12 % of 150 (usually 89 %), and 1 figure more" in one.happened
    assert f"scrapy gate accept {held.id}" in one.remedy
    for decision in ("accepted", "rejected"):
        decided = found(crawl_stats({}, accepted=False, departures=departures, decision=decision))
        assert "to_decide" not in decided
        assert ("rejected" in decided) is (decision == "rejected")
    assert "opening hours in 강남구: 12 % of 150" in decided["rejected"].cause
    assert "-s CACHE_ENABLED=False" in decided["rejected"].remedy


def test_nothing_stored_where_stores_are_known() -> None:
    one = found(crawl_stats({"postgres/known": 300}, stored=0))["nothing_stored"]

    assert "300 refill stores" in one.happened
    assert "nothing_stored" not in found(crawl_stats({"postgres/known": 0}, stored=0))


def test_fewer_stores_than_before() -> None:
    before = crawl_stats(crawl_id="before", stored=700)

    assert "600 stores, and 700" in found(crawl_stats(stored=600), before)["fewer_stores"].happened
    assert found(crawl_stats(stored=680), before) == {}
    assert "fewer_stores" not in found(crawl_stats(stored=60, state="running"), before)


def test_a_crawl_that_nobody_works_on_can_go_on() -> None:
    stopped = CrawlStats.of([worker({"finish_reason": "shutdown"})], BEGUN + 2 * HOUR, crawl(state="running"))

    assert "scrapy crawl diningcode -a district=금천구" in found(stopped)["interrupted"].remedy


def test_a_crawl_whose_stores_are_gone_was_given_up_by_nobody() -> None:
    gone = found(crawl_stats(state="abandoned", counts={"forgotten": 3}))

    assert "3 stores of this crawl are gone" in gone["forgotten"].happened
    assert "abandoned" not in gone
    assert "abandoned" in found(crawl_stats(state="abandoned"))


def test_a_crawl_of_which_nothing_is_heard_is_not_called_interrupted() -> None:
    assert found(CrawlStats.of([], BEGUN + HOUR, crawl(state="running"))).keys() == {"no_stats"}


def test_a_crawl_under_way_is_not_interrupted() -> None:
    going_on = CrawlStats.of([worker(is_gone=True)], BEGUN + HOUR + timedelta(seconds=20), crawl(state="running"))

    assert going_on.state == "running"
    assert found(going_on) == {}


def test_workers_that_ended_before_the_crawl() -> None:
    workers = [
        worker(name="one"),
        worker(name="killed", is_gone=True),
        worker({"finish_reason": "memory_limit", "memory/limit_mb": 200.0}, name="large"),
        worker({"finish_reason": "frontier_failed"}, name="failed"),
        worker({"finish_reason": "closespider_timeout"}, name="limited"),  # by its user: no fault
    ]
    one = found(CrawlStats.of(workers, BEGUN + 2 * HOUR, crawl()))

    assert one["killed"].count == one["recycled"].count == one["stopped"].count == 1
    assert "frontier_failed" in one["stopped"].happened


def test_a_worker_that_says_goodbye_while_the_crawl_ends_was_not_killed() -> None:
    ending = CrawlStats.of([worker(), worker(name="two", is_gone=True)], BEGUN + HOUR + timedelta(seconds=2), crawl())

    assert found(ending) == {}


@pytest.mark.parametrize(
    ("stats", "key"),
    [
        ({"politeness/windows_waited": 1, "politeness/slowed": 1}, "budget_window"),
        ({"politeness/slowed": 2}, "budget_distress"),
        ({}, "budget_workers"),
    ],
)
def test_why_the_budget_was_not_used(stats: dict[str, Any], key: str) -> None:
    half = {"politeness/ceiling": 1.0, "politeness/permits": 1800, "downloader/response_count": 1800}

    assert "50.0 %" in found(crawl_stats(half | stats))[key].happened
    assert found(crawl_stats(half | stats | {"politeness/permits": 3500})) == {}
    assert found(crawl_stats(half | stats | {"cache/hits": 3000, "cache/misses": 1800})) == {}


def test_a_cache_that_should_have_had_the_pages() -> None:
    misses = {"cache/hits": 10, "cache/misses": 90}
    before, long_ago = (
        crawl_stats(crawl_id="before", begun=BEGUN - 2 * HOUR),
        crawl_stats(begun=BEGUN - timedelta(days=8)),
    )

    assert "10.0 %" in found(crawl_stats(misses), before)["cache_useless"].happened
    assert found(crawl_stats(misses), long_ago) == {}
    assert found(crawl_stats(misses)) == {}


def test_a_cache_that_was_emptied_between_two_crawls() -> None:
    misses = {"cache/hits": 10, "cache/misses": 90}

    def before(begun: str | None) -> CrawlStats:
        known = {"cache/begun": begun} if begun else {}
        return crawl_stats(known, crawl_id="before", begun=BEGUN - 2 * HOUR)

    old, new = ((BEGUN - days).isoformat() for days in (timedelta(days=2), timedelta(0)))
    assert found(crawl_stats(misses | {"cache/begun": new}), before(old)).keys() == {"cache_emptied"}
    assert found(crawl_stats(misses | {"cache/begun": old}), before(old)).keys() == {"cache_useless"}
    assert found(crawl_stats(misses | {"cache/begun": new}), before(None)).keys() == {"cache_useless"}  # it did not say
    assert found(crawl_stats({"cache/hits": 90, "cache/misses": 10, "cache/begun": new}), before(old)) == {}


def test_a_log_of_another_project_tells_its_errors() -> None:
    stats = {"log_count/ERROR": 3, "item_scraped_count": 5}

    assert found(CrawlStats.of([worker(stats)], BEGUN))["log_errors"].count == 3


def test_the_worst_comes_first() -> None:
    stats = {f"{STATUS}429": 1, "cache/stale": 1, "postgres/unread": 1, "spider_exceptions/LayoutChangedError": 1}

    assert [one.severity for one in report_on(crawl_stats(stats)).findings] == sorted(Severity)


def texts(rule: Rule) -> list[str]:
    return [rule.happened(1), rule.happened(2), rule.cause(), rule.remedy()]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.key)
def test_texts_name_only_what_is_known(rule: Rule, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", language)
    words = set(words_of(Case(crawl_stats(), None))) | {"count", "kinds"}

    for text in texts(rule):
        assert {name for _, name, _, _ in Formatter().parse(text) if name is not None} <= words


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.key)
def test_remedies_name_commands_and_settings_that_exist(rule: Rule) -> None:
    text = " ".join(texts(rule))
    commands = set(re.findall(r"scrapy ([a-z]+) ?(?:[a-z-]|$|[.:;)])", text))
    variables = {"NOTIFY_URL", "CACHE_REDIS_URL"}

    assert {path.stem for path in COMMANDS.glob("*.py")} >= commands
    for name in set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", text)) - variables:
        assert hasattr(settings, name), name


def test_every_rule_has_its_own_name() -> None:
    keys = [rule.key for rule in RULES]

    assert len(keys) == len(set(keys))
