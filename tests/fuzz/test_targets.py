"""Each target on its good examples and on spoilt ones: what `python -m tests.fuzz` does for longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, seeds
from tests.parsing.hostile import KNOWN, vocabulary

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

EXAMPLES = 60
PIECES = [
    piece.encode() for piece in (*KNOWN, *vocabulary()[::40], '"', "'", "{", "[", "<", "</html>", "=", "\n", "\\u")
]


def spoilt(seed: bytes) -> SearchStrategy[bytes]:
    """Return the seed with a part of it replaced by something repeated."""
    piece = st.one_of(st.binary(max_size=8), st.sampled_from(PIECES))
    places = st.integers(0, len(seed))
    return st.builds(
        lambda start, end, what, times: seed[:start] + what * times + seed[end:],
        places, places, piece, st.sampled_from((0, 1, 200)),
    )  # fmt: skip


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_documented_errors(name: str) -> None:
    checks = settings(max_examples=EXAMPLES, database=None, derandomize=True)
    for seed in seeds(name):
        TARGETS[name](seed)
        checks(given(spoilt(seed))(TARGETS[name]))()
