"""Embedded servers, whatever the environment names: these tests are about them."""

from __future__ import annotations

import shutil
import uuid
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from refillspot.services import embedded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from refillspot.services import ServiceAddresses


@pytest.fixture
def home(short_directory: Path) -> Iterator[Path]:
    """A home in which nothing has run, stopped at the end."""
    home = short_directory / uuid.uuid4().hex[:8]
    yield home
    embedded.down(home)
    shutil.rmtree(home, ignore_errors=True)  # it may be in memory, and a start that was killed may still write there


@pytest.fixture(scope="session")
def embedded_home(short_directory: Path) -> Iterator[Path]:
    """A home whose servers run, for tests that leave them as they are."""
    home = short_directory / "embedded"
    embedded.up(home)
    yield home
    embedded.down(home)


@pytest.fixture(scope="session")
def embedded_addresses(embedded_home: Path) -> ServiceAddresses:
    return embedded.up(embedded_home)


@pytest.fixture
def processes() -> Callable[[Path], list[psutil.Process]]:
    return _processes


@pytest.fixture
def execute() -> Callable[[ServiceAddresses, str], list[tuple[object, ...]]]:
    return _execute


def _processes(home: Path) -> list[psutil.Process]:
    """The main process of each server of a home; a zombie has no command line any more."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or [""]
        if str(home) in " ".join(command) and any(name in command[0] for name in ("postgres", "valkey", "redis")):
            found.append(process)
    return found


def _execute(addresses: ServiceAddresses, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(addresses.database_url) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []
