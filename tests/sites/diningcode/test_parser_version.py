"""Stored pages are read again when the parsers read otherwise: whoever changes them says so."""

from __future__ import annotations

import json

from refillspot.parsing import PARSER_VERSION
from tests.sites.diningcode.readings import RECORD, read_all


def test_parsers_that_read_otherwise_have_another_version() -> None:
    recorded = json.loads(RECORD.read_text(encoding="utf-8"))
    now = read_all()
    changed = [what for what, digest in recorded["readings"].items() if what in now and now[what] != digest]

    assert not changed or recorded["parser_version"] != PARSER_VERSION, (
        f"the parsers read {len(changed)} texts otherwise, the first: {changed[0]!r}. If that is meant, raise "
        "PARSER_VERSION in refillspot/parsing/__init__.py, then run: python -m tests.sites.diningcode.readings"
    )
    assert (recorded["parser_version"], recorded["readings"].keys()) == (PARSER_VERSION, now.keys()), (
        "record how the parsers read: python -m tests.sites.diningcode.readings"
    )
