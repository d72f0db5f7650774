"""The two generations of the site's answers, as reported of 2025 and 2026, and which of them an answer is of."""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

BOM = b"\xef\xbb\xbf"  # some PHP files begin with it, and with them whatever they print
BOM_SHARE = 0.02  # of the answers of 2026
ROBOTS_BOM_SHARE = 0.1  # of the days of its robots.txt
COUNT_TEXT_SHARE = 0.3  # of the counts of 2026 that come as text: "1,185"
ZERO_SHARE = 0.1  # of those: "0,1185"
NO_PROTOCOL_SHARE = 0.15  # of the pictures of 2026: "//images…"
ODD_SHARE = 0.005  # of the optional parts of `mixed`
NAMES = ("2025", "2026", "mixed")
GENERATION, MARK = 0x51ED, 0xB0B0  # two independent draws from one key
SPREAD = 0x9E3779B1  # a multiplier that mixes CRC's bits, which are linear in the key's


class Shapes(NamedTuple):
    """`name` is one of NAMES; `odd` is the share of the optional parts that are replaced, see `replica.odd`."""

    name: str
    odd: float = 0.0

    def is_new(self, key: bytes) -> bool:
        """Whether what has this key is of 2026; of `mixed` about half is."""
        return self.name == "2026" or (self.name == "mixed" and chance(key, GENERATION) < 0.5)

    def mark(self, key: bytes, body: bytes, share: float = BOM_SHARE) -> bytes:
        """Return the body, of 2026 now and then behind a byte-order mark."""
        return BOM + body if self.is_new(key) and chance(key, MARK) < share else body


MIXED = Shapes("mixed", ODD_SHARE)


def name_shapes(name: str, odd: float | None = None) -> Shapes:
    """Return the shapes of a name; `odd` None = its usual share."""
    usual = ODD_SHARE if name == "mixed" else 0.0
    return Shapes(name, usual if odd is None else odd)


def chance(key: bytes, salt: int) -> float:
    """Return a number of [0, 1) that depends on key and salt alone."""
    return (crc32(key, salt) * SPREAD & 0xFFFFFFFF) / 2**32


def write_count(count: int, roll: float, *, is_new: bool) -> int | str:
    """Return a count as a number, in 2026 at times as text; `roll` of [0, 1) decides."""
    if not is_new or roll >= COUNT_TEXT_SHARE:
        return count
    return f"0,{count}" if roll < COUNT_TEXT_SHARE * ZERO_SHARE else f"{count:,}"


def write_url(url: str, roll: float, *, is_new: bool) -> str:
    """Return a picture's address, in 2026 at times without its protocol; `roll` of [0, 1) decides."""
    return url.removeprefix("https:") if is_new and roll < NO_PROTOCOL_SHARE else url
