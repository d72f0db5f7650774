"""One store with all that is known of it: verdict, hours, menu, prices, terms, when seen, and where to look further."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from rich.table import Table
from rich.text import Text

from refillspot.clock import write_kst
from refillspot.items import MIDNIGHT, Day
from refillspot.language import gettext, ngettext
from refillspot.language import lazy_gettext as _
from refillspot.listing.table import weekday_names, write_name, write_open_now
from refillspot.parsing.hours.weekdays import LAST_WEEK
from refillspot.readable import one_line, say
from refillspot.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from refillspot.items import OpeningHours
    from refillspot.listing.entries import Listed

VERDICTS = {
    "confirmed": _("all-you-can-eat: the page says so"),
    "likely": _("likely all-you-can-eat: the page hints at it"),
    "unlikely": _("not in the list: nothing on its page says that it is all-you-can-eat"),
}
GONE = {
    "missing": _("not in the list: the searches that used to show it do not any more"),
    "gone": _("not in the list: it is gone for good"),
}
PARTS = {"name": _("name"), "branch": _("branch"), "category": _("category"), "menu": _("menu"), "tag": _("tag")}
WHOSE = {
    "adult": _("adults"), "teen": _("teenagers"), "child": _("children"), "senior": _("seniors"),
    "lunch": _("lunch"), "dinner": _("dinner"), "weekday": _("weekdays"), "weekend": _("weekends"),
    "holiday": _("public holidays"),
}  # fmt: skip
FESTIVALS = {
    "open": _("open on 설 and 추석"),
    "day closed": _("closed on the day of 설 and 추석"),
    "closed": _("closed around 설 and 추석"),
}
REASONS = {
    "every_other_week": _("not known: it is closed every other week, and not said in which"),
    "festival": _("not known: it is 설 or 추석"),
    "day_not_known": _("not known: its hours on this weekday are not"),
    "no_hours": _("not known: its hours are not"),
    "no_calendar": _("not known: the public holidays of this year are not"),
}


def map_links(row: dict[str, Any]) -> dict[str, str]:
    """Return where to look at a store: the site's page, Kakao Map and Naver Map, by their documented links."""
    name = " ".join(filter(None, (row["name"], row["branch"])))
    wanted = quote(f"{name} {row['road_addr'] or row['addr'] or ''}".strip(), safe="")
    kakao = f"search/{wanted}"
    if row["lat"] is not None and row["lon"] is not None:
        kakao = f"map/{quote(name, safe='')},{row['lat']},{row['lon']}"
    return {
        "page": row["source_url"],
        "kakao_map": f"https://map.kakao.com/link/{kakao}",
        "naver_map": f"https://map.naver.com/p/search/{wanted}",
    }


