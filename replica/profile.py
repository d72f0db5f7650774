"""Store pages: an array of keyed sections, in no fixed order and not always all of them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from replica import envelope
from replica.gazetteer import area_of
from replica.hours import BREAK_TIME, OPEN, status_on, write_summary, write_today, write_week
from replica.rows import write_addresses, write_images, write_phone, write_user_score
from replica.vocabulary import FACILITIES, REVIEWERS, REVIEWS

if TYPE_CHECKING:
    from datetime import date

    from replica.store import Store

MISSING_SHARE = 0.03  # of the pages, for each section that a page can do without
COMMA_SHARE = 0.4  # of the tags after the first, which bring their own ", "
EXTRAS = ("seo", "banner", "nearby", "ranking", "coupon", "video", "faq", "notice")
OPEN_STATUSES = (OPEN, BREAK_TIME, "영업 종료 25분 전", "라스트 오더 26분 전", "마지막 주문 마감")


def answer(store: Store | None, today: date) -> bytes:
    if store is None:
        return envelope.failure("존재하지 않는 식당입니다.")
    rng = Random(store.seed + 4)  # noqa: S311  # invented data
    images = write_images(store)
    sections = [_restaurant(store, images)]
    sections += [section for section in _optional(store, images, rng, today) if rng.random() >= MISSING_SHARE]
    rng.shuffle(sections)
    return envelope.success(sections)


def _optional(store: Store, images: list[str], rng: Random, today: date) -> list[dict[str, Any]]:
    standing = store.standing
    written = {"user_nm": rng.choice(REVIEWERS), "content": rng.choice(REVIEWS)}
    reviews = [written] if standing.review_count else []
    return [
        _detail(store, rng, today),
        _menu(store),
        {"key": "photo", "total_count": len(images), "list": images},
        {"key": "score", "score": standing.score, "user_score": write_user_score(store)},
        {"key": "review", "total_count": f"{standing.review_count:,}", "list": reviews},
        {"key": "blog", "total_count": f"{standing.review_count * 7:,}", "list": []},
        {"key": "tag", "list": list(store.concept.tags)},
        *({"key": key, "list": []} for key in EXTRAS),
    ]


def _restaurant(store: Store, images: list[str]) -> dict[str, Any]:
    says = store.concept
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
        "img": images[0] if images else None,
        "images": {"list": images},
    }


def _detail(store: Store, rng: Random, today: date) -> dict[str, Any]:
    address, road_address = write_addresses(store)
    tags = store.concept.tags
    commas = [", " if number and rng.random() < COMMA_SHARE else "" for number in range(len(tags))]
    week = store.week
    is_open = status_on(store.open_status, week, today) in OPEN_STATUSES
    status = {"is_open": is_open, "time": write_today(week, today) if week else ""}
    return {
        "key": "detail",
        "address": address,
        "road_address": road_address,
        "phone": write_phone(store),
        "tag": [comma + tag for comma, tag in zip(commas, tags, strict=True)],
        "facility": rng.sample(FACILITIES, rng.randint(0, 4)),
        "status": status,
        "bhour": write_week(week, today) if week else [],
        "bhour_seo": write_summary(week) if week else [],
    }


def _menu(store: Store) -> dict[str, Any]:
    lines = [
        {"menu": line.name, "price": line.price, "description": line.description, "best": line.best}
        for line in store.concept.menu
    ]
    return {"key": "menu", "list": lines, "menu_total_count": len(lines)}
