from __future__ import annotations

import pytest
from scrapy import Request, Spider
from scrapy.http import Response

from refillspot.log_formatter import BriefLogFormatter

PAGE = Response("https://im.diningcode.com/API/profile/")


@pytest.mark.parametrize(("level", "is_said"), [("DEBUG", True), ("INFO", False), ("WARNING", False), (10, True)])
def test_a_line_a_page_and_an_item_only_where_somebody_reads_it(level: str, *, is_said: bool) -> None:
    formatter, spider = BriefLogFormatter(level), Spider("any")

    assert bool(formatter.crawled(Request(PAGE.url), PAGE, spider)) is is_said
    assert bool(formatter.scraped({"ref": "1"}, PAGE, spider)) is is_said


def test_what_goes_wrong_is_always_said() -> None:
    formatter, spider = BriefLogFormatter("ERROR"), Spider("any")

    assert formatter.item_error({"ref": "1"}, ValueError("bad"), PAGE, spider)
