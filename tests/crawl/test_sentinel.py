"""A crawl whose queue is on a Redis that Sentinel watches goes on when another one takes over."""

from __future__ import annotations

import json
import socket
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from refillspot.planning import KEYWORDS
from tests.crawl.moments import PACED, wait_for_store_pages
from tests.own_sentinel import own_sentinel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.crawl.conftest import Crawl, Site
    from tests.own_sentinel import OwnSentinel


@pytest.fixture
def sentinel(short_directory: Path) -> Iterator[OwnSentinel]:
    directory = short_directory / uuid.uuid4().hex[:8]
    directory.mkdir()
    bound = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    ports = [one.getsockname()[1] for one in bound]
    for one in bound:
        one.close()
    with own_sentinel(directory, ports) as sentinel:
        yield sentinel


def test_a_crawl_goes_on_with_the_master_that_took_over(
    crawl: Crawl, site: Site, sentinel: OwnSentinel, rows: Callable[[], dict[str, dict[str, Any]]]
) -> None:
    crawl.environment.update(REDIS_URL=sentinel.url, CACHE_REDIS_URL=sentinel.url)
    crawl = crawl.having("-s", "CACHE_ENABLED=True")
    with crawl.start("-a", "district=금천구", *PACED) as worker:
        wait_for_store_pages(site, 5)
        sentinel.fail_over()
        _, log = worker.communicate()

    assert worker.returncode == 0, log[-3000:]
    truth = site.truth("금천구", ",".join(KEYWORDS))
    assert {store["ref"] for store in truth if store["reached_by"]} <= rows().keys()
    shown = crawl.operate("crawls", "list", "--json")
    (listed,) = json.loads(shown.stdout)
    assert (listed["state"], listed["progress"]["state"]) == ("complete", "complete")
