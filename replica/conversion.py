"""A restaurant under another name, or that begins to serve all-you-can-eat, or ends it. It stays where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from replica.concepts import draw_offered, draw_ordinary
from replica.kinds import CHAINS, REFILL
from replica.vocabulary import FIRST_WORDS

if TYPE_CHECKING:
    from random import Random

    from replica.store import Concept

SAYING_NAMES = ("무한", "무제한", "뷔페", *(chain.dish for chain in CHAINS))


def start_refill(concept: Concept, rng: Random) -> Concept:
    """Return the concept with an offer on its board, of what it cooks if that can be offered; the name stays."""
    if concept.refill:
        return concept
    cooked = [kind for kind in REFILL if kind.dish in concept.categories]
    offered = draw_offered(rng.choice(cooked or REFILL), rng)
    return replace(offered, name=concept.name, branch=concept.branch, building=concept.building, tags=concept.tags)


def stop_refill(concept: Concept, rng: Random) -> Concept:
    """Return the concept of an ordinary restaurant; a name that speaks of the offer goes with it."""
    if not concept.refill:
        return concept
    ordinary = draw_ordinary(rng)
    name = ordinary.name if any(word in concept.name for word in SAYING_NAMES) else concept.name
    return replace(ordinary, name=name, branch=concept.branch, building=concept.building)


def rename(concept: Concept, rng: Random) -> Concept:
    """Return the concept with another first word in its name; what the name says of the offer stays."""
    first, _, rest = concept.name.partition(" ")
    kept = rest if first in FIRST_WORDS and rest else concept.name
    return replace(concept, name=f"{rng.choice([word for word in FIRST_WORDS if word != first])} {kept}")
