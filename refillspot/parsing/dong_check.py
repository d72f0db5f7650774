"""Do the address and the point on the map speak of the same place?"""

from __future__ import annotations

from functools import cache

from refillspot.regions import BoundingBox, find_district

MARGIN = 0.002  # degrees, about 200 m: a point may lie on the other side of a boundary street


def is_in_dong(district_code: str, dong: str, lat: float, lon: float) -> bool | None:
    """Tell whether a point (WGS84 degrees) lies in or close by a dong; None if there is no such dong on the maps."""
    box = _boxes(district_code).get(dong)
    return box.contains(lat, lon) if box else None


@cache
def _boxes(district_code: str) -> dict[str, BoundingBox]:
    """Return {dong: its bounding box, wider by `MARGIN`}; names repeat between districts."""
    district = find_district(district_code)
    return {dong.name: _widen(dong.bbox) for dong in district.dongs} if district else {}


def _widen(box: BoundingBox) -> BoundingBox:
    return BoundingBox(box.south - MARGIN, box.west - MARGIN, box.north + MARGIN, box.east + MARGIN)
