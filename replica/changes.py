"""What happens to a city on one day: a pure function of seed, day and the stores that are there."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec.structs import replace

from replica.board import change_dishes, raise_prices
from replica.city import build_store
from replica.concepts import draw_ordinary, draw_refill
from replica.conversion import rename, start_refill, stop_refill
from replica.hours import open_shorter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from replica.store import Store

    Draw = Callable[[date, Store, Store, Random], Iterator["Change"]]

Kind = Literal[
    "open", "close", "move", "phone", "price", "hours", "menu", "start_refill", "stop_refill", "second_ref", "retire",
    "rename", "vanish", "reopen", "festival",
]  # fmt: skip

# How many of 100 stores it happens to in a year: of 100 ordinary ones `start_refill`, of 100 others `stop_refill`.
# `retire`, the end of an older id, follows from `second_ref`.
YEARLY: dict[Kind, float] = {
    "open": 12, "close": 12, "move": 3, "phone": 5, "price": 60, "hours": 15, "menu": 20, "second_ref": 2,
    "start_refill": 3, "stop_refill": 12,
}  # fmt: skip
# Beside YEARLY where a course has a rate of its own; `reopen` follows from `vanish`.
YEARLY_BESIDE: dict[Kind, float] = {"rename": 6, "vanish": 8}
ELSEWHERE_SHARE = 0.3  # of the moves: to another district
GRACE_DAYS = (0, 14, 60)  # how long a replaced id goes on; 0 = it dies the same day
AWAY_DAYS = (1, 2, 5)  # how long what vanished is not there
FESTIVAL_DAYS = 7
FESTIVAL_SHARE = 0.4  # of the stores whose hours are known


class Course(NamedTuple):
    """How the city changes; without anything, by YEARLY alone."""

    daily: float | None = None
    """Share of the stores that something happens to on a day, of YEARLY and YEARLY_BESIDE in their proportions."""
    festival: date | None = None
    """First day of a week in which many open for shorter hours."""
    poorer: float = 0.0
    """Share of the store pages that say less on a day, see `replica.profile`. The truth stays."""

    @property
    def yearly(self) -> Mapping[Kind, float]:
        if self.daily is None:
            return YEARLY
        kinds = YEARLY | YEARLY_BESIDE
        scale = self.daily * 36_500 / sum(kinds.values())
        return {kind: rate * scale for kind, rate in kinds.items()}


USUAL = Course()


class Change(NamedTuple):
    """One event at the start of a day, KST. No `before` = the id is new; no `after` = it is gone."""

    day: date
    kind: Kind
    before: Store | None
    after: Store | None


def draw_day(
    seed: int, day: date, stores: Mapping[str, Store], course: Course = USUAL, history: Sequence[Change] = ()
) -> list[Change]:
    """Return the changes of a day, of each store one at most; `history` are those of the days before."""
    rng = Random(f"{seed} {day}")  # noqa: S311  # invented data
    changes = [Change(day, "retire", store, None) for store in stores.values() if store.ends == day]
    changes += _end_absences(seed, day, history)
    changes += _begin_festival(seed, day, stores, course)
    changes += _end_festival(day, stores, course, history)
    touched = {change.before.ref for change in changes if change.before and change.kind == "festival"}
    kinds = [
        kind for kind, rate in course.yearly.items() for _ in range(int(len(stores) * rate / 36_500 + rng.random()))
    ]
    there = tuple(ref for ref in stores if ref not in touched)
    for kind, ref in zip(kinds, rng.sample(there, min(len(kinds), len(there))), strict=False):
        if not stores[ref].ends:  # nobody keeps a replaced id up to date
            changes += DRAWS[kind](day, stores[ref], _draw_donor(stores[ref], kind, stores, rng), rng)
    return changes


def apply_changes(changes: Iterable[Change], stores: dict[str, Store]) -> None:
    for change in changes:
        if change.after:
            stores[change.after.ref] = change.after
        elif change.before:
            del stores[change.before.ref]


def _end_absences(seed: int, day: date, history: Iterable[Change]) -> Iterator[Change]:
    """Yield those that are there again, as they were."""
    for change in history:
        if change.kind == "vanish" and change.before:
            rng = Random(f"{seed} {change.day} {change.before.ref}")  # noqa: S311  # invented data
            if change.day + timedelta(days=rng.choice(AWAY_DAYS)) == day:
                yield Change(day, "reopen", None, change.before)


def _begin_festival(seed: int, day: date, stores: Mapping[str, Store], course: Course) -> Iterator[Change]:
    if day != course.festival:
        return
    rng = Random(f"{seed} {day} festival")  # noqa: S311  # invented data
    for store in stores.values():
        if store.week and not store.ends and rng.random() < FESTIVAL_SHARE:
            yield Change(day, "festival", store, replace(store, week=open_shorter(store.week)))


def _end_festival(
    day: date, stores: Mapping[str, Store], course: Course, history: Iterable[Change]
) -> Iterator[Change]:
    """Yield the stores that have their own hours again; those with others by now keep them."""
    if course.festival is None or day != course.festival + timedelta(days=FESTIVAL_DAYS):
        return
    for change in history:
        if change.kind == "festival" and change.before and change.after:
            store = stores.get(change.before.ref)
            if store and store.week == change.after.week != change.before.week:
                yield Change(day, "festival", store, replace(store, week=change.before.week))


def _draw_donor(store: Store, kind: Kind, stores: Mapping[str, Store], rng: Random) -> Store:
    """Return a new store of the same sort; a change takes from it what it changes."""
    district = store.district
    if kind == "move" and rng.random() < ELSEWHERE_SHARE:
        district = stores[rng.choice(tuple(stores))].district
    own_seed = rng.getrandbits(48)
    own = Random(own_seed)  # noqa: S311  # invented data
    donor = build_store(own_seed, district, (draw_refill if store.concept.refill else draw_ordinary)(own), own)
    while donor.ref in stores:
        donor = build_store(own_seed, district, donor.concept, own)
    return donor


def _open(day: date, _store: Store, donor: Store, _rng: Random) -> Iterator[Change]:
    yield Change(day, "open", None, donor)


def _close(day: date, store: Store, _donor: Store, _rng: Random) -> Iterator[Change]:
    yield Change(day, "close", store, None)


def _vanish(day: date, store: Store, _donor: Store, _rng: Random) -> Iterator[Change]:
    yield Change(day, "vanish", store, None)


def _second_ref(day: date, store: Store, donor: Store, rng: Random) -> Iterator[Change]:
    grace = rng.choice(GRACE_DAYS)
    yield Change(day, "second_ref", None, replace(store, ref=donor.ref, same_as=store.ref))
    yield Change(day, "second_ref", store, replace(store, ends=day + timedelta(days=grace)) if grace else None)


def _alter(kind: Kind, altered: Callable[[Store, Store, Random], Store]) -> Draw:
    def draw(day: date, store: Store, donor: Store, rng: Random) -> Iterator[Change]:
        after = altered(store, donor, rng)
        if after != store:  # a board without prices cannot raise any, a store without an offer cannot end it
            yield Change(day, kind, store, after)

    return draw


def _moved(store: Store, donor: Store, _rng: Random) -> Store:
    place = {name: getattr(donor, name) for name in ("district", "dong", "lat", "lon")}
    return replace(store, address_seed=donor.seed, **place)


def _rephoned(store: Store, donor: Store, _rng: Random) -> Store:
    return replace(store, phone=donor.phone)


def _rescheduled(store: Store, donor: Store, _rng: Random) -> Store:
    return replace(store, week=donor.week, open_status=donor.open_status)


def _started(store: Store, _donor: Store, rng: Random) -> Store:
    return replace(store, concept=start_refill(store.concept, rng))


def _stopped(store: Store, _donor: Store, rng: Random) -> Store:
    return replace(store, concept=stop_refill(store.concept, rng))


def _repriced(store: Store, _donor: Store, rng: Random) -> Store:
    return replace(store, concept=raise_prices(store.concept, rng))


def _recooked(store: Store, _donor: Store, rng: Random) -> Store:
    return replace(store, concept=change_dishes(store.concept, rng))


def _renamed(store: Store, _donor: Store, rng: Random) -> Store:
    return replace(store, concept=rename(store.concept, rng))


DRAWS: dict[Kind, Draw] = {
    "open": _open,
    "close": _close,
    "vanish": _vanish,
    "second_ref": _second_ref,
    "move": _alter("move", _moved),
    "phone": _alter("phone", _rephoned),
    "price": _alter("price", _repriced),
    "hours": _alter("hours", _rescheduled),
    "menu": _alter("menu", _recooked),
    "start_refill": _alter("start_refill", _started),
    "stop_refill": _alter("stop_refill", _stopped),
    "rename": _alter("rename", _renamed),
}
