"""Whether a crawl is believed: its figures beside those of the accepted crawls before it. Pure.

A figure departs from what is usual where it is off by more than a threshold of the settings, and by more than chance
explains: the spread of the crawls before (median and MAD), and the noise of a count as small as this one. Both are
asked, so that neither a small district nor a very large city is held for nothing. The crawls before are the newest
ones, so that what changes slowly moves what is usual.
"""

from __future__ import annotations

from math import sqrt
from statistics import median
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from refillspot.items import Store

CRAWLS = 8  # accepted ones, of which the newest are what is usual: a week, and a day more
CHANCE = 5.0  # standard deviations; a city is some 300 figures a day, of which none may depart by chance in a year
MAD_TO_DEVIATION = 1.4826  # of a normal distribution
FEWEST = 20  # pages, answers or stores, of which a share says something
SURE = 0.95  # a share that was never missed, or never met, may be so rarely
NONE_OF = 5  # stores, or districts: in so many, nothing at all is no chance
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


COUNTS = tuple(name for name in DistrictFigures.__struct_fields__ if name != "having")


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


class Monitor(NamedTuple):
    """What is looked at, on which side it departs, and by how much it may, as a setting."""

    name: str
    read: Callable[[CrawlFigures, DistrictFigures], Mapping[str, Part]]
    """The figures of a place, by field or part; "" where there is one only."""
    departs: Literal["below", "above"]
    setting: str
    """Below: by which share of what is usual. Above: by how much more, as a share."""
    whole_setting: str = ""
    """The same for the crawl as a whole, where that may depart by less."""
    by_district: bool = True
    least: Mapping[str, float] = MappingProxyType({})
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

    def as_json(self) -> dict[str, Any]:
        """Return it as `refillspot.crawls` keeps it."""
        return {**self._asdict(), "now": self.now._asdict()}


MONITORS = (
    Monitor(
        "stores", lambda _, d: {"": Part(d.refill)}, "below", "GATE_STORES_LOST", whole_setting="GATE_CITY_LOST",
        least={"": 1},
    ),
    Monitor("refill", lambda _, d: {"": Part(d.refill, d.stores)}, "below", "GATE_FIELD_LOST", least={"": 0.01}),
    Monitor(
        "fields", lambda _, d: {name: Part(d.having.get(name, 0), d.pages) for name in FIELDS}, "below",
        "GATE_FIELD_LOST", least={"address": 0.3, "point": 0.3, "categories": 0.3, "menu": 0.1, "hours": 0.05},
    ),
    Monitor(
        "pages for people", lambda _, d: {"": Part(d.pages_for_people, d.pages + d.pages_for_people)}, "above",
        "GATE_PAGES_FOR_PEOPLE", by_district=False,
    ),
    Monitor("prices moved", lambda _, d: {"": Part(d.prices_moved, d.prices_compared)}, "above", "GATE_MOVED"),
    Monitor("hours moved", lambda _, d: {"": Part(d.hours_moved, d.hours_compared)}, "above", "GATE_MOVED"),
    Monitor("menus halved", lambda _, d: {"": Part(d.menus_halved, d.menus_compared)}, "above", "GATE_MENUS_HALVED"),
    Monitor(
        "errors", lambda c, _: {kind: Part(n, c.answers) for kind, n in c.errors.items()}, "above", "GATE_ERRORS",
        by_district=False,
    ),
    Monitor(
        "odd parts", lambda c, _: {part: Part(n, c.answers) for part, n in c.odd.items()}, "above", "GATE_ODD",
        by_district=False,
    ),
)  # fmt: skip
"""What is looked at, the most telling first."""
THRESHOLDS = {
    "GATE_STORES_LOST": 0.3,
    "GATE_CITY_LOST": 0.15,
    "GATE_FIELD_LOST": 0.25,
    "GATE_PAGES_FOR_PEOPLE": 0.5,
    "GATE_MOVED": 0.6,
    "GATE_MENUS_HALVED": 0.3,
    "GATE_ERRORS": 0.3,
    "GATE_ODD": 0.3,
}
"""What each setting is where nobody sets it."""


