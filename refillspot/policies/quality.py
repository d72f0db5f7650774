"""Whether a crawl is believed: its figures beside those of the accepted crawls before it. Pure.

A figure departs from what is usual where it is off by more than a threshold of the settings, and by more than chance
explains: the spread of the crawls before (median and MAD), and the noise of a count as small as this one. Both are
asked, so that neither a small district nor a very large city is held for nothing. The crawls before are the newest
ones, so that what changes slowly moves what is usual.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from refillspot.items import Store

CRAWLS = 8  # accepted ones, of which the newest are what is usual: a week, and a day more
CHANCE = 5.0  # standard deviations; a city is some 300 figures a day, of which none may depart by chance in a year
MAD_TO_DEVIATION = 1.4826  # of a normal distribution
FEWEST = 20  # pages, answers or stores, of which a share says something
SURE = 0.95  # a share that was never missed, or never met, may be so rarely
SMALL = "small"
"""In place of a district's code: all that are too small to be judged each by itself."""
WHOLE = ""
"""In place of a district's code: the crawl as a whole."""

FIELDS: dict[str, Callable[[Store], bool]] = {
    "address": lambda store: bool(store.addr or store.road_addr),
    "point": lambda store: store.lat is not None,
    "dong": lambda store: store.dong is not None,
    "phone": lambda store: store.phone is not None,
    "categories": lambda store: bool(store.categories),
    "hours": lambda store: store.hours is not None,
    "menu": lambda store: bool(store.menu),
    "price": lambda store: any(line.price_krw for line in store.menu or ()),
    "offer": lambda store: store.refill_price_krw is not None,
    "score": lambda store: store.score is not None,
}
"""What a page is expected to say of a store, and whether it does."""


