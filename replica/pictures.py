"""Pictures: plain addresses in 2025, in 2026 objects that name the visitor who took them."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import TYPE_CHECKING, Any

from replica.people import REVIEWERS
from replica.shapes import write_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from replica.store import Store

IMAGES = "https://images.replica.invalid"
NOIMAGE = f"{IMAGES}/noimage/1.jpg"
NOIMAGE_SHARE = 0.19
MOST_PHOTOS = 24  # that a page shows at once
PHOTO_DAYS = (date(2022, 1, 1).toordinal(), date(2026, 6, 30).toordinal())


def write_images(store: Store) -> list[str]:
    """Return the addresses of the store's first pictures, the same in both generations."""
    return _draw_addresses(store, Random(store.seed + 2))  # noqa: S311  # invented data


def write_pictures(store: Store, images: Sequence[str], *, is_new: bool) -> list[Any]:
    """Return the store's pictures as entries of `images.list` and `image_list`."""
    return list(_write_entries(store, images, is_new=is_new))


def write_photos(store: Store, *, is_new: bool) -> list[Any]:
    """Return the entries of `photo.list`: the pictures, and further ones of a store that many visit."""
    rng = Random(store.seed + 2)  # noqa: S311  # invented data
    images = _draw_addresses(store, rng)
    if images:
        further = min(store.standing.review_count, MOST_PHOTOS) - len(images)
        start = images[0].removesuffix(".webp")
        images += [f"{start}_{rng.getrandbits(24):06x}.webp" for _ in range(further)]
    return list(_write_entries(store, images, is_new=is_new))


def _draw_addresses(_store: Store, rng: Random) -> list[str]:
    if rng.random() < NOIMAGE_SHARE:
        return []
    start = f"{IMAGES}/300_300_{date.fromordinal(rng.randint(*PHOTO_DAYS)):%Y%m%d}_photo"
    return [f"{start}{n}_{rng.getrandbits(48):012x}.webp" for n in range(1, rng.randint(2, 6))]


def _write_entries(store: Store, images: Iterable[str], *, is_new: bool) -> Iterable[Any]:
    if not is_new:
        return images
    rng = Random(store.seed + 6)  # noqa: S311  # invented data
    return [_write_object(url, 1_000_000 + store.seed % 1_000_000 + number, rng) for number, url in enumerate(images)]


def _write_object(url: str, number: int, rng: Random) -> dict[str, Any]:
    """Return a picture of 2026: three sizes, and whose it is."""
    own = write_url(url, rng.random(), is_new=True)
    person = int(rng.random() * len(REVIEWERS))
    return {
        "pd_id": str(number),
        "origin": own.replace("300_300_", ""),
        "thumb": own.replace("300_300_", "150_150_"),
        "middle": own,
        "user_name": REVIEWERS[person],
        "user_photo": f"{IMAGES}/user/{person}.webp",
        "date": f"2026-0{1 + number % 6}-{1 + number % 28:02d}",
        "type": "review" if number % 7 else "owner",
    }
