from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest
from scrapy.exceptions import NotConfigured
from scrapy.utils.test import get_crawler

from refillspot.extensions.garbage_collection import GarbageCollection

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def before() -> Iterator[tuple[int, int, int]]:
    threshold = gc.get_threshold()
    yield threshold
    gc.set_threshold(*threshold)
    gc.unfreeze()


def test_a_crawl_has_its_own_threshold_and_leaves_pythons_behind(before: tuple[int, int, int]) -> None:
    extension = GarbageCollection.from_crawler(get_crawler(settings_dict={"GC_THRESHOLD_OBJECTS": 12_345}))
    frozen = gc.get_freeze_count()

    extension.spider_opened()
    assert gc.get_threshold()[0] == 12_345
    assert gc.get_freeze_count() > frozen + 1000
    extension.spider_closed()

    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_zero_leaves_it_to_python() -> None:
    with pytest.raises(NotConfigured):
        GarbageCollection.from_crawler(get_crawler(settings_dict={"GC_THRESHOLD_OBJECTS": 0}))
