"""The sections of a store page that tell of the store: `restaurant`, `detail`, `menu`, `photo`, `score`, `tag`."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from replica.gazetteer import area_of
from replica.hours import BREAK_TIME, OPEN, status_on, write_summary, write_today, write_week
from replica.pictures import write_images, write_photos, write_pictures
from replica.rows import write_addresses, write_phone, write_user_score
from replica.shapes import chance, write_count, write_url
from replica.vocabulary import FACILITIES, TAGS

if TYPE_CHECKING:
    from datetime import date

    from replica.store import MenuLine, Store

COMMA_SHARE = 0.4  # of the tags after the first, which bring their own ", "
NAMELESS_SHARE = 0.05  # of the menus of 2026: one line more, without a name
OPEN_STATUSES = (OPEN, BREAK_TIME, "영업 종료 25분 전", "라스트 오더 26분 전", "마지막 주문 마감")
STARS = ("5", "4_5", "4", "3_5", "3", "2_5", "2", "1_5", "1")
JUDGED = ("taste", "service", "price", "clean")


def write_restaurant(store: Store, _today: date, *, is_new: bool) -> dict[str, Any]:
    says, images = store.concept, write_images(store)
    pictures = write_pictures(store, images, is_new=is_new)
    return {
        "key": "restaurant",
        "v_rid": store.ref,
        "rn": says.name,
        "branch": says.branch,
        "name": f"{says.name} {says.branch or ''}".strip(),
        "area": area_of(store.dong),
        "categories": list(says.categories),
        "desc": [],
        "score": store.standing.score,
        "lat": store.lat,
        "lng": store.lon,
        "phone": write_phone(store),
        "img": write_url(images[0], chance(store.key, 9), is_new=is_new) if images else None,
        "images": [] if is_new and not pictures else {"list": pictures},
    }


def write_detail(store: Store, today: date, *, is_new: bool) -> dict[str, Any]:
    rng = Random(store.seed + 4)  # noqa: S311  # invented data
    address, road_address = write_addresses(store)
    tags, week = store.concept.tags, store.week
    commas = [", " if number and rng.random() < COMMA_SHARE else "" for number in range(len(tags))]
    return {
        "key": "detail",
        "address": address,
        "road_address": road_address,
        "phone": write_phone(store),
        "tag": [comma + tag for comma, tag in zip(commas, tags, strict=True)],
        "facility": rng.sample(FACILITIES, rng.randint(0, 4)),
        "status": [] if is_new and not week else _write_status(store, today),
        "bhour": write_week(week, today) if week else [],
        "bhour_seo": write_summary(week) if week else [],
    }


def _write_status(store: Store, today: date) -> dict[str, Any]:
    week = store.week
    is_open = status_on(store.open_status, week, today) in OPEN_STATUSES
    color = "#2f9e44" if is_open else "#868e96"
    return {"is_open": is_open, "color": color, "time": write_today(week, today) if week else ""}


def write_menu(store: Store, _today: date, *, is_new: bool) -> dict[str, Any]:
    rng = Random(store.seed + 5)  # noqa: S311  # invented data
    lines = [_write_line(line, rank, rng, is_new=is_new) for rank, line in enumerate(store.concept.menu, 1)]
    if lines and is_new and rng.random() < NAMELESS_SHARE:
        nameless = {**lines[0], "menu": rng.choice((None, "")), "price": "", "description": "", "best": False}
        lines.insert(rng.randint(0, len(lines)), nameless)
    return {"key": "menu", "list": lines, "menu_total_count": write_count(len(lines), rng.random(), is_new=is_new)}


def _write_line(line: MenuLine, rank: int, rng: Random, *, is_new: bool) -> dict[str, Any]:
    chosen = int(rng.random() * 3000 / rank)
    reviews = chosen // 9
    return {
        "menu": line.name,
        "price": line.price,
        "description": line.description,
        "best": line.best,
        "rank": rank,
        "selection_count": write_count(chosen, rng.random(), is_new=is_new),
        "selection_rate": round(rng.random() * 60, 1),
        "review_count": write_count(reviews, rng.random(), is_new=is_new),
        "comment_count": write_count(reviews // 2, rng.random(), is_new=is_new),
    }


def write_photo(store: Store, _today: date, *, is_new: bool) -> dict[str, Any]:
    photos = write_photos(store, is_new=is_new)
    return {
        "key": "photo",
        "total_count": write_count(len(photos), chance(store.key, 10), is_new=is_new),
        "list": photos,
    }


def write_score(store: Store, _today: date, *, is_new: bool) -> dict[str, Any]:
    """Return what visitors think; `average` is of 5 stars, and 0 without any review."""
    reviews = store.standing.review_count
    if is_new and not reviews:
        return {"key": "score", "score": []}
    rng = Random(store.seed + 11)  # noqa: S311  # invented data
    average = write_user_score(store)
    cuts = sorted(rng.randint(0, reviews) for _ in STARS[1:])
    counts = [end - start for start, end in zip([0, *cuts], [*cuts, reviews], strict=True)]
    judged = {name: round(min(5, average + rng.random() / 2), 1) if reviews else 0 for name in JUDGED}
    return {
        "key": "score",
        "score": {
            "average": average,
            "total": write_count(reviews, rng.random(), is_new=is_new),
            "review_total": write_count(reviews, rng.random(), is_new=is_new),
            **judged,
            **{f"score{stars}": count for stars, count in zip(STARS, counts, strict=True)},
            **{f"{name}_info": _judge(value, reviews) for name, value in judged.items()},
            "text": f"{average}점 ({reviews}명의 평가)",
        },
    }


def _judge(average: float, reviews: int) -> dict[str, float]:
    good = int(reviews * average / 5)
    return {"average": average, "good": good, "normal": (reviews - good) // 2, "bad": (reviews - good + 1) // 2}


def write_tag(store: Store, _today: date, *, is_new: bool) -> dict[str, Any]:
    """Return the words of the store's tags, how much each weighs, and how often it was marked."""
    tags = store.concept.tags
    if is_new and not tags:
        return {"key": "tag", "tag": []}
    weights = [100 - 100 * number // len(TAGS) for number in range(len(tags))]
    return {"key": "tag", "tag": {"word": list(tags), "word_w": weights, "word_m": [weight // 9 for weight in weights]}}
