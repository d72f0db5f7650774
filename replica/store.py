"""One invented restaurant: what is true of it, before the site's oddities."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import date

    from refillspot.regions import District, Dong
    from replica.hours import Week

Verdict = Literal["confirmed", "likely", "unlikely"]
Audience = Literal["adult", "teen", "child", "senior"]
Meal = Literal["lunch", "dinner"]
Day = Literal["weekday", "weekend", "holiday"]


class Rate(NamedTuple):
    """What one person pays for the offer, in won; None = the board does not say."""

    krw: int
    audience: Audience | None = None
    meal: Meal | None = None
    day: Day | None = None

    @property
    def adult(self) -> bool:
        return self.audience in {None, "adult"}


class MenuLine(Struct, frozen=True, gc=False):
    """A line of the menu board; `price` is its text, "15,900원" or "시가"."""

    name: str
    price: str
    description: str = ""
    best: bool = False
    rates: tuple[Rate, ...] = ()
    """What a line of the offer means; other lines have none."""


class Concept(Struct, frozen=True, gc=False):
    """What a store is and says of itself. `verdict` is what its words allow to conclude, `refill` what is true."""

    name: str
    categories: tuple[str, ...]
    menu: tuple[MenuLine, ...]
    tags: tuple[str, ...]
    branch: str | None = None
    refill: bool = False
    verdict: Verdict = "unlikely"
    refill_price_krw: int | None = None
    building: str = ""

    @property
    def rates(self) -> tuple[Rate, ...]:
        return tuple(rate for line in self.menu for rate in line.rates)


class Standing(Struct, frozen=True, gc=False):
    """How the visitors rate it; a store without reviews has user score 0."""

    score: int
    user_score: float
    review_count: int


class Store(Struct, frozen=True, dict=True):
    ref: str
    """The site's id (`v_rid`): 12 letters and digits."""
    seed: int
    """Seeds whatever a page draws for this store alone, such as its photos."""
    concept: Concept
    district: District
    dong: Dong
    lat: float
    lon: float
    phone: str | None
    standing: Standing
    open_status: str
    week: Week | None
    """None = the site knows no hours."""
    address_seed: int | None = None
    """Draws the address of a store that moved; None = it is still where `seed` put it."""
    same_as: str | None = None
    """The older id of the same restaurant."""
    ends: date | None = None
    """When this id, replaced by a newer one, stops answering."""

    @cached_property
    def key(self) -> bytes:
        """The ref, as chance reads it."""
        return self.ref.encode()

    @cached_property
    def text(self) -> str:
        """What a search looks at: name, branch, categories, menu and tags, each on a line, without white space."""
        says = self.concept
        parts = (says.name, says.branch or "", *says.categories, *(line.name for line in says.menu), *says.tags)
        return "\n".join("".join(part.split()) for part in parts)
