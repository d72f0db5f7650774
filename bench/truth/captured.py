"""Real answers of the site. 150 opening hours were labelled by eye; of the rest, what was understood is counted."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from refillspot.items import MenuItem
from refillspot.parsing.address import parse_address
from refillspot.parsing.category import find_cuisines, parse_categories
from refillspot.parsing.hours import parse_hours
from refillspot.parsing.phone import parse_phone
from refillspot.parsing.price import is_plausible_krw
from refillspot.parsing.refill import assess_refill
from refillspot.parsing.refill.terms import find_offers, headline_price_krw, refill_prices
from tests.parsing.hours.labels import captured_hours, judge_hours, write_label

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
FOR_THE_EYE = 50


def report(seed: int) -> None:
    if not CAPTURES.is_dir():
        print(f"\nno captures in {CAPTURES}: real answers were not measured")
        return
    print("\ncaptures of the site")
    _report_rows()
    _report_menus()
    _report_labelled_hours()
    _report_hours(seed)


def read_rows() -> list[dict[str, Any]]:
    """Return the rows of all captured lists; none without captures."""
    lists = sorted(CAPTURES.glob("isearch_*.json"))
    return [row for path in lists for row in _rows(json.loads(path.read_text("utf-8")))]


def _report_rows() -> None:
    rows = read_rows()
    for name, parse in (("addr", parse_address), ("road_addr", parse_address), ("phone", parse_phone)):
        texts = [row[name] for row in rows if row.get(name)]
        unread = [text for text in texts if not parse(text)]
        print(f"{name}: {len(texts) - len(unread)} of {len(texts)} read; left as text: {unread[:5]}")
    terms = Counter(term for row in rows for term in parse_categories(row.get("category") or ""))
    unknown = find_cuisines(terms).unknown
    print(f"categories: {len(terms) - len(unknown)} of {len(terms)} terms in the vocabulary; unknown: {unknown}")


def _rows(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        own = [value] if "v_rid" in value else []
        return own + [row for part in value.values() for row in _rows(part)]
    return [row for part in value for row in _rows(part)] if isinstance(value, list) else []


def _report_menus() -> None:
    menus = json.loads((CAPTURES / "profile_menus.json").read_text("utf-8"))
    outliers = [(name, krw) for lines in menus.values() for name, krw in lines if krw and not is_plausible_krw(krw)]
    print(f"menus: {sum(map(len, menus.values()))} lines of {len(menus)} stores; outliers flagged: {outliers}")
    for ref, lines in menus.items():
        menu = [MenuItem(name, krw) for name, krw in lines]
        verdict = assess_refill(name="", branch=None, categories=None, menu=[i.name for i in menu], tags=None)
        if verdict.evidence:
            krw = headline_price_krw(refill_prices(find_offers(menu, verdict)))
            print(f"  {ref}: {verdict.verdict}, {krw} won, {verdict.evidence[0].text!r}")


def _report_labelled_hours() -> None:
    """Print how the texts of 2026 are read that were labelled by eye: what is wrong apart from what is left as text."""
    judged: dict[str, list[str]] = {"right": [], "wrong": [], "as text": []}
    for text, label in captured_hours():
        hours = parse_hours(text)
        judged[judge_hours(write_label(hours) if hours else None, label)].append(text)
    counts = ", ".join(f"{len(texts)} {verdict}" for verdict, texts in judged.items())
    print(f"hours of 2026 in one line, labelled by eye: {counts}")
    for verdict in ("wrong", "as text"):
        for text in judged[verdict]:
            print(f"  {verdict}: {text}")
    texts = json.loads((CAPTURES / "hours_2026_one_line.json").read_text("utf-8"))
    read = [parse_hours(text) for text in texts]
    known = sum(map(bool, read))
    whole = sum(hours is not None and not hours.notes for hours in read)
    print(f"hours of 2026 in one line, all: {known} of {len(texts)} understood, {whole} of them to the last word")


def _report_hours(seed: int) -> None:
    texts = json.loads((CAPTURES / "hours_early_era.json").read_text("utf-8"))
    read = [parse_hours(text) for text in texts]
    whole = sum(hours is not None and not hours.notes for hours in read)
    print(
        f"hours of about 2020: {sum(map(bool, read))} of {len(texts)} understood, {whole} of them to the last word; "
        f"{FOR_THE_EYE} for the eye, chosen by seed {seed}:"
    )
    for number in Random(seed).sample(range(len(texts)), FOR_THE_EYE):  # noqa: S311  # a sample, no secret
        hours = read[number]
        print(f"  {texts[number]}\n    -> {write_label(hours) if hours else None} {hours.notes if hours else ''}")