def judge(
    figures: CrawlFigures,
    before: Sequence[CrawlFigures],
    thresholds: Mapping[str, float],
    monitors: Sequence[Monitor] = MONITORS,
) -> tuple[Departure, ...]:
    """Return what departs from what is usual; nothing where a crawl can be believed.

    `before`: the crawls that were accepted, the newest first, whatever districts they were of. What departs in the
    crawl as a whole is not told again for its districts.
    """
    areas = list(_areas(figures, usual_crawls(before)))
    found: list[Departure] = []
    for monitor in monitors:
        for area in areas if monitor.by_district else areas[:1]:
            whole = {one.part for one in found if one.monitor == monitor.name and one.district == WHOLE}
            found += [one for one in _departures(monitor, area, thresholds) if one.part not in whole]
    return tuple(found)


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
    having: dict[str, int] = {}
    for district in districts:
        for name, pages in district.having.items():
            having[name] = having.get(name, 0) + pages
    return DistrictFigures(having=having, **{name: sum(getattr(one, name) for one in districts) for name in COUNTS})


class _Area(NamedTuple):
    """Districts that are judged together: each crawl that was in all of them, and what it came to there."""

    name: str
    districts: int
    now: tuple[CrawlFigures, DistrictFigures]
    before: list[tuple[CrawlFigures, DistrictFigures]]

    def read(self, monitor: Monitor) -> Iterator[tuple[str, Part, list[Part]]]:
        """Yield each part with what it is now and what it was, where that says something."""
        before = [monitor.read(*one) for one in self.before]
        for part, now in monitor.read(*self.now).items():
            if now.is_telling and not (now.of is None and self.now[0].is_partial):
                yield part, now, [one for read in before if (one := read.get(part, Part(0, now.of))).is_telling]


def _areas(figures: CrawlFigures, usual: Sequence[CrawlFigures]) -> Iterator[_Area]:
    """Yield the crawl as a whole, the small districts together, and each district.

    Of the whole, the districts that were known before count, if there are any.
    """
    ever = {code for crawl in usual for code in crawl.districts}
    whole = [code for code in figures.districts if code in ever] or list(figures.districts)
    small = [code for code in whole if _stores(code, figures, usual) < FEWEST]
    places = {WHOLE: whole}
    if len(whole) > 1:
        places |= {SMALL: small} if len(small) < len(whole) else {}
        places |= {code: [code] for code in whole}
    for name, codes in places.items():
        crawls = [crawl for crawl in (figures, *usual) if crawl.districts.keys() >= set(codes)]
        now, *before = ((one, total([one.districts[code] for code in codes])) for one in crawls)
        yield _Area(name, len(codes), now, before)


def _stores(code: str, figures: CrawlFigures, usual: Sequence[CrawlFigures]) -> float:
    """Return how many stores a district usually has."""
    return median(
        [crawl.districts[code].stores for crawl in usual if code in crawl.districts] or [figures.districts[code].stores]
    )


def _departures(monitor: Monitor, area: _Area, thresholds: Mapping[str, float]) -> Iterator[Departure]:
    setting = (monitor.whole_setting if area.name == WHOLE else "") or monitor.setting
    for part, now, known in area.read(monitor):
        if known and _is_unusual(monitor, now, known, thresholds[setting]):
            yield Departure(monitor.name, part, area.name, now, median(one.value for one in known), len(known))
        elif not known and _is_impossible(monitor, part, now, area):
            yield Departure(monitor.name, part, area.name, now, None, 0)


def _is_impossible(monitor: Monitor, part: str, now: Part, area: _Area) -> bool:
    """Tell what no site can have. Nothing at all is nothing in several districts: one may have none."""
    is_some = now.of is not None or area.districts >= NONE_OF
    return area.name == WHOLE and is_some and now.value < monitor.least.get(part, 0)


def _is_unusual(monitor: Monitor, now: Part, then: Sequence[Part], threshold: float) -> bool:
    usual = median(one.value for one in then)
    chance = CHANCE * _deviation(now, then, usual)
    if monitor.departs == "above":
        return now.value - usual > max(threshold, chance)
    if now.of is None and now.number == 0:
        return usual >= NONE_OF
    return usual - now.value > max(threshold * usual, chance)


def _deviation(now: Part, then: Sequence[Part], usual: float) -> float:
    """Return by how much a value may differ by chance, as a standard deviation."""
    spread = MAD_TO_DEVIATION * median(abs(one.value - usual) for one in then)
    if now.of is None:
        return max(spread, sqrt(usual) / 2)  # most stores of yesterday are there today: less than a new draw
    number, of = sum(one.number for one in (now, *then)), sum(one.of or 0 for one in then)
    share = min(max(number / (now.of + of), 1 - SURE), SURE)  # of all together: where few were seen, none is sure
    return sqrt(spread**2 + share * (1 - share) * (1 / now.of + 1 / of))
