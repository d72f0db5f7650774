"""Which rows of a list are worth a store page, as far as the row and the search that found it tell."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from refillspot.parsing.category import parse_categories
from refillspot.parsing.refill import assess_refill
from refillspot.parsing.refill.words import is_aside_place
from refillspot.parsing.text import clean_text
from refillspot.planning.keywords import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.sites.diningcode.page_types import Row, Terms

OWN_WORD_ONLY = {"chain", "salad_bar"}  # kinds of keywords that count only where a store calls itself so
BUFFET = "뷔페"  # a whole meal, also on the board of a café
FEWEST_PROOFS = 3  # rows that must show what they were found by before a row that does not is called a loose one
DOUBTS_PER_PROOF = 0.02


class Prospect(NamedTuple):
    """`is_worthy`: worth a page. `mentions`: the row has the words of the search anywhere.

    `is_vague`: it is worthy only because it does not tell all that a row tells.
    """

    is_worthy: bool
    mentions: bool
    is_vague: bool = False


class Prospects:
    """Judges rows. "unlikely" is what name and category, and the way a row was found, call no refill store.

    A row that does not tell its category, or not the terms, is not called so for that.

    The words of a search stand in a row's name or category, among the terms that the site shows beside it, or unseen in
    menu and tags. Whether the terms always show them is learnt from rows whose name or category has them: only if these
    do, a row that has them nowhere is one that the site threw in.
    """

    def __init__(self) -> None:
        self._proofs: Counter[str] = Counter()
        self._doubts: Counter[str] = Counter()

    def judge(self, rows: Sequence[Row], terms: Sequence[Terms | None], keyword: str) -> list[Prospect]:
        """Return a judgement for each row of an answer to `keyword`; `terms`: those shown beside each, if told."""
        words = keyword.split()
        said = [all(word in _text(row) for word in words) for row in rows]
        shown = [None if beside is None else _shows(beside, keyword) for beside in terms]
        self._proofs[keyword] += sum(says and shows is True for says, shows in zip(said, shown, strict=True))
        self._doubts[keyword] += sum(says and shows is False for says, shows in zip(said, shown, strict=True))
        return [
            self._judge_row(row, keyword, says=says, shows=shows)
            for row, says, shows in zip(rows, said, shown, strict=True)
        ]

    def _judge_row(self, row: Row, keyword: str, *, says: bool, shows: bool | None) -> Prospect:
        kind = KINDS.get(keyword)
        if self._is_worthy(row, keyword, kind, says=says, shows=bool(shows)):
            return Prospect(is_worthy=True, mentions=says or bool(shows))
        could_be_of = None if row.category is None else kind
        is_vague = self._is_worthy(row, keyword, could_be_of, says=says, shows=shows is not False)
        return Prospect(is_vague, says or bool(shows), is_vague)

    def _is_worthy(self, row: Row, keyword: str, kind: str | None, *, says: bool, shows: bool) -> bool:
        categories = parse_categories(row.category or "")
        verdict = assess_refill(
            name=clean_text(row.nm) or "", branch=clean_text(row.branch), categories=categories, menu=None, tags=None
        ).verdict
        if verdict != "unlikely":
            return True
        if kind in OWN_WORD_ONLY or (kind and BUFFET not in keyword and is_aside_place(categories)):
            return False
        if kind and says and _is_offer_in_a_name(keyword):  # then it means something else here: 뷔페거리
            return False
        return says or shows or not self._are_terms_complete(keyword)

    def _are_terms_complete(self, keyword: str) -> bool:
        proofs = self._proofs[keyword]
        return proofs >= FEWEST_PROOFS and self._doubts[keyword] <= DOUBTS_PER_PROOF * proofs


def is_sampled(ref: str, share: float) -> bool:
    """Tell whether an unlikely store is one of the share that is looked at all the same; always the same ones."""
    return crc32(ref.encode()) < share * 2**32


@cache
def _is_offer_in_a_name(keyword: str) -> bool:
    return assess_refill(name=keyword, branch=None, categories=None, menu=None, tags=None).verdict != "unlikely"


def _text(row: Row) -> str:
    return "\n".join(_joined(text) for text in (row.nm, row.branch, row.category) if text)


def _shows(terms: Terms, keyword: str) -> bool | None:
    """Tell whether the words of a search are among the terms, None if they may be.

    They come before all others, so that one that could not be read behind another hides nothing.
    """
    left, is_vague, others = _joined(keyword), False, 0
    for term in terms:
        said = _joined(term or "")
        if said and left in said:
            return True
        if said and said in left:
            left = left.replace(said, "", 1)
        elif term is None:
            is_vague |= not others
        else:
            others += 1
    return not left or (None if is_vague else False)


def _joined(text: str) -> str:
    return "".join((clean_text(text) or "").casefold().split())
