"""What a few say of all: which are drawn, each district by its share, and how sure a share of them is."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")

Z_95 = 1.959963984540054  # standard deviations on either side that hold 95 % of a normal distribution


class Share(NamedTuple):
    """How many of how many, and between which shares that of all lies with 95 % certainty (Wilson's interval)."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float]:
        if not self.whole:
            return 0.0, 1.0
        share, z = self.part / self.whole, Z_95
        middle = share + z * z / (2 * self.whole)
        half = z * math.sqrt(share * (1 - share) / self.whole + z * z / (4 * self.whole**2))
        width = 1 + z * z / self.whole
        return max(0.0, (middle - half) / width), min(1.0, (middle + half) / width)


def draw(items: Iterable[T], stratum: Callable[[T], str], name: Callable[[T], str], size: int, seed: int) -> list[T]:
    """Return `size` of the items, of each stratum by its share, in an order of chance.

    The same seed draws the same: an item's chance comes of its name alone, so that most of a sample stays what it is
    when items are added.
    """

    def chance(item: T) -> bytes:
        return hashlib.sha256(f"{seed}\n{name(item)}".encode(errors="surrogatepass")).digest()

    strata: defaultdict[str, list[T]] = defaultdict(list)
    for item in items:
        strata[stratum(item)].append(item)
    quotas = share_out(size, {key: len(members) for key, members in strata.items()})
    drawn = [item for key, members in strata.items() for item in sorted(members, key=chance)[: quotas[key]]]
    return sorted(drawn, key=chance)


def share_out(size: int, counts: dict[str, int]) -> dict[str, int]:
    """Return how many of `size` each gets by its count, whole ones, the largest remainders first (Hare's quota)."""
    total = sum(counts.values())
    size = min(size, total)
    exact = {key: size * count / total for key, count in counts.items()}
    quotas = {key: int(share) for key, share in exact.items()}
    by_remainder: Sequence[str] = sorted(exact, key=lambda key: (quotas[key] - exact[key], key))
    for key in by_remainder[: size - sum(quotas.values())]:
        quotas[key] += 1
    return quotas
