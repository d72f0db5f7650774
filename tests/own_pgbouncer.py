"""A PgBouncer before the PostgreSQL of a test."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
PORT = 6432  # names the socket; nobody listens on it
CONFIGURATION = """
[databases]
{database} = host={host} port={port}
[pgbouncer]
listen_addr =
listen_port = {own_port}
unix_socket_dir = {directory}
logfile = {directory}/log
auth_type = trust
auth_file = {directory}/users
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 100
{options}
"""


@contextmanager
def pgbouncer(directory: Path, database_url: str, mode: str, size: int, options: str = "") -> Iterator[str]:
    """Yield the address of `database_url` through a pooler with so many connections to the server; it is ended."""
    assert PROGRAM
    parts = {"port": "5432", "password": ""} | {
        name: str(part) for name, part in conninfo_to_dict(database_url).items()
    }
    directory.mkdir()
    directory.chmod(0o777)  # another account's socket and log are here
    (directory / "users").write_text(f'"{parts["user"]}" "{parts["password"]}"\n')
    (directory / "ini").write_text(
        CONFIGURATION.format(
            database=parts["dbname"], host=parts["host"], port=parts["port"], own_port=PORT, directory=directory,
            mode=mode, size=size, options=options,
        )
    )  # fmt: skip
    account: dict[str, Any] = {}
    if os.geteuid() == 0:  # which it refuses
        owner = Path(parts["host"]).stat() if parts["host"].startswith("/") else None
        is_embedded = owner is not None and owner.st_uid  # then nobody else may enter
        account = {"user": owner.st_uid, "group": owner.st_gid} if owner and is_embedded else {"user": "nobody"}
    process = subprocess.Popen([PROGRAM, "--quiet", str(directory / "ini")], stderr=subprocess.DEVNULL, **account)
    url = f"postgresql://{quote(parts['user'])}@/{parts['dbname']}?host={quote(str(directory))}&port={PORT}"
    try:
        while process.poll() is None:  # ends at pytest's time-out if never
            try:
                psycopg.connect(url, connect_timeout=5).close()
                break
            except psycopg.OperationalError:
                time.sleep(0.02)
        assert process.poll() is None, (directory / "log").read_text()
        yield url
    finally:
        process.kill()
        process.wait()
