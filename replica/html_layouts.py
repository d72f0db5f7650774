"""What people see of a store: the layout of 2025, and the one reported of 2026."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from replica.hours import write_today, write_week
from replica.linked_data import full_name
from replica.rows import write_addresses, write_phone, write_user_score

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from replica.store import Store

    Row = dict[str, Any]

OLD = """\
<input type="hidden" id="hdn_lat" value="{lat}"><input type="hidden" id="hdn_lng" value="{lng}">
<div class="tit-point"><h1 class="tit">{name}</h1><p class="btxt">{categories}</p></div>
<div class="grade-info"><p class="avg_score">{user_score}</p></div>
<ul class="basic-info">{contact}</ul>
<div class="busi-hours-today">{today}</div>
<div class="busi-hours"><ul class="list">{week}</ul></div>
<ul class="Restaurant_MenuList">{menu}</ul>
<div class="tags">{tags}</div>
<a href="/report?rid={ref}&amp;kind=closed">폐업신고</a>
"""
OLD_HOURS = '<li><p class="l-txt">{}</p><p class="r-txt">{}</p></li>'
OLD_MENU = '<li><span class="Restaurant_Menu">{}</span><p class="Restaurant_MenuPrice">{}</p></li>'
NEW = """\
<input type="hidden" id="hdn_lat" value="{lat}"><input type="hidden" id="hdn_lng" value="{lng}">
<div class="s-list pic-grade"><div class="tit-point"><h1 class="tit">{name}</h1></div>
<div class="btxt-list">{categories}</div><span id="lbl_review_point">{user_score}</span></div>
<ul class="list">{contact}<li class="char">{tags}</li></ul>
<div class="hour-main-grid"><div class="hour-today"><span class="open-desc">{label}</span>
<div id="today-main-hours">{today}</div></div>
<div class="hour-columns"><div class="hour-dates-column">{dates}</div>
<div class="hour-times-column">{times}</div></div></div>
<ul class="Restaurant-MenuList">{menu}</ul>
<a href="/report?rid={ref}&amp;kind=closed">폐업신고</a>
"""
NEW_MENU = (
    '<li data-menu-index="{}"><div class="menu-line"><span class="restaurant-menu">{}</span>'
    '<p class="restaurant-price">{}</p>{}</div></li>'
)
CLOSED = "휴무"  # in a line of a day on which nobody is served


def write_old(store: Store, today: date, shown: dict[str, Any]) -> str:
    """Return the body of 2025. `shown`: `hours`, the rows of the week, and `menu`; None among them is an odd line."""
    says = store.concept
    hours = [
        OLD_HOURS.format(escape(row["duration"]), escape(row["time"])) if row else "<li></li>" for row in shown["hours"]
    ]
    menu = [OLD_MENU.format(escape(line[0]), escape(line[1])) if line else "<li></li>" for line in shown["menu"]]
    return OLD.format(
        lat=store.lat,
        lng=store.lon,
        name=escape(full_name(store)),
        categories=escape(", ".join(says.categories)),
        user_score=write_user_score(store),
        contact=_write_contact(store),
        today=escape(write_today(store.week, today) if store.week else store.open_status),
        week="".join(hours),
        menu="".join(menu),
        tags="".join(f'<span class="tag">{escape(tag)}</span>' for tag in says.tags),
        ref=store.ref,
    )


def write_new(store: Store, today: date, shown: dict[str, Any]) -> str:
    """Return the body of 2026. `shown`: `hours`, the days after today, and `menu`; None among them is an odd line.

    Dates and times are two columns, paired by nothing but their order: an odd line is a time without a date.
    """
    says = store.concept
    rows = write_week(store.week, today) if store.week else []
    days = _group_days(rows)
    lines = days[0][1] if days else [write_today(store.week, today) if store.week else store.open_status]
    categories = [f'<a class="btxt category-{n}">{escape(name)}</a>' for n, name in enumerate(says.categories, 1)]
    return NEW.format(
        lat=store.lat,
        lng=store.lon,
        name=escape(full_name(store)),
        categories="".join(categories),
        user_score=write_user_score(store),
        contact=_write_contact(store) + _write_lot(store),
        tags="".join(f'<a class="tag">{escape(tag)}</a>' for tag in says.tags),
        label=escape(days[0][0]) if days else "",
        today="".join(_write_span("today-main-hours", line) for line in lines),
        dates="".join(f'<div class="hour_date">{escape(day[0])}</div>' for day in shown["hours"] if day),
        times="".join(_write_times(day[1] if day else []) for day in shown["hours"]),
        menu="".join(_write_line(number, line) for number, line in enumerate(shown["menu"])),
        ref=store.ref,
    )


def later_days(rows: Sequence[Row]) -> list[tuple[str, list[str]]]:
    """Return the days after today, each with its lines."""
    return _group_days(rows)[1:]


def _group_days(rows: Sequence[Row]) -> list[tuple[str, list[str]]]:
    """Return the lines of each day; an empty label goes on with the day above."""
    days: list[tuple[str, list[str]]] = []
    for row in rows:
        if row["duration"] or not days:
            days.append((row["duration"], []))
        days[-1][1].append(row["time"])
    return days


def _write_times(lines: Sequence[str]) -> str:
    return f'<div class="hour_time_item">{"".join(_write_span("hour_time", line) for line in lines)}</div>'


def _write_span(name: str, line: str) -> str:
    return f'<span class="{name}{" closed" if CLOSED in line else ""}">{escape(line)}</span>'


def _write_line(number: int, line: tuple[str, str, str] | None) -> str:
    if line is None:
        return f'<li data-menu-index="{number}"><div class="menu-line"></div></li>'
    name, price, description = map(escape, line)
    more = f'<p class="menu-description">{description}</p>' if description else ""
    return NEW_MENU.format(number, name, price, more)


def _write_contact(store: Store) -> str:
    """Return road address (else lot number) and phone; a store without a phone has no line for it."""
    lot, road = write_addresses(store)
    phone = write_phone(store)
    return f'<li class="locat">{escape(road or lot)}</li>' + (f'<li class="tel">{escape(phone)}</li>' if phone else "")


def _write_lot(store: Store) -> str:
    return f'<li class="jibun"><span class="profile_jibun">{escape(write_addresses(store)[0])}</span></li>'
