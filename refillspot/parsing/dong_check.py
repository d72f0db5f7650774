"""Do the address and the point on the map speak of the same place?"""

from __future__ import annotations

from functools import cache

from refillspot.regions import BoundingBox, find_district

MARGIN = 0.002  # degrees, about 200 m: a point may lie on the other side of a boundary street
# The map is older than the town of Magok: building it moved the boundaries between these dongs by up to a kilometre.
REDRAWN = {"11500": {"마곡동", "가양동", "공항동", "방화동", "내발산동", "외발산동"}}
MARGIN_WHERE_REDRAWN = 0.009


def is_in_dong(district_code: str, dong: str, lat: float, lon: float) -> bool | None:
    """Tell whether a point (WGS84 degrees) lies in or close by a dong; None if there is no such dong on the maps."""
    box = _boxes(district_code).get(dong)
    return box.contains(lat, lon) if box else None


@cache
def _boxes(district_code: str) -> dict[str, BoundingBox]:
    """Return {dong: its bounding box, wider by a margin}; names repeat between districts."""
    district = find_district(district_code)
    redrawn = REDRAWN.get(district_code, set())
    return {
        dong.name: _widen(dong.bbox, MARGIN_WHERE_REDRAWN if dong.name in redrawn else MARGIN)
        for dong in (district.dongs if district else ())
    }


def _widen(box: BoundingBox, margin: float) -> BoundingBox:
    return BoundingBox(box.south - margin, box.west - margin, box.north + margin, box.east + margin)
