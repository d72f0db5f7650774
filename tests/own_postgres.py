"""A PostgreSQL that a test may kill."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

from refillspot.services.binaries import find_postgres
from refillspot.services.postgres_server import PORT, PostgresServer

if TYPE_CHECKING:
    from pathlib import Path


class OwnPostgres:
    """A PostgreSQL of its own, as the embedded one is started."""

    def __init__(self, directory: Path) -> None:
        self._server = PostgresServer("postgres", directory)
        self._directory = directory
        self.url = self._server.url
        self.socket = f"{directory}/.s.PGSQL.{PORT}"

    def start(self) -> None:
        """Return when it takes connections; ends at pytest's time-out if never.

        It is started again only where nothing of it runs: the product takes the file of another one for a stale one.
        """
        while not self._server.answers():
            if not self._running():
                nothing = os.open(os.devnull, os.O_RDONLY)  # in place of the lock that the product holds
                self._server.start(nothing)
                os.close(nothing)
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL to the postmaster; return when its children have noticed and are gone too."""
        if not (postmaster := self._running()):
            return
        processes = [postmaster, *postmaster.children(recursive=True)]
        postmaster.kill()
        psutil.wait_procs(processes)

    def process(self) -> psutil.Process:
        """Return its first process, while it runs; the others are children of that."""
        process = self._running()
        assert process
        return process

    def copy(self, to: Path) -> None:
        """Make a copy of what it has now, as one that is to take over is begun."""
        program = find_postgres() / "pg_basebackup"
        command: list[str | Path] = [
            program,
            "-h",
            self._directory,
            "-U",
            "postgres",
            "-D",
            to,
            "-c",
            "fast",
            "-X",
            "fetch",
        ]
        subprocess.run(command, check=True, capture_output=True)

    def become(self, copy: Path) -> None:
        """Let a copy take over: what was committed after it was made is gone."""
        self.kill()
        data = self._directory / "data"
        owner = data.stat()
        shutil.rmtree(data)
        shutil.move(copy, data)
        for path in (data, *data.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        self.start()

    def _running(self) -> psutil.Process | None:
        """Return its first process as soon as there is one; its file comes later."""
        option = f"unix_socket_directories={self._directory} "
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if option in " ".join([*process.cmdline(), ""]) and process.status() != psutil.STATUS_ZOMBIE:
                    return process
        return None
