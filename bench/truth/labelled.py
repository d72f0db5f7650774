"""The cases that were labelled by hand."""

from __future__ import annotations

from bench.truth.tally import Tally
from tests.parsing.hours.labels import labelled_hours, say
from tests.parsing.refill.labels import judge, labelled_stores


def measure() -> list[Tally]:
    hours = Tally("hours labelled by hand")
    for text, label in labelled_hours():
        hours.compare("hours", say(text), label, text)
    refill = Tally("hard cases of the verdict, labelled by hand")
    for store, verdict in labelled_stores():
        refill.compare("refill_verdict", judge(store), verdict, store)
    return [hours, refill]
