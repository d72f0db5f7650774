from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import pytest

from refillspot.logs import Origin, open_log, write_json_log

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@posix
def test_a_log_is_for_its_owner_alone(tmp_path: Path) -> None:
    old = tmp_path / "old.log"
    old.write_text("before\n")
    old.chmod(0o644)

    for path in (old, tmp_path / "new.log"):
        with open_log(path) as log:
            log.write(b"after\n")

    assert (mode(old), mode(tmp_path / "new.log")) == (0o600, 0o600)
    assert old.read_text() == "before\nafter\n"


@posix
def test_a_log_is_never_written_through_a_link(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tmp_path / "log").symlink_to(target)

    with pytest.raises(OSError, match="symbolic links"):
        open_log(tmp_path / "log")
    assert not target.exists()


@posix
def test_a_new_json_log_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = list(logging.root.handlers)
    write_json_log(tmp_path / "log.jsonl", "INFO", Origin)
    for handler in set(logging.root.handlers) - set(before):
        logging.root.removeHandler(handler)
        handler.close()

    assert mode(tmp_path / "log.jsonl") == 0o600
