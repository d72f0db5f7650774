"""Which crawls are believed, by their figures."""

from __future__ import annotations

import msgspec

from refillspot.policies.quality import THRESHOLDS, CrawlFigures, DistrictFigures, judge

USUAL = DistrictFigures(
    stores=70, refill=60, pages=70, having={"hours": 62, "menu": 60, "phone": 68}, compared=65,
    prices_compared=50, prices_moved=1,
)  # fmt: skip


def crawl(**changes: int | dict[str, int]) -> CrawlFigures:
    districts = {str(code): USUAL for code in range(11110, 11135)}
    return CrawlFigures(districts={code: msgspec.structs.replace(one, **changes) for code, one in districts.items()})


def test_a_crawl_like_those_before_is_believed() -> None:
    assert judge(crawl(), [crawl()] * 5, THRESHOLDS) == ()


def test_a_field_that_fell_silent_is_named() -> None:
    blind = crawl(having=USUAL.having | {"hours": 8})

    departures = judge(blind, [crawl()] * 5, THRESHOLDS)

    assert {departure.part for departure in departures} == {"hours"}
    assert departures[0].usual == 62 / 70


def test_figures_of_another_version_can_be_read() -> None:
    written = msgspec.json.encode({"districts": {"11680": {"stores": 3, "of_later": 1}}, "of_later": [1]})

    assert msgspec.json.decode(written, type=CrawlFigures) == CrawlFigures(
        districts={"11680": DistrictFigures(stores=3)}
    )
