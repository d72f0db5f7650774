"""What the site shows on one day: the city, its lists and its places, built together and then never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from replica.kakao_places import Places
from replica.listing import Listing
from replica.search import Search

if TYPE_CHECKING:
    from refillspot.regions import Region
    from replica.timeline import Timeline


class Day(NamedTuple):
    timeline: Timeline
    listing: Listing
    places: Places


def build_day(timeline: Timeline, cap: int, city: Region) -> Day:
    """Return what is shown on the timeline's day; of each query `cap` rows can be seen."""
    stores = tuple(timeline.stores.values())
    return Day(timeline, Listing(Search(stores), cap, timeline.today, city, timeline.shapes), Places(stores, city))
