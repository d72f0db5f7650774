"""What a store's page says for search engines: JSON-LD, in 2026 with a point, reviews and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from replica.opinions import describe_reviews
from replica.pictures import write_images
from replica.rows import write_addresses, write_phone, write_user_score

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replica.store import MenuLine, Store


def describe_store(store: Store, *, is_new: bool) -> dict[str, Any]:
    """Return a page's JSON-LD; what the site does not know is left out."""
    known = {
        "@context": "https://schema.org",
        "@type": "FoodEstablishment",
        "name": full_name(store),
        "telephone": write_phone(store),
        "address": _describe_place(store),
        "servesCuisine": list(store.concept.categories),
        "aggregateRating": _rate(store),
        "hasMenu": _describe_menu(store.concept.menu),
        **(_describe_more(store) if is_new else {}),
    }
    return {key: value for key, value in known.items() if value}


def full_name(store: Store) -> str:
    return f"{store.concept.name} {store.concept.branch or ''}".strip()


def _describe_place(store: Store) -> dict[str, str]:
    lot, road = write_addresses(store)
    region, locality, street = (road or lot).split(" ", 2)
    place = {"addressCountry": "KR", "addressRegion": region, "addressLocality": locality, "streetAddress": street}
    return {"@type": "PostalAddress", **place}


def _describe_more(store: Store) -> dict[str, Any]:
    return {
        "geo": {"@type": "GeoCoordinates", "latitude": store.lat, "longitude": store.lon},
        "image": write_images(store),
        "review": describe_reviews(store),
    }


def _rate(store: Store) -> dict[str, Any] | None:
    """Return the visitors' stars, 0 to 5; the site's own score is on no page."""
    reviews = store.standing.review_count
    rating = {"ratingValue": write_user_score(store), "bestRating": 5, "reviewCount": reviews}
    return {"@type": "AggregateRating", **rating} if reviews else None


def _describe_menu(menu: Iterable[MenuLine]) -> dict[str, Any] | None:
    items = [
        {"@type": "MenuItem", "name": line.name, "offers": {"@type": "Offer", "price": line.price}} for line in menu
    ]
    return {"@type": "Menu", "hasMenuItem": items} if items else None
