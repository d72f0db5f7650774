"""Every refill store that the site lists for the keywords is found, by the replica's own account of what it lists."""

from __future__ import annotations

from random import SystemRandom

import pytest

from refillspot.planning import KEYWORDS
from refillspot.planning.pagination import Pagination, Step
from refillspot.planning.search_plan import SearchPlan
from replica.shapes import MIXED, Shapes, name_shapes
from tests.completeness.offline import City, spider_for

UNSEEN = SystemRandom().randrange(10**6)
SEEDS = (4711, pytest.param(UNSEEN, id="unseen"))  # the id is the same in each process of the suite
WITHOUT_ODD_PARTS = name_shapes("mixed", 0)
FEW = "강남구,마포구,중구"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("cap", [20, 100])
def test_all_of_a_few_districts_is_found(seed: int, cap: int) -> None:
    city, spider = City(seed, cap), spider_for(district=FEW)
    crawled = city.crawl(spider)

    assert city.reachable(spider) <= crawled.stores.keys()
    assert len(crawled.refill & city.refill) >= 0.99 * len(crawled.refill)
    assert "diningcode/queries_full" not in crawled.stats
    assert max(crawled.pages.values()) == 1
    reached, whole = (
        city.reached(spider),
        {pair: shown for pair, (is_whole, shown) in crawled.shown.items() if is_whole},
    )
    assert [pair for pair, shown in whole.items() if not shown >= reached.get(pair, set())] == []
    found_by_whole = set().union(*whole.values())
    assert len(found_by_whole & crawled.refill) >= 0.95 * len(crawled.refill)  # what is closed can be missed


@pytest.mark.parametrize(("seed", "shapes"), [(4711, MIXED), (UNSEEN, WITHOUT_ODD_PARTS)], ids=["4711", "unseen"])
def test_all_of_seoul_takes_little_more_than_a_page_a_store(seed: int, shapes: Shapes) -> None:
    """Odd parts cost some pages: of thirty cities with them, one takes 1.303 (docs/completeness.md)."""
    city, spider = City(seed, 100, shapes=shapes), spider_for(district="all")
    crawled = city.crawl(spider)

    assert city.reachable(spider) <= crawled.stores.keys()
    assert len(crawled.refill & city.refill) >= 0.99 * len(crawled.refill)
    assert crawled.requests_a_refill_store <= 1.3


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("cap", [20, 100])
def test_odd_parts_cost_no_store(seed: int, cap: int) -> None:
    """Of half a city: its pages have thousands of odd parts, and how many stores there are is not the point here."""
    city = City(seed, cap, refill=700, ordinary=2800, shapes=name_shapes("mixed", 0.1))
    spider = spider_for(district="all")
    crawled = city.crawl(spider)

    assert city.reachable(spider) <= crawled.stores.keys()
    assert "diningcode/rows_broken" not in crawled.stats


@pytest.mark.parametrize("cap", [7, 250])
def test_any_cap_will_do(cap: int) -> None:
    city, spider = City(4711, cap), spider_for(district="강남구")
    crawled = city.crawl(spider)

    assert city.reachable(spider) <= crawled.stores.keys()


def test_a_city_so_full_that_dongs_are_takes_boxes() -> None:
    city, spider = City(4711, 20, refill=9000), spider_for(district="강남구")
    crawled = city.crawl(spider)

    assert city.reachable(spider) <= crawled.stores.keys()
    assert any("rect=" in form for form in crawled.lists)


def recall(city: City, keywords: str = ",".join(KEYWORDS)) -> float:
    spider = spider_for(district=FEW, keywords=keywords)
    crawled = city.crawl(spider)
    reachable = city.reachable(spider_for(district=FEW))  # what the standard keywords reach, whatever was asked
    return len(reachable & crawled.stores.keys()) / len(reachable)


def test_a_broken_plan_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be reached is the replica's account, so a plan that misses stores cannot hide it."""
    city = City(4711, 20)
    assert recall(city) == 1.0
    assert recall(city, keywords="무한리필") < 0.9

    with monkeypatch.context() as patch:
        patch.setattr(SearchPlan, "split", lambda *_: [])
        assert recall(city) < 0.98  # the many keywords find most, and not all
    with monkeypatch.context() as patch:
        patch.setattr(Pagination, "next_step", lambda *_: Step.STOP)
        assert recall(city, "무한리필,무제한,뷔페") < 0.7
