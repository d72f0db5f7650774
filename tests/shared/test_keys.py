from __future__ import annotations

import re

from refillspot.crawl_ids import RESERVED
from refillspot.shared.keys import (
    CacheKeys,
    CrawlKeys,
    api_health_key,
    cache_prefix,
    crawl_prefix,
    politeness_key,
    unfinished_crawl_key,
)
from refillspot.site_hosts import SiteHosts
from tests.programs import PROJECT

SITE = SiteHosts(("https://im.diningcode.com", "https://www.diningcode.com"))
IN_LUA = re.compile(r"base \.\. '(:\w+)")
SPELLED = re.compile(r"""f["']\{[^}]*prefix[^}]*\}:[\w{]""", re.IGNORECASE)


def test_the_scripts_of_the_queue_agree() -> None:
    scripts = [path.read_text("utf-8") for path in (PROJECT / "refillspot/frontier/lua").glob("*.lua")]
    mine = {key for key in vars(CrawlKeys("")).values() if key} | {CrawlKeys("").lane("")[:-1]}

    assert {name for script in scripts for name in IN_LUA.findall(script)} == mine


def test_no_crawl_can_be_called_as_a_part_of_a_key_is() -> None:
    of_crawls = {key.removeprefix("p:") for key in vars(CrawlKeys("p")).values() if ":" in key}
    keys = (politeness_key("p", SITE), api_health_key("p", SITE), cache_prefix("p"), unfinished_crawl_key("p", "x"))
    beside = {key.split(":")[1] for key in keys}

    assert of_crawls | beside | {"lane", "lease"} <= RESERVED


def test_what_is_kept_names_the_host_that_it_is_about() -> None:
    replica = SiteHosts(("http://127.0.0.1:8080", "http://127.0.0.1:8080"))

    assert politeness_key("refillspot", SITE) == "refillspot:politeness:im.diningcode.com+www.diningcode.com"
    assert politeness_key("refillspot", replica) == "refillspot:politeness:127.0.0.1:8080"
    assert api_health_key("refillspot", SITE) == "refillspot:api_health:im.diningcode.com"


def test_an_interrupted_crawl_is_found_under_the_names_that_it_had() -> None:
    keys = CrawlKeys(crawl_prefix("refillspot", "20261125-120000-abcd"))
    pages = CacheKeys(cache_prefix("refillspot"), 2)

    assert keys.crawl == "refillspot:20261125-120000-abcd:crawl"
    assert keys.lane("5") == "refillspot:20261125-120000-abcd:lane:5"
    assert keys.heartbeats == "refillspot:20261125-120000-abcd:heartbeats"
    assert pages.page(b"\xab\xcd") == "refillspot:cache:2:abcd"
    assert pages.lease(b"\xab\xcd") == "refillspot:cache:2:abcd:lease"
    assert pages.begun == "refillspot:cache:2:begun"


def test_nobody_else_spells_a_key() -> None:
    product = (PROJECT / "refillspot").rglob("*.py")

    assert [path.name for path in product if SPELLED.search(path.read_text("utf-8"))] == ["keys.py"]
