"""A worker has more requests under way, as it decides, and never more than the operator allows."""

from __future__ import annotations

import json
import re
from math import inf
from typing import TYPE_CHECKING

from refillspot.extensions import adaptive_concurrency as extension
from refillspot.policies import concurrency as policy

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

    from tests.crawl.conftest import Crawl, Faults, Site

EXTENSIONS = {
    "tests.crawl.test_concurrency.Eager": 1,
    "refillspot.extensions.adaptive_concurrency.AdaptiveConcurrency": 2,
}
SLOW = (
    *("-a", "district=금천구,관악구", "-a", "keywords=무한리필,뷔페", "-a", "limit=30", "-s", "CONCURRENCY_START=1"),
    *("-s", f"EXTENSIONS={json.dumps(EXTENSIONS)}"),
)


class Eager:
    """After a few answers more requests at once are worth it, however busy the machine is."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:  # noqa: ARG003  # Scrapy's signature
        vars(policy).update(FULL_SHARE=0, WORTH_DOUBLING=0, BUSY=inf, SLOW_LOOP_SECONDS=inf, MEMORY_FULL=inf)
        vars(extension).update(LEAST_SECONDS=0, LEAST_ANSWERS=3)
        return cls()


def test_a_slow_site_is_asked_for_more_at_once(crawl: Crawl, site: Site, faults: Faults) -> None:
    faults.add(kind="delay", seconds=0.1)
    result = crawl.run(*SLOW)

    assert result.returncode == 0, result.stderr[-3000:]
    levels = [int(level) for level in re.findall(r"(\d+) requests at once: ", result.stderr)]
    assert levels[0] == 2
    assert max(entry["active"] for entry in site.log()) > 1


def test_the_operators_limit_is_never_passed(crawl: Crawl, site: Site, faults: Faults) -> None:
    faults.add(kind="delay", seconds=0.1)
    result = crawl.run(*SLOW, "-s", "CONCURRENT_REQUESTS=2")

    assert result.returncode == 0, result.stderr[-3000:]
    (level,) = re.findall(r"'concurrency/level': (\d+)", result.stderr)
    assert int(level) == 2
    assert max(entry["active"] for entry in site.log()) <= 2
