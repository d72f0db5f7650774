"""Names of places as people write them: which part is the branch, which says the offer, and how alike two are."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

NO_BRANCHES = {"반점", "상점", "서점", "백화점", "정육점", "음식점", "분식점", "전문점", "할인점", "주점"}
LEGAL_FORMS = re.compile(r"\((?:주|유|합|재)\)|주식회사|유한회사")
BRACKETED = re.compile(r"[(\[{<]([^()\[\]{}<>]*)[)\]}>]")
OFFER = re.compile(r"무한\s*리필|무제한\s*리필|무제한")
NUMBER = re.compile(r"\d+")
BRANCH_END = re.compile(r"(?:직영)?역?점?$")
NUMBERED = re.compile(r"본|(\d+)호")  # the first of a chain, its second: wherever they are


class Spoken:
    """A name as it is compared: letters and digits without case and spaces, the branch apart."""

    __slots__ = ("branch", "core", "core_pairs", "is_glued", "numbers", "whole", "whole_pairs")

    def __init__(self, name: str, branch: str | None) -> None:
        text = LEGAL_FORMS.sub(" ", unicodedata.normalize("NFKC", name).casefold())
        core, said = _split(text)
        branch = _letters(unicodedata.normalize("NFKC", branch or said).casefold())
        self.core = _without_offer(core) or _letters(core)
        self.is_glued = self.core.endswith("점")
        self.whole = self.core + branch
        self.branch = BRANCH_END.sub("", branch)
        self.numbers = frozenset(NUMBER.findall(self.whole))
        self.core_pairs = _pairs(self.core)
        self.whole_pairs = _pairs(self.whole) if branch else self.core_pairs

    def likeness(self, other: Spoken) -> float:
        """Return how much alike two names are, 0 to 1; a branch counts where both have one, or one has it glued on."""
        ours, theirs = self.core_pairs, other.core_pairs
        if not (ours and theirs):  # signs alone
            return 0.0
        if self.numbers and other.numbers and self.numbers.isdisjoint(other.numbers):
            return 0.0
        if (
            self.core == other.core
            or (self.is_glued and self._has_branch_of(other))
            or (other.is_glued and other._has_branch_of(self))
        ):
            return 1.0
        core = 2 * len(ours & theirs) / (len(ours) + len(theirs))  # Dice's coefficient
        ours, theirs = self.whole_pairs, other.whole_pairs
        if ours is self.core_pairs and theirs is other.core_pairs:
            return core
        return max(core, 2 * len(ours & theirs) / (len(ours) + len(theirs)))

    def _has_branch_of(self, shorter: Spoken) -> bool:
        """Tell whether it is the shorter one and a branch, written as one word: 명륜진사갈비강남역점."""
        return len(shorter.core) > 2 and self.core.startswith(shorter.core)

    @property
    def is_numbered(self) -> bool:
        """Its branch is one of a series, wherever that is."""
        return bool(NUMBERED.fullmatch(self.branch))

    def is_other_branch(self, other: Spoken) -> bool:
        """Tell whether both name a branch, and these cannot be one."""
        ours, theirs = self.branch, other.branch
        if self.is_numbered or other.is_numbered:
            return self.is_numbered and other.is_numbered and ours != theirs and {ours, theirs} != {"본", "1호"}
        return bool(ours and theirs) and ours not in theirs and theirs not in ours

    def is_same_branch(self, other: Spoken) -> bool:
        """Tell whether both name the same branch, one that says where it is."""
        return bool(self.branch) and not self.is_numbered and (self.core, self.branch) == (other.core, other.branch)


def _split(text: str) -> tuple[str, str]:
    """Return a name without its branch, and the branch, "" for none: "쿠우쿠우 강남점", "쿠우쿠우(강남점)"."""
    branch = ""
    for bracketed in BRACKETED.findall(text):
        if bracketed.strip().endswith("점"):
            branch = bracketed
    text = BRACKETED.sub(" ", text) if _letters(BRACKETED.sub(" ", text)) else text
    *words, last = text.split() or [""]
    is_branch = last.endswith("점") and len(last) > 1 and last not in NO_BRANCHES
    if is_branch and not branch and _without_offer(" ".join(words)):
        return " ".join(words), last
    return text, branch


def _without_offer(text: str) -> str:
    """Return the letters of a name without those that say 무한리필; "" where these are all of it."""
    letters = _letters(OFFER.sub(" ", text))
    return letters if len(letters) > 1 else ""


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _pairs(text: str) -> frozenset[str]:
    """Return which jamo follow each other: a misspelt vowel leaves most of them."""
    return frozenset(map("".join, pairwise(f"^{unicodedata.normalize('NFD', text)}")))


@lru_cache(maxsize=1 << 17)
def spoken(name: str, branch: str | None) -> Spoken:
    return Spoken(name, branch)
