"""The words that refill stores are searched by: `data/keywords.toml`, what they brought, and which of them rest."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, get_args

from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _
from refillspot.language import typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

KeywordKind = Literal["offer", "dish", "buffet", "salad_bar", "chain"]
"""What a keyword says of the stores that it finds, see `data/keywords.toml`."""
ADD = "+"
UNSEEN = "?"
"""Called like no answer: what is awaited in vain where there may be more than a search shows."""


def _read() -> dict[str, KeywordKind]:
    table = tomllib.loads(files("refillspot").joinpath("data/keywords.toml").read_text(encoding="utf-8"))
    return {keyword: kind for kind in get_args(KeywordKind) for keyword in table[kind]}


KINDS = _read()
KEYWORDS = tuple(KINDS)
"""The standard keywords, in the order in which stores are credited to them."""


def parse_keywords(text: str | None) -> tuple[str, ...]:
    """Return what `keywords=` names, each once: a list in place of the standard one, or with a leading + besides it.

    Raises:
        ArgumentError: nothing is named.
    """
    if text is None:
        return KEYWORDS
    text = typed(text).strip()
    words = (" ".join(word.split()) for word in text.removeprefix(ADD).split(","))
    given = tuple(dict.fromkeys(word for word in words if word))
    if not given:
        raise ArgumentError(
            _("keywords= is empty: use, for example, -a keywords=무한리필,고기뷔페, or +수제맥주 무한리필")
        )
    return tuple(dict.fromkeys((*KEYWORDS, *given))) if text.startswith(ADD) else given


def narrow_ones(keywords: Sequence[str]) -> frozenset[str]:
    """Return those that hold the words of another, which finds their stores as far as the site takes words literally.

    Of two with the same words, the second is narrow: "무한 리필" beside "무한리필".
    """
    joined = ["".join(keyword.split()) for keyword in keywords]
    return frozenset(
        keyword
        for number, (keyword, text) in enumerate(zip(keywords, joined, strict=True))
        if any(other in text for index, other in enumerate(joined) if other != text or index < number)
    )


def write_keywords(keywords: frozenset[str]) -> str | None:
    """Return the argument that names these keywords, None for the standard ones."""
    added = sorted(keywords.difference(KEYWORDS))
    if not keywords.issuperset(KEYWORDS):
        return ",".join(sorted(keywords))
    return ADD + ",".join(added) if added else None


SHORTEST_REST, LONGEST_REST = timedelta(days=7), timedelta(days=90)
ALWAYS_ASKED = frozenset(keyword for keyword in KEYWORDS if KINDS[keyword] == "offer") - narrow_ones(KEYWORDS)
"""The few that new stores are found by; they never rest."""


@dataclass(slots=True, frozen=True)
class QueryAnswer:
    """What a page of a search brought: an item of the crawl, from which the next crawls learn."""

    site: str
    keyword: str
    asked: str
    """The search, its box and its first row included: no other of the crawl is written the same."""
    total: int
    refs: dict[str, list[str]]
    """{code of each district that it was about: stores there whose page was wanted}."""
    awaited: dict[str, list[str]]
    """{code of each district that it was about: answers without which this one is not all there is to see there}."""
    others: list[str] = field(default_factory=list)
    """Stores that it showed and whose page was not wanted."""


@dataclass(slots=True, frozen=True)
class KeywordYield:
    """What a keyword brought in a district when it was last asked: a row of `refillspot.query_yields`."""

    district_code: str
    keyword: str
    first_asked_at: datetime
    asked_at: datetime
    fruitful_at: datetime | None
    """When it last had stores of its own. None = never."""
    queries: list[str]
    total: int
    refs: list[str]
    own: int | None
    """Refill stores that no keyword before it found. None = that is not judged yet."""

    def rests(self, now: datetime) -> bool:
        """Tell whether it is not worth asking yet: it rests for as long as it has been barren, a week at least."""
        if self.own != 0 or self.keyword in ALWAYS_ASKED or self.keyword not in KINDS:
            return False
        barren = self.asked_at - (self.fruitful_at or self.first_asked_at)
        return now - self.asked_at < min(max(barren, SHORTEST_REST), LONGEST_REST)


def resting(yields: Iterable[KeywordYield], keywords: Sequence[str], now: datetime) -> frozenset[tuple[str, str]]:
    """Return (district code, keyword) of what is left out of a crawl with these keywords.

    Nothing is unless all the standard ones are asked: then the others find its stores, and those given are wanted.
    """
    if not set(KEYWORDS).issubset(keywords):
        return frozenset()
    return frozenset((one.district_code, one.keyword) for one in yields if one.rests(now))
