"""Entries of the list: a row of `refillspot.v_stores`, with whether the store is open now. And why there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from refillspot.items import OpeningHours
from refillspot.language import gettext as _
from refillspot.parsing.hours.open_now import OpenNow, open_now
from refillspot.postgres.corrections import only_one
from refillspot.postgres.outward import ALL, COLUMNS, DISTANCE, StoreFilter
from refillspot.untrusted import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from refillspot.postgres.outward import StoreSnapshot


@dataclass(slots=True, frozen=True)
class Listed:
    row: dict[str, Any]
    """By the names of the view's columns; with `distance_m` where it was asked for what is near."""
    hours: OpeningHours | None
    open_now: OpenNow

    @classmethod
    def of(cls, row: dict[str, Any], now: datetime) -> Listed:
        try:
            hours = msgspec.convert(row["hours"], OpeningHours | None, strict=False)  # keys of JSON are text
            return cls(row, hours, open_now(hours, now))
        except UNREADABLE:  # changed by hand: `hours_text` is shown instead
            return cls(row, None, open_now(None, now))

    @property
    def is_sure(self) -> bool:
        return bool(self.row["refill_verdict"] == "confirmed")

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = msgspec.to_builtins(self.row)
        return told | {"open_now": self.open_now.as_json()}


def list_entries(stores: StoreSnapshot, wanted: StoreFilter, now: datetime, *, only_open: bool) -> Iterator[Listed]:
    """Yield the stores that are asked for, in order; memory does not grow with their number."""
    columns = (*COLUMNS, DISTANCE) if wanted.near else COLUMNS
    if not only_open:
        return (Listed.of(row, now) for row in stores.rows(wanted, columns))
    entries = (Listed.of(row, now) for row in stores.rows(replace(wanted, limit=None), columns))
    return islice((entry for entry in entries if entry.open_now.state == "open"), wanted.limit)


def why_none(stores: StoreSnapshot, wanted: StoreFilter, *, only_open: bool) -> str:
    """Say why nothing is there that is like that, and what to do."""
    place = replace(ALL, site=wanted.site, region=wanted.region, districts=wanted.districts)
    if there := sum(stores.counts(place).values()):
        asked = {
            "--cuisine": wanted.cuisine, "--max-price": wanted.max_price, "--verdict": wanted.verdict,
            "--near": wanted.near, "--query": wanted.text, "--open-now": only_open,
        }  # fmt: skip
        options = " ".join(name for name, value in asked.items() if value)
        return _("No store fits {options}, of {count} that are known there: leave out an option.").format(
            options=options, count=f"{there:,}"
        )
    if unbelieved := stores.unbelieved():
        told = _(
            "No store is shown yet: {count} were found by a crawl that has not ended (scrapy crawls list), or is held "
            "(scrapy gate show)."
        )
        return told.format(count=f"{unbelieved:,}")
    if not sum(stores.counts().values()):
        return _("There is no store yet: scrapy crawl diningcode -a district=강남구")
    names = ",".join(district.name for district in wanted.districts) or "all"
    region = f" -a region={wanted.region.short}" if wanted.region else ""
    told = _("There is no store of this place yet: scrapy crawl diningcode -a district={district}{region}")
    return told.format(district=names, region=region)


def find_entry(stores: StoreSnapshot, ref: str, site: str | None, now: datetime) -> Listed:
    """Return the store with this id, though the list does not show it.

    Raises:
        ArgumentError: there is none, or several sites have one.
    """
    found = stores.known(ref, site)
    return Listed.of(only_one(found, ref, () if found else stores.refs_like(ref)), now)
