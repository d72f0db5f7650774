"""Is a store all-you-can-eat? The verdict, with the words it rests on."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from refillspot.items import Evidence, EvidenceSource, RefillVerdict, Verdict
from refillspot.parsing.price.amount import LABEL, PERSON
from refillspot.parsing.refill.words import (
    ANY_OFFER,
    BUFFET,
    CATERING,
    MEALS_OF_THEIR_OWN,
    OFFERS,
    OTHER_ASIDE,
    SALAD_BAR,
    find_brand,
    is_side,
)
from refillspot.parsing.text import normalize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_REFILL_OF = re.compile(r"(.+?) ?무 ?한 ?리 ?필")
_SALAD = re.compile(r"샐러드|뷔페|부페")
# "샐러드바 성인": an entrance. "샐러드바 추가", "스테이크 (샐러드바 포함)" go with a dish.
_BY_THE_HEAD = re.compile(
    r"^샐러드 ?바(?!.*(?:추가|포함))(?:(?!제외|별도).)*?(?:성인|대인|어른|소인|어린이|초등|미취학)"
)
_MARK = re.compile(r"</?\w{1,6}>")


class _Reason(NamedTuple):
    verdict: Verdict
    evidence: Evidence
    buffet: bool = False
    """Only the word 뷔페 says so."""


def assess_refill(
    *,
    name: str,
    branch: str | None,
    categories: Sequence[str] | None,
    menu: Sequence[str] | None,
    tags: Sequence[str] | None,
) -> RefillVerdict:
    """Return whether a store is all-you-can-eat; `menu` holds item names. None = the source does not say.

    "confirmed": its name, category or menu offers a main dish without limit, or it is a chain that does.
    "likely": only a tag says so, or it is a buffet that shows no price per person, or a salad bar is all there is.
    "unlikely": nothing says so; no evidence then.
    """
    texts: list[tuple[EvidenceSource, str]] = [("name", name)]
    texts += [("branch", branch)] if branch else []
    texts += [("category", category) for category in categories or ()]
    texts += [("menu", item) for item in menu or ()]
    texts += [("tag", tag) for tag in tags or ()]
    reasons = [reason for source, text in texts if (reason := _read(source, text))]
    if any(reason.buffet for reason in reasons):
        reasons = list(_weigh_buffet(reasons, name, menu or ()))
    reasons += _of_own_dish(categories or ())
    reasons += _salad_bar(name, categories or (), menu or ())
    verdicts = {reason.verdict for reason in reasons}
    verdict: Verdict = "confirmed" if "confirmed" in verdicts else "likely" if verdicts else "unlikely"
    return RefillVerdict(verdict, list(dict.fromkeys(reason.evidence for reason in reasons)))


def offers_refill(line: str) -> bool:
    """Tell whether a line of a menu alone says that the store is all-you-can-eat."""
    reason = _read("menu", line)
    return reason is not None and reason.verdict == "confirmed"


@lru_cache(maxsize=4096)  # a menu is read for the verdict, for the price and for the terms
def _read(source: EvidenceSource, text: str) -> _Reason | None:
    """Return the reason that one text of a store gives, None if it gives none."""
    plain = _plain(text)
    if source == "name" and find_brand(plain):
        return _Reason("confirmed", Evidence(source, text))
    if not ANY_OFFER.search(plain):
        return None
    for offer in OFFERS:
        weight = offer.weights.get(source)
        if offer is BUFFET and CATERING.search(plain):
            continue
        if weight and offer.is_in(plain):
            return _Reason(weight, Evidence(source, text), offer is BUFFET)
    return None


def _weigh_buffet(reasons: Sequence[_Reason], name: str, menu: Sequence[str]) -> Iterator[_Reason]:
    """Yield the reasons as they weigh for this store: a buffet is proven by a price per person, a caterer's is none."""
    caters = CATERING.search(_plain(name))
    per_person = any(PERSON.search(line) or LABEL.search(line) for line in map(_plain, menu))
    for reason in reasons:
        if not reason.buffet or reason.evidence.source == "menu":
            yield reason
        elif not caters:
            yield reason if per_person else reason._replace(verdict="likely")


def _of_own_dish(categories: Sequence[str]) -> Iterator[_Reason]:
    """Yield "버섯무한리필" of a store that is filed under 버섯: what is a side dish elsewhere is its meal."""
    named = frozenset(map(_plain, categories))
    for category in categories:
        match = _REFILL_OF.fullmatch(_plain(category)) if "필" in category else None
        dish = match[1] if match else ""
        if MEALS_OF_THEIR_OWN.search(dish) and not OTHER_ASIDE.search(dish) and dish in named:
            yield _Reason("confirmed", Evidence("category", category))


def _salad_bar(name: str, categories: Sequence[str], menu: Sequence[str]) -> Iterator[_Reason]:
    """Yield what calls the store itself a salad bar, unless it sells dishes beside it, or sells the bar by the head.

    One that is filed under dishes too ("스테이크, 샐러드바") is shown to be no more than that by its menu alone.
    """
    by_the_head = [line for line in menu if "샐러드" in line and _BY_THE_HEAD.search(_plain(line))]
    if by_the_head:
        yield from (_Reason("likely", Evidence("menu", line)) for line in by_the_head)
        return
    texts: list[tuple[EvidenceSource, str]] = [("name", name), *(("category", text) for text in categories)]
    says_so = [Evidence(source, text) for source, text in texts if SALAD_BAR.search(_plain(text))]
    if not says_so:
        return
    by_name = bool(SALAD_BAR.search(_plain(name)))
    of_dishes = not by_name and any(not _SALAD.search(_plain(category)) for category in categories)
    nothing_else = all(SALAD_BAR.search(line) or LABEL.search(line) or is_side(line) for line in map(_plain, menu))
    if nothing_else and (menu or not of_dishes):
        yield from (_Reason("likely", evidence) for evidence in says_so)


@lru_cache(maxsize=4096)  # categories and dishes repeat from store to store
def _plain(text: str) -> str:
    """Return a text in small letters, full-width forms and marks like <em> gone, single spaces."""
    text = normalize("NFKC", text)
    if "<" in text:
        text = _MARK.sub("", text)
    return " ".join(text.casefold().split())
