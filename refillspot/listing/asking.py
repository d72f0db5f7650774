"""Which stores are asked for: options become a filter, or are refused with a sentence; a crawl names its own."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from shlex import quote
from typing import TYPE_CHECKING, Any, cast, get_args
from unicodedata import normalize

from refillspot.clock import KST
from refillspot.exceptions import ArgumentError
from refillspot.language import did_you_mean
from refillspot.language import gettext as _
from refillspot.parsing.category import WORDS
from refillspot.parsing.price import parse_price_krw
from refillspot.postgres.changes import FIELDS, MENU, ChangeFilter
from refillspot.postgres.outward import Circle, Sort, StoreFilter
from refillspot.regions import ALL, KOREA, SEOUL, parse_districts, parse_region
from refillspot.sites import DEFAULT, find_site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refillspot.exit_status import ExitStatus
    from refillspot.items import Verdict

AGO = re.compile(r"(\d{1,4}) ?([hdw])")
UNITS = {"h": "hours", "d": "days", "w": "weeks"}
USUAL_RADIUS_KM = "2"
CHOOSING = ("site", "region", "district", "cuisine", "max_price", "verdict", "near", "radius", "query")
"""Options that choose among the stores."""


def read_filter(options: Mapping[str, Any]) -> StoreFilter:
    """Return the filter that options mean; None = not given.

    Raises:
        ArgumentError: one of them has a value that it cannot have.
    """
    given = {name: value for name in (*CHOOSING, "sort", "limit") if (value := options.get(name)) is not None}
    region = parse_region(given["region"]) if "region" in given else None
    near = _read_circle(given)
    return StoreFilter(
        site=find_site(given["site"]).name if "site" in given else None,
        region=region,
        districts=parse_districts(given["district"], region or SEOUL) if "district" in given else (),
        cuisine=_read_cuisine(given["cuisine"]) if "cuisine" in given else None,
        max_price=_read_won(given["max_price"]) if "max_price" in given else None,
        verdict=_read_verdict(given["verdict"]) if "verdict" in given else None,
        near=near,
        text=_read_text(given["query"]) if "query" in given else None,
        sort=_read_sort(given.get("sort"), near),
        limit=_read_limit(given["limit"]) if "limit" in given else None,
    )


def read_change_filter(options: Mapping[str, Any], now: datetime) -> ChangeFilter:
    """Return which changes options mean: `since`, and of the others those that are not None.

    Raises:
        ArgumentError: one of them has a value that it cannot have.
    """
    site, region, district, field = (options[name] for name in ("site", "region", "district", "field"))
    city = parse_region(region) if region else None
    return ChangeFilter(
        since=_read_since(options["since"], now),
        site=find_site(site).name if site else None,
        region=city,
        districts=parse_districts(district, city or SEOUL) if district else (),
        field=_read_field(field) if field else None,
    )


def see_them(status: ExitStatus, spider: str, arguments: Mapping[str, str]) -> str:
    """Return " See them: scrapy stores …", to stand behind the sentence with which a crawl ended; else nothing.

    `arguments` are those that the crawl was given.
    """
    if not status.refill_stores:
        return ""
    options = [f"--site {spider}"] if spider != DEFAULT else []
    places = {name: text for name in ("region", "district") if (text := arguments.get(name)) and text != ALL}
    options += [f"--{name} {text if text.replace(',', '').isalnum() else quote(text)}" for name, text in places.items()]
    return _(" See them: {command}").format(command=" ".join(["scrapy stores", *options]))


def _read_cuisine(text: str) -> str:
    name = normalize("NFC", text).strip()
    if name in WORDS:
        return name
    told = _("--cuisine is one of these: {names}.").format(names=" ".join(WORDS))
    raise ArgumentError(told + did_you_mean(name, WORDS))


def _read_won(text: str) -> int:
    if won := parse_price_krw(text):
        return won
    raise ArgumentError(_("--max-price is an amount in won, such as 20000"))


def _read_verdict(text: str) -> Verdict:
    if text in {"confirmed", "likely"}:
        return cast("Verdict", text)
    raise ArgumentError(_("--verdict is confirmed or likely: what is unlikely to be all-you-can-eat is never listed"))


def _read_circle(given: Mapping[str, str]) -> Circle | None:
    if "near" not in given:
        if "radius" in given:
            raise ArgumentError(_("--radius goes with --near LAT,LON"))
        return None
    try:
        lat, lon = map(float, given["near"].split(","))
        metres = 1000 * float(given.get("radius", USUAL_RADIUS_KM))
    except ValueError:
        lat = lon = metres = math.nan
    if KOREA.contains(lon, lat):
        raise ArgumentError(_("--near has the latitude first: {lat:g},{lon:g}").format(lat=lon, lon=lat))
    if not (KOREA.contains(lat, lon) and 0 < metres < math.inf):
        told = _("--near is a point in Korea, such as 37.4979,127.0276, and --radius a distance in km, such as 0.5")
        raise ArgumentError(told)
    return Circle(lat, lon, metres)


def _read_text(text: str) -> str:
    if text.strip():
        return text
    raise ArgumentError(_("--query is the text to look for, such as 갈비"))


def _read_sort(text: str | None, near: Circle | None) -> Sort:
    if text is None:
        return "distance" if near else "price"
    sorts = get_args(Sort)
    if text not in sorts:
        raise ArgumentError(
            _("--sort is one of these: {names}.").format(names=" ".join(sorts)) + did_you_mean(text, sorts)
        )
    if text == "distance" and not near:
        raise ArgumentError(_("--sort distance goes with --near LAT,LON"))
    return cast("Sort", text)


def _read_since(text: str, now: datetime) -> datetime:
    told = _("--since is a date, such as 2026-07-01, or how long ago, such as 7d or 24h")
    try:
        if ago := AGO.fullmatch(text.strip()):
            return now - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        since = datetime.fromisoformat(text.strip())
        since = since if since.tzinfo else since.replace(tzinfo=KST)
        is_past = since <= now
    except (ValueError, OverflowError) as error:
        raise ArgumentError(told) from error
    if is_past:
        return since
    raise ArgumentError(_("--since {since} is still to come").format(since=text.strip()))


def _read_field(text: str) -> str:
    name = normalize("NFC", text).strip()
    if name in FIELDS or name.startswith(f"{MENU}:"):
        return name
    told = _("--field is one of these: {names}, or menu:NAME.").format(names=" ".join(FIELDS))
    raise ArgumentError(told + did_you_mean(name, FIELDS))


def _read_limit(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 2**31:
        return int(text)
    raise ArgumentError(_("--limit is how many stores at most, such as 20"))
