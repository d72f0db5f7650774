"""A worker finds out how many requests at once bring more answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.crawl.conftest import Crawl, Faults, Site

SLOW = ("-a", "district=금천구,관악구", "-a", "keywords=무한리필,뷔페", "-s", "CONCURRENCY_START=1")


def test_a_slow_site_is_asked_for_more_at_once(crawl: Crawl, site: Site, faults: Faults) -> None:
    faults.add(kind="delay", seconds=0.1)
    result = crawl.run(*SLOW, "-a", "limit=60")

    assert result.returncode == 0, result.stderr[-3000:]
    levels = re.findall(r"(\d+) requests at once: ", result.stderr)  # the last may be lower
    assert max(map(int, levels)) > 1
    assert max(entry["active"] for entry in site.log()) > 1


def test_the_operators_limit_is_never_passed(crawl: Crawl, faults: Faults) -> None:
    faults.add(kind="delay", seconds=0.1, until=8)
    result = crawl.run(*SLOW, "-s", "CONCURRENT_REQUESTS=2", "-a", "limit=40")

    assert result.returncode == 0, result.stderr[-3000:]
    (level,) = re.findall(r"'concurrency/level': (\d+)", result.stderr)
    assert int(level) <= 2
