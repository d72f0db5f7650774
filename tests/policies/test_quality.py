"""Which crawls are believed, by their figures beside those of the crawls before."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from refillspot.policies.quality import (
    CRAWLS,
    FEWEST,
    FIELDS,
    SMALL,
    THRESHOLDS,
    WHOLE,
    CrawlFigures,
    Departure,
    DistrictFigures,
    judge,
    total,
)
from tests.policies.simulated_crawls import CITIES, City, weeks_of

SEOUL = "Seoul as somebody once found it"
BIG = "a rich Seoul"
GANGNAM = "11110"
"""The largest district of each city."""
Change = Callable[[DistrictFigures], DistrictFigures]


def changed(crawl: CrawlFigures, change: Change, *codes: str) -> CrawlFigures:
    """Return a crawl with other figures in some districts, or in all."""
    districts = {
        code: change(one) if code in (codes or crawl.districts) else one for code, one in crawl.districts.items()
    }
    return replace(crawl, districts=districts)


def scaled(share: float, *names: str) -> Change:
    return lambda one: replace(one, **{name: round(share * getattr(one, name)) for name in names})


def saying(share: float, *fields: str) -> Change:
    return lambda one: replace(
        one, having={name: round(n * (share if name in fields else 1)) for name, n in one.having.items()}
    )


def departures(city: str, change: Change, *codes: str) -> tuple[Departure, ...]:
    now, *before = weeks_of(city)
    return judge(changed(now, change, *codes), before, THRESHOLDS)


def names(departures: tuple[Departure, ...]) -> set[tuple[str, str, str]]:
    return {(one.monitor, one.part, one.district) for one in departures}


def test_of_two_hundred_healthy_crawls_at_most_one_is_held() -> None:
    held, each = [], 200 // len(CITIES) + 1
    for city, sizes in CITIES.items():
        before: deque[CrawlFigures] = deque(maxlen=CRAWLS)
        for crawl in City(2, sizes).crawls(each):
            held += [(city, *found)] if (found := judge(crawl, before, THRESHOLDS)) else []
            before.appendleft(crawl)

    assert each * len(CITIES) >= 200
    assert len(held) <= 1, held


@pytest.mark.parametrize("city", [SEOUL, BIG, "Busan", "one district"])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (saying(0.1, "hours"), ("fields", "hours", WHOLE)),
        (saying(0.5, "menu", "price", "offer"), ("fields", "menu", WHOLE)),
        (saying(0.5, *FIELDS), ("fields", "address", WHOLE)),
        (lambda one: replace(one, prices_moved=one.prices_compared), ("prices moved", "", WHOLE)),
        (lambda one: replace(one, menus_halved=one.menus_compared // 2), ("menus halved", "", WHOLE)),
        (scaled(0.5, "stores", "refill", "pages"), ("stores", "", WHOLE)),
        (scaled(0.4, "refill"), ("refill", "", WHOLE)),
        (lambda one: replace(one, pages=0, pages_for_people=one.pages), ("pages for people", "", WHOLE)),
    ],
    ids=[
        "a parser blind for one field", "half of the menus gone", "another layout from the middle on", "prices x 10",
        "each menu halved", "half of the pages unreadable", "verdicts not found", "all by the pages for people",
    ],
)  # fmt: skip
def test_what_is_broken_is_held_and_named(city: str, change: Change, told: tuple[str, str, str]) -> None:
    assert told in names(departures(city, change))


def test_nothing_at_all_where_there_were_some_is_held_however_few_there_were() -> None:
    nothing = departures("one small district", lambda _: DistrictFigures())

    assert names(nothing) == {("stores", "", WHOLE)}


def test_a_district_that_answers_nothing_is_named() -> None:
    nothing = departures(SEOUL, lambda _: DistrictFigures(), GANGNAM)

    assert names(nothing) == {("stores", "", GANGNAM)}
    assert nothing[0].now.value == 0
    assert nothing[0].usual


def test_a_lower_cap_is_held_for_the_city_though_no_district_lost_much() -> None:
    assert names(departures(BIG, scaled(0.8, "stores", "refill", "pages"))) == {("stores", "", WHOLE)}


def test_what_departs_everywhere_is_told_once() -> None:
    (blind,) = departures(BIG, saying(0.1, "hours"))

    assert (blind.part, blind.district, blind.crawls) == ("hours", WHOLE, CRAWLS)
    assert blind.usual
    assert blind.now.value < 0.2 < blind.usual


def test_a_festival_week_is_not_held() -> None:
    """Another menu and other hours in two of five stores, offers where there were none."""

    def festive(one: DistrictFigures) -> DistrictFigures:
        moved = {"prices_moved": round(0.4 * one.prices_compared), "hours_moved": round(0.45 * one.hours_compared)}
        return replace(one, **moved, having=one.having | {"offer": one.having["menu"], "price": one.having["menu"]})

    for city in CITIES:
        assert departures(city, festive) == ()


@pytest.mark.parametrize("city", [SEOUL, BIG])
def test_a_decline_of_a_tenth_in_a_month_is_not_held_nor_what_comes_after(city: str) -> None:
    before: deque[CrawlFigures] = deque(maxlen=CRAWLS)
    crawls = list(City(3, CITIES[city]).crawls(30, daily_decline=1 - 0.9 ** (1 / 30)))
    for crawl in crawls:
        assert judge(crawl, before, THRESHOLDS) == ()
        before.appendleft(crawl)

    assert total([*crawls[-1].districts.values()]).refill < 0.95 * total([*crawls[0].districts.values()]).refill


def test_a_tiny_district_that_lost_half_of_its_few_is_not_held() -> None:
    for city in ("five counties", "one small district"):
        assert departures(city, scaled(0.5, "stores", "refill", "pages", "compared")) == ()


def test_small_districts_are_judged_together() -> None:
    before = list(City(1, [150] * 10 + [13] * 16).crawls(CRAWLS + 1))[::-1]
    small = [code for code, one in before[0].districts.items() if one.stores < FEWEST]

    departs = judge(changed(before.pop(0), saying(0.2, "phone"), *small), before, THRESHOLDS)

    assert len(small) > 10
    assert names(departs) == {("fields", "phone", SMALL)}


def test_a_first_crawl_is_judged_by_what_no_site_can_have() -> None:
    for city in CITIES:
        (first,) = weeks_of(city, crawls=1)
        assert judge(first, [], THRESHOLDS) == ()

    (first,) = weeks_of(SEOUL, crawls=1)
    assert names(judge(changed(first, lambda _: DistrictFigures()), [], THRESHOLDS)) == {("stores", "", WHOLE)}
    assert names(judge(changed(first, saying(0.01, "hours")), [], THRESHOLDS)) == {("fields", "hours", WHOLE)}
    assert names(judge(changed(first, scaled(0, "refill")), [], THRESHOLDS)) >= {("refill", "", WHOLE)}


def test_a_crawl_with_a_limit_is_not_small_and_is_no_measure() -> None:
    now, *before = weeks_of(BIG)
    limited = replace(changed(now, scaled(0.1, "stores", "refill", "pages")), is_partial=True)
    limited = changed(limited, saying(0.1, *FIELDS))

    assert judge(limited, before, THRESHOLDS) == ()
    blind = changed(now, saying(0.1, "hours"))
    assert judge(blind, [limited] * CRAWLS + before, THRESHOLDS) == judge(blind, before, THRESHOLDS) != ()
    assert names(judge(changed(limited, saying(0, "menu")), before, THRESHOLDS)) == {("fields", "menu", WHOLE)}


def test_what_somebody_accepted_is_usual_from_then_on() -> None:
    now, *before = weeks_of(SEOUL)
    level = scaled(0.6, "stores", "refill", "pages", "compared")
    accepted = replace(changed(before[0], level), is_accepted_by_hand=True)

    assert judge(changed(now, level), before, THRESHOLDS)
    assert judge(changed(now, level), [accepted, *before], THRESHOLDS) == ()
    assert judge(changed(now, scaled(0.6, "stores", "refill", "pages")), [accepted, *before], THRESHOLDS) == ()


def test_crawls_of_other_districts_are_a_measure_of_those_they_share() -> None:
    now, *before = weeks_of(SEOUL)
    one = replace(now, districts={GANGNAM: now.districts[GANGNAM]})
    more = replace(now, districts=now.districts | {"26110": DistrictFigures(stores=1)})

    assert judge(one, before, THRESHOLDS) == judge(more, before, THRESHOLDS) == ()
    assert names(judge(changed(one, lambda _: DistrictFigures()), before, THRESHOLDS)) == {("stores", "", WHOLE)}
    assert names(judge(changed(more, saying(0, "menu")), before, THRESHOLDS)) == {("fields", "menu", WHOLE)}


def test_one_error_that_was_never_met_before_is_not_held_and_one_in_two_answers_is() -> None:
    now, *before = weeks_of(SEOUL)
    new = {"HTTP 418": now.answers // 2}

    assert judge(replace(now, errors={"HTTP 418": 1}, odd={"menu.list": 1}), before, THRESHOLDS) == ()
    assert names(judge(replace(now, errors=new), before, THRESHOLDS)) == {("errors", "HTTP 418", WHOLE)}
    assert names(judge(replace(now, odd=new), before, THRESHOLDS)) == {("odd parts", "HTTP 418", WHOLE)}


COUNTS = st.integers(0, 200)


@st.composite
def districts(draw: st.DrawFn) -> DistrictFigures:
    stores, pages = draw(COUNTS), draw(COUNTS)
    having = {name: draw(st.integers(0, pages)) for name in draw(st.sets(st.sampled_from([*FIELDS])))}
    return DistrictFigures(stores=stores, refill=draw(st.integers(0, stores)), pages=pages, having=having)


CRAWL = st.builds(
    CrawlFigures,
    districts=st.dictionaries(st.sampled_from(["11110", "11680", "26110"]), districts(), max_size=3),
    is_partial=st.booleans(),
)


@given(crawl=CRAWL, before=st.lists(CRAWL, max_size=3), number=st.integers(1, 8))
def test_whatever_the_figures_are_there_is_a_judgement_and_the_same_again_is_believed(
    crawl: CrawlFigures, before: list[CrawlFigures], number: int
) -> None:
    judge(crawl, before, THRESHOLDS)

    assert judge(crawl, [replace(crawl, is_partial=False)] * number, THRESHOLDS) == ()


def test_figures_of_another_version_can_be_read() -> None:
    written = msgspec.json.encode({"districts": {"11680": {"stores": 3, "of_later": 1}}, "of_later": [1]})

    assert msgspec.json.decode(written, type=CrawlFigures) == CrawlFigures(
        districts={"11680": DistrictFigures(stores=3)}
    )
