"""A run whose servers are in memory leaves nothing there, however it ended."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests import one_run
from tests.one_run import OneRun

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="has no directory in memory")


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(one_run, "MEMORY", tmp_path)
    monkeypatch.setattr(one_run, "ROOM", 0)
    return tmp_path


def test_what_a_killed_run_left_is_ended_by_the_next(memory: Path) -> None:
    killed = OneRun.begin()
    assert killed.directory.parent == memory
    assert killed.lock
    killed.lock.close()  # as the system does for whoever is killed
    with subprocess.Popen(
        [sys.executable, "-c", "input()", killed.directory / "data"], stdin=subprocess.PIPE
    ) as server:
        OneRun.begin().end()

        assert server.wait() != 0
    assert list(memory.iterdir()) == []


def test_a_run_at_work_is_left_alone_by_others() -> None:
    at_work = OneRun.begin()
    OneRun.begin().end()

    assert at_work.directory.exists()
    at_work.end()
    assert not at_work.directory.exists()


def test_without_room_it_begins_elsewhere(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_run, "ROOM", 1 << 62)
    run = OneRun.begin()

    assert (run.lock, list(memory.iterdir())) == (None, [])
    run.end()