def print_page(entry: Listed, now: datetime, history: Iterable[str] = ()) -> None:
    """Print all that is known; `history` is a line for each change."""
    terminal = Terminal()
    terminal.print(Text(one_line(write_name(entry)), style="bold"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, lines in (*_sections(entry, now), (gettext("history"), history)):
        if text := "\n".join(one_line(line) for line in lines if line):
            grid.add_row(Text(label), Text(text))
    terminal.print(grid)
    for place, link in map_links(entry.row).items():  # whole, to be opened
        say(f"{LINKS[place]()}: {one_line(link)}")


LINKS = {"page": _("page"), "kakao_map": _("Kakao Map"), "naver_map": _("Naver Map")}


def _sections(entry: Listed, now: datetime) -> Iterator[tuple[str, Iterable[str]]]:
    row = entry.row
    verdict = GONE[row["status"]]() if row["status"] in GONE else VERDICTS[row["refill_verdict"]]()
    yield gettext("verdict"), [verdict, *(f"{PARTS[one['source']]()}: {one['text']}" for one in row["refill_evidence"])]
    yield gettext("kind"), [", ".join(dict.fromkeys([*(row["cuisines"] or ()), *(row["categories"] or ())]))]
    yield gettext("address"), [row["road_addr"] or "", row["addr"] or ""]
    yield gettext("phone"), [row["phone"] or ""]
    yield gettext("prices"), write_prices(row)
    yield gettext("terms"), write_terms(row["refill_terms"] or {})
    yield gettext("open now"), [_write_open(entry, now)]
    yield gettext("hours"), write_hours(entry.hours) if entry.hours else (row["hours_text"] or "").splitlines()
    yield gettext("menu"), map(write_line, row["menu"] or ())
    yield (
        gettext("seen"),
        [
            gettext("first {first} KST, last {last} KST").format(
                first=write_kst(row["first_seen_at"]), last=write_kst(row["last_seen_at"])
            )
        ],
    )


def write_prices(row: dict[str, Any]) -> Iterator[str]:
    prices, headline = row["refill_prices"] or (), row["refill_price_krw"]
    if headline is not None and headline not in {price["krw_min"] for price in prices}:  # somebody knows better
        yield gettext("{amount} won").format(amount=f"{headline:,}")
    yield from map(_write_price, prices)


def _write_price(price: dict[str, Any]) -> str:
    whose = ", ".join(WHOSE[value]() for name in ("audience", "meal", "day") if (value := price[name]))
    amount = f"{price['krw_min']:,}"
    amount += f"-{price['krw_max']:,}" if price["krw_max"] != price["krw_min"] else ""
    return gettext("{amount} won").format(amount=amount) + (f" ({whose})" if whose else "")


def write_terms(terms: dict[str, Any]) -> Iterator[str]:
    if minutes := terms.get("time_limit_minutes"):
        yield ngettext("{count:,} minute", "{count:,} minutes", minutes).format(count=minutes)
    if persons := terms.get("min_persons"):
        yield ngettext("from {count} person", "from {count} persons", persons).format(count=persons)
    if fee := terms.get("leftover_fee_krw"):
        yield gettext("leftovers cost {amount} won").format(amount=f"{fee:,}")
    elif terms.get("leftover_fee") is not None:
        yield gettext("leftovers cost extra") if terms["leftover_fee"] else gettext("leftovers cost nothing")
    if terms.get("drinks_included") is not None:
        yield gettext("drinks included") if terms["drinks_included"] else gettext("drinks not included")


def _write_open(entry: Listed, now: datetime) -> str:
    answer = entry.open_now
    if answer.state == "unknown" and answer.reason:
        return REASONS[answer.reason]()
    last = gettext(" (last order {time})").format(time=f"{answer.last_order_at:%H:%M}") if answer.last_order_at else ""
    return write_open_now(answer, now) + last


def write_hours(hours: OpeningHours) -> Iterator[str]:
    """Yield a line for each weekday or for those alike, then what holds besides."""
    names = weekday_names()
    days = [_write_day(hours.days.get(number)) for number in range(7)]
    first = 0
    for number in range(7):
        if number == 6 or days[number + 1] != days[number]:
            yield f"{names[first]}{f'-{names[number]}' if number > first else ''} {days[number]}"
            first = number + 1
    for number, weeks in sorted(hours.closed_weeks.items()):
        which = ", ".join(gettext("the last") if week == LAST_WEEK else str(week) for week in weeks)
        yield gettext("{day} closed in these weeks of the month: {weeks}").format(day=names[number], weeks=which)
    for number in hours.closed_every_other_week:
        yield gettext("{day} closed every other week").format(day=names[number])
    if hours.holidays:
        yield f"{names[7]} {_write_day(hours.holidays)}"
    if hours.festivals:
        yield FESTIVALS[hours.festivals]()
    yield from hours.notes


def _write_day(day: Day | None) -> str:
    if day is None or not (day.closed or day.intervals):
        return gettext("not known")
    if day.closed:
        return gettext("closed")
    spans = ", ".join(f"{_on_the_clock(start)}-{_on_the_clock(end)}" for start, end in day.intervals)
    last = gettext(" (last order {time})").format(time=_on_the_clock(day.last_order)) if day.last_order else ""
    return spans + last


def _on_the_clock(clock: str) -> str:
    """Return "02:00" for "26:00"."""
    hours, minutes = clock.split(":")
    return clock if clock <= MIDNIGHT else f"{int(hours) % 24:02d}:{minutes}"


def write_line(line: dict[str, Any]) -> str:
    price = line["price_krw"]
    amount = gettext("{amount} won").format(amount=f"{price:,}") if price is not None else line["price_text"] or ""
    return f"{line['name']}  {amount}".rstrip()
