from __future__ import annotations

import pytest
from scrapy.core.downloader import Downloader

from refillspot.downloader import check_engine
from refillspot.exceptions import IncompatibleEngineError


def test_the_pinned_scrapy_is_the_one_that_is_known() -> None:
    check_engine()


@pytest.mark.parametrize("name", ["_process_queue", "_wait_for_download"])
def test_another_engine_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def changed(self: Downloader) -> None:
        """Another Scrapy's idea of this method."""

    monkeypatch.setattr(Downloader, name, changed)

    with pytest.raises(IncompatibleEngineError, match="make setup"):
        check_engine()
