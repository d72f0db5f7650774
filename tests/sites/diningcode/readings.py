"""How the parsers of today read a fixed set of pages and texts; `python -m tests.sites.diningcode.readings` records it.

What is recorded tells whether `PARSER_VERSION` must go up: the same words read otherwise.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import yaml

from refillspot.parsing import PARSER_VERSION
from refillspot.parsing.hours import parse_hours
from refillspot.parsing.price import parse_prices
from refillspot.parsing.refill import assess_refill
from refillspot.sites.diningcode.channels import read_kept_store
from refillspot.sites.diningcode.page_types import Row
from refillspot.sites.diningcode.stores import build_store

HERE = Path(__file__).parent
LABELLED = HERE.parents[1] / "parsing/labelled"
RECORD = HERE / "readings.json"
PAGES = ("api_2025.json", "api_2026.json", "page_2025.html", "page_2026.html")


def read_page(name: str) -> dict[str, Any]:
    row = msgspec.json.decode((HERE / f"pages/row_{name[-9:-5]}.json").read_bytes(), type=Row)
    return asdict(build_store(row, read_kept_store((HERE / "pages" / name).read_bytes()), "https://www.diningcode.com"))


def read_all() -> dict[str, str]:
    """Return a digest of each reading, by what was read."""
    readings: dict[str, Any] = {name: read_page(name) for name in PAGES}
    for case in yaml.safe_load((LABELLED / "hours.yaml").read_text(encoding="utf-8")):
        hours = parse_hours(case["text"])
        readings[f"hours {case['text']}"] = hours and asdict(hours)
    for case in yaml.safe_load((LABELLED / "refill.yaml").read_text(encoding="utf-8")):
        said = {name: case.get(name) for name in ("name", "branch", "categories", "menu", "tags")}
        readings[f"refill {said}"] = asdict(assess_refill(**said))
        readings |= {f"prices {line}": list(map(asdict, parse_prices(line))) for line in said["menu"] or ()}
    return {what: blake2b(repr(reading).encode(), digest_size=4).hexdigest() for what, reading in readings.items()}


def record() -> None:
    told = {"parser_version": PARSER_VERSION, "readings": dict(sorted(read_all().items()))}
    RECORD.write_text(json.dumps(told, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
