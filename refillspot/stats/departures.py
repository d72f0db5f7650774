"""What is said of the figures for which a crawl is held: one sentence each. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from refillspot.language import gettext, ngettext
from refillspot.language import lazy_gettext as _
from refillspot.policies.quality import SMALL, WHOLE, Departure
from refillspot.regions import find_district
from refillspot.untrusted import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIELDS = {
    "address": _("addresses"),
    "point": _("coordinates"),
    "dong": _("dongs"),
    "phone": _("phone numbers"),
    "categories": _("categories"),
    "hours": _("opening hours"),
    "menu": _("menus"),
    "price": _("prices"),
    "offer": _("prices of the offer"),
    "score": _("scores"),
}
"""What pages say, by the fields of `policies.quality`."""
FIGURES = {
    "stores": _("all-you-can-eat stores"),
    "refill": _("all-you-can-eat stores among all"),
    "pages for people": _("pages for people in place of the API's"),
    "prices moved": _("prices that have changed"),
    "hours moved": _("opening hours that have changed"),
    "menus halved": _("menus that have lost half of their lines"),
    "errors": _("errors, {part}"),
    "odd parts": _("answers with an odd {part}"),
}
"""The other monitors of `policies.quality`."""


def departures_told(told: object) -> list[dict[str, Any]]:
    """Return what a worker has put into its stats, as `write_departure` takes it; nothing where it is none."""
    try:
        found = msgspec.convert(told, list[Departure])
    except UNREADABLE:  # of another version, or of nobody
        return []
    return [one.as_json() for one in found]


def write_departure(departure: Mapping[str, Any]) -> str:
    """Return "opening hours in 강남구: 12 % of 149 (usually 89 %)"; `departure` as `refillspot.crawls` has it."""
    now, usual = departure["now"], departure["usual"]
    told = gettext("{what}: {now} (usually {usual})") if usual is not None else gettext("{what}: {now}")
    return told.format(
        what=_write_what(departure["monitor"], departure["part"], departure["district"]),
        now=_write_now(now["number"], now["of"]),
        usual=_write_value(usual, is_share=now["of"] is not None),
    )


def write_departures(departures: Sequence[Mapping[str, Any]], count: int) -> str:
    """Return the first of them, and how many there are besides; only how many where they are not at hand."""
    if not departures:
        told = ngettext("{count} figure is not as usual", "{count} figures are not as usual", count)
        return told.format(count=count)
    first, more = write_departure(departures[0]), len(departures) - 1
    if not more:
        return first
    told = ngettext("{first}, and {count} figure more", "{first}, and {count} figures more", more)
    return told.format(first=first, count=more)


def _write_what(monitor: str, part: str, district: str) -> str:
    if monitor == "fields":
        what = FIELDS[part]() if part in FIELDS else part
    else:
        what = (FIGURES[monitor]() if monitor in FIGURES else f"{monitor} {part}".strip()).format(part=part)
    if district == WHOLE:
        return what
    known = find_district(district)
    place = gettext("the small districts") if district == SMALL else known.name if known else district
    return gettext("{what} in {place}").format(what=what, place=place)


def _write_now(number: int, of: int | None) -> str:
    if of is None:
        return str(number)
    share = _write_value(number / max(of, 1), is_share=True)
    return gettext("{share} of {count}").format(share=share, count=of)


def _write_value(value: float | None, *, is_share: bool) -> str:
    if value is None:
        return ""
    return f"{100 * value:.0f} %" if is_share else f"{value:.0f}"
