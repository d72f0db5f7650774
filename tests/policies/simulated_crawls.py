"""Crawls of an invented city, as counts: what a healthy site comes to from day to day."""

from __future__ import annotations

import math
from collections import deque
from random import Random
from typing import TYPE_CHECKING

from refillspot.policies.quality import CrawlFigures, DistrictFigures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FULLNESS = (1.9, 1.6, 1.5, 1.4, 1.3, 1.3, 1.2, 1.2, 1.1, 1.1, 1.0, 1.0, 1.0, 1.0, 0.9, 0.9, 0.8, 0.8, 0.7, 0.7)
"""Of districts: the stores of each, of so many on average."""
CITIES = {
    "a rich Seoul": [round(60 * share) for share in (*FULLNESS, *[0.6] * 5)],
    "Seoul as somebody once found it": [round(14.5 * share) for share in (*FULLNESS, *[0.6] * 5)],
    "Busan": [round(12 * share) for share in FULLNESS[4:]],
    "five counties": [2, 3, 3, 5, 6],
    "one district": [55],
    "one small district": [6],
}
"""{city: all-you-can-eat stores by district}."""
SAYS = {
    "address": 0.995, "point": 0.99, "dong": 0.97, "phone": 0.95, "categories": 0.99, "hours": 0.89, "menu": 0.85,
    "price": 0.8, "offer": 0.55, "score": 0.98,
}  # fmt: skip
DAILY = {"prices": 0.002, "hours": 0.004, "menus": 0.002}
"""Shares of the stores that change on a day."""
SEEN = 0.97
CLOSES = 0.0004


class City:
    """Each crawl of it is one day or some after the one before."""

    def __init__(self, seed: int, sizes: Sequence[int]) -> None:
        self._rng = Random(seed)  # noqa: S311  # the same crawls each time
        self.sizes = {str(11110 + number): float(size) for number, size in enumerate(sizes)}

    def crawls(self, number: int, *, daily_decline: float = 0.0) -> Iterator[CrawlFigures]:
        for _ in range(number):
            days = 1
            while self._rng.random() < 0.1:
                days += 1 if self._rng.random() < 0.8 else 20
            yield self._crawl(days, daily_decline)

    def _crawl(self, days: int, decline: float) -> CrawlFigures:
        share_read, others = self._rng.uniform(0.15, 1.0), 0.3 * self._near(1.0, 0.2)
        by_people = self._rng.uniform(0.0, 0.1) if self._rng.random() < 0.05 else 0.0
        districts = {}
        for code, size in self.sizes.items():
            self.sizes[code] = size * (1 - decline) ** days * self._near(1.0, math.sqrt(days * CLOSES / max(size, 1)))
            refill = self._draw(round(self.sizes[code]), self._share(SEEN))
            stores = refill + self._draw(round(size), min(others, 1.0))
            districts[code] = self._district(refill, stores, self._draw(stores, share_read), by_people, days)
        answers = 3 * sum(one.stores for one in districts.values()) + 40 * len(districts)
        trouble = 0.06 if self._rng.random() < 0.05 else 0.004
        return CrawlFigures(
            districts=districts,
            answers=answers,
            errors={"HTTP 503": self._draw(answers, trouble), "HTTP 429": self._draw(answers, trouble / 4)},
            odd={"detail.bhour": self._draw(answers, self._share(0.02)), "menu": self._draw(answers, 0.001)},
        )

    def _district(self, refill: int, stores: int, read: int, by_people: float, days: int) -> DistrictFigures:
        pages_for_people = self._draw(read, by_people)
        pages, compared = read - pages_for_people, self._draw(stores, 0.995)
        priced, with_hours, with_menu = (self._draw(compared, SAYS[name]) for name in ("offer", "hours", "menu"))
        return DistrictFigures(
            stores=stores,
            refill=refill,
            pages=pages,
            having={name: self._draw(pages, self._share(share)) for name, share in SAYS.items()},
            pages_for_people=pages_for_people,
            compared=compared,
            prices_compared=priced,
            prices_moved=self._draw(priced, DAILY["prices"] * days),
            hours_compared=with_hours,
            hours_moved=self._draw(with_hours, DAILY["hours"] * days),
            menus_compared=with_menu,
            menus_halved=self._draw(with_menu, DAILY["menus"] * days),
        )

    def _share(self, share: float) -> float:
        """Return a share that differs a little from place to place and from day to day."""
        odds = math.log(share / (1 - share)) + self._rng.gauss(0.0, 0.2)
        return 1 / (1 + math.exp(-odds))

    def _near(self, value: float, deviation: float) -> float:
        return max(0.0, value + self._rng.gauss(0.0, deviation))

    def _draw(self, number: int, share: float) -> int:
        """Return how many of so many, each with this probability."""
        if (variance := number * share * (1 - share)) > 9:  # then it is normal enough
            return min(number, max(0, round(self._rng.gauss(number * share, math.sqrt(variance)))))
        return sum(self._rng.random() < share for _ in range(number))


def weeks_of(city: str, seed: int = 1, crawls: int = 9) -> list[CrawlFigures]:
    """Return crawls of a city, the newest first, as `judge` is given those before."""
    newest_first: deque[CrawlFigures] = deque()
    newest_first.extendleft(City(seed, CITIES[city]).crawls(crawls))
    return list(newest_first)