class DistrictFigures(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a crawl came to in one district."""

    stores: int = 0
    """Stores that it saw."""
    refill: int = 0
    """Of them, those that are all-you-can-eat, or likely to be."""
    pages: int = 0
    """Store pages of the API that it read. What the table knows is no witness of them: it forgets nothing."""
    having: dict[str, int] = {}
    """{field of `FIELDS`: of these pages, those that say it}."""
    pages_for_people: int = 0
    """Store pages that were read in place of the API's: they say less."""
    compared: int = 0
    """Of the stores, those that were known before."""
    prices_compared: int = 0
    """Of them, those whose price is known now, and was before."""
    prices_moved: int = 0
    """Of these, those with another price."""
    hours_compared: int = 0
    hours_moved: int = 0
    menus_compared: int = 0
    menus_halved: int = 0
    """Menus with at most half of the lines that they had."""


class CrawlFigures(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a crawl came to. Kept as JSON: a version that knows more or fewer figures reads it all the same."""

    districts: dict[str, DistrictFigures] = {}
    """{code: figures}: each that was asked for, also those without a store."""
    answers: int = 0
    """Of the site, good and bad."""
    errors: dict[str, int] = {}
    """{kind: answers that were no good, or never came}."""
    odd: dict[str, int] = {}
    """{part: answers in which it was not as it is known}."""
    is_partial: bool = False
    """It asked for a part only, such as with a limit or keywords of its own: how many it saw says nothing."""
    is_accepted_by_hand: bool = False
    """Somebody has looked, and takes it for what is usual from then on."""


class Part(NamedTuple):
    """A count, of so many; of None where there is nothing that it is a part of."""

    number: int
    of: int | None = None

    @property
    def value(self) -> float:
        return self.number if self.of is None else self.number / max(self.of, 1)

    @property
    def is_telling(self) -> bool:
        return self.of is None or self.of >= FEWEST


@dataclass(slots=True, frozen=True)
class Monitor:
    """What is looked at, on which side it departs, and by how much it may, as a setting."""

    name: str
    read: Callable[[CrawlFigures, DistrictFigures], Mapping[str, Part]]
    """The figures of a place, by field or part; "" where there is one only."""
    departs: Literal["below", "above"]
    setting: str
    """Below: by which share of what is usual. Above: by how much more, as a share."""
    by_district: bool = True
    of_counts: bool = False
    """It says how many there are, which a crawl of a part cannot say."""
    least: Mapping[str, float] | float | None = None
    """What no site can fall below, also in a first crawl; by field."""


class Departure(NamedTuple):
    """A figure that is not as it usually is."""

    monitor: str
    part: str
    """The field, or the part of an answer; "" where the monitor has one figure only."""
    district: str
    """A code, `SMALL`, or `WHOLE`."""
    now: Part
    usual: float | None
    """None: no crawl before; it cannot be so at any site."""
    crawls: int
    """So many before are what is usual."""


MONITORS = (
    Monitor("stores", lambda _, d: {"": Part(d.refill)}, "below", "GATE_STORES_LOST", of_counts=True),
    Monitor(
        "stores of all districts", lambda _, d: {"": Part(d.refill)}, "below", "GATE_CITY_LOST",
        by_district=False, of_counts=True,
    ),
    Monitor("refill", lambda _, d: {"": Part(d.refill, d.stores)}, "below", "GATE_REFILL_LOST"),
    Monitor(
        "fields", lambda _, d: {name: Part(d.having.get(name, 0), d.pages) for name in FIELDS}, "below",
        "GATE_FIELD_LOST", least={"address": 0.3, "point": 0.3, "categories": 0.3, "menu": 0.1, "hours": 0.05},
    ),
    Monitor(
        "pages for people", lambda _, d: {"": Part(d.pages_for_people, d.pages + d.pages_for_people)}, "above",
        "GATE_PAGES_FOR_PEOPLE", by_district=False,
    ),
    Monitor("prices", lambda _, d: {"": Part(d.prices_moved, d.prices_compared)}, "above", "GATE_MOVED"),
    Monitor("hours moved", lambda _, d: {"": Part(d.hours_moved, d.hours_compared)}, "above", "GATE_MOVED"),
    Monitor("menus", lambda _, d: {"": Part(d.menus_halved, d.menus_compared)}, "above", "GATE_MENUS_HALVED"),
    Monitor(
        "errors", lambda c, _: {kind: Part(n, c.answers) for kind, n in c.errors.items()}, "above", "GATE_ERRORS",
        by_district=False,
    ),
    Monitor(
        "odd", lambda c, _: {part: Part(n, c.answers) for part, n in c.odd.items()}, "above", "GATE_ODD",
        by_district=False,
    ),
)  # fmt: skip
"""What is looked at."""
THRESHOLDS = {
    "GATE_STORES_LOST": 0.3,
    "GATE_CITY_LOST": 0.15,
    "GATE_REFILL_LOST": 0.25,
    "GATE_FIELD_LOST": 0.25,
    "GATE_PAGES_FOR_PEOPLE": 0.5,
    "GATE_MOVED": 0.5,
    "GATE_MENUS_HALVED": 0.3,
    "GATE_ERRORS": 0.3,
    "GATE_ODD": 0.3,
}


def judge(
    figures: CrawlFigures,
    before: Sequence[CrawlFigures],
    thresholds: Mapping[str, float],
    monitors: Sequence[Monitor] = MONITORS,
) -> tuple[Departure, ...]:
    """Return what departs from what is usual; nothing where a crawl can be believed.

    `before`: the crawls that were accepted, the newest first, whatever districts they were of.
    """
    usual = usual_crawls(before)
    return tuple(
        departure
        for monitor in monitors
        if not (monitor.of_counts and figures.is_partial)
        for departure in _departures(monitor, figures, usual, thresholds[monitor.setting])
    )


def usual_crawls(before: Sequence[CrawlFigures]) -> list[CrawlFigures]:
    """Return those that say what is usual: none of a part, the newest, and none from before somebody has looked."""
    usual: list[CrawlFigures] = []
    for crawl in before:
        if not crawl.is_partial:
            usual.append(crawl)
        if crawl.is_accepted_by_hand or len(usual) == CRAWLS:
            break
    return usual


def total(districts: Sequence[DistrictFigures]) -> DistrictFigures:
    """Return the figures of several districts as one."""
    names = [name for name in DistrictFigures.__struct_fields__ if name != "having"]
    having = sum((Counter(district.having) for district in districts), Counter[str]())
    return DistrictFigures(having=dict(having), **{n: sum(getattr(d, n) for d in districts) for n in names})


def _departures(
    monitor: Monitor, figures: CrawlFigures, usual: Sequence[CrawlFigures], threshold: float
) -> Iterator[Departure]:
    for place, codes in _places(monitor, figures).items():
        now = monitor.read(figures, total([figures.districts[code] for code in codes]))
        then = [
            monitor.read(crawl, total([crawl.districts[code] for code in codes]))
            for crawl in usual
            if crawl.districts.keys() >= set(codes)
        ]
        for part, value in now.items():
            known = [read.get(part, Part(0, value.of)) for read in then]
            departure = _departure(monitor, value, [one for one in known if one.is_telling], threshold, part)
            if departure:
                yield Departure(monitor.name, part, place, value, *departure)


def _places(monitor: Monitor, figures: CrawlFigures) -> dict[str, list[str]]:
    """Return the districts that are judged together, by what they are called."""
    places = {WHOLE: list(figures.districts)}
    if not monitor.by_district or len(figures.districts) < 2:
        return places
    return places | {code: [code] for code in figures.districts}


def _departure(
    monitor: Monitor, now: Part, then: Sequence[Part], threshold: float, part: str
) -> tuple[float | None, int] | None:
    if not now.is_telling:
        return None
    if not then:
        least = monitor.least.get(part) if isinstance(monitor.least, Mapping) else monitor.least
        return (None, 0) if least is not None and now.value < least else None
    usual = median(one.value for one in then)
    chance = CHANCE * _deviation(now, then, usual)
    if monitor.departs == "below":
        is_off = usual - now.value > max(threshold * usual, chance)
    else:
        is_off = now.value - usual > max(threshold, chance)
    return (usual, len(then)) if is_off else None


def _deviation(now: Part, then: Sequence[Part], usual: float) -> float:
    """Return by how much a value may differ by chance, as a standard deviation."""
    spread = MAD_TO_DEVIATION * median(abs(one.value - usual) for one in then)
    if now.of is None:
        return max(spread, sqrt(usual) / 2)  # most stores of yesterday are there today: less than a new draw
    share = min(max(usual, 1 - SURE), SURE)
    return sqrt(spread**2 + share * (1 - share) * (1 / now.of + 1 / sum(one.of or 0 for one in then)))
