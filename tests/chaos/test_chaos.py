"""The short form of `make chaos`: a few rounds whose troubles are always the same."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.chaos.arena import Arena
from tests.chaos.rounds import play

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.programs import Launcher


@pytest.fixture(scope="module")
def arena(launcher: Launcher) -> Iterator[Arena]:
    with Arena(partial(launcher.start, children_too=True)) as arena:
        yield arena


@pytest.mark.timeout(600)  # a round that is stuck says so after its own time
@pytest.mark.parametrize("seed", [1, 2])
def test_a_round_of_chaos_loses_nothing(arena: Arena, seed: int) -> None:
    played = play(arena, seed)

    assert not played.wrong, "\n".join([repr(played), *played.told])
