"""Files that take their place whole, written beside it and renamed: a name has the file of before, or the new one."""

from __future__ import annotations

import hashlib
import os
import re
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PART = re.compile(r"\.(?P<of>[0-9a-f]{12})\.(?P<host>.+)-(?P<pid>\d+)\.part")


@contextmanager
def beside(target: Path, mode: int = 0o666) -> Iterator[Path]:
    """Yield a file of this program's own in the same directory, and leave none behind, of killed ones neither.

    It has the rights of the file that is there already, else `mode`, less the umask.
    """
    for path, pid in parts_of(target):
        if not psutil.pid_exists(pid):
            path.unlink(missing_ok=True)
    part = target.with_name(f".{_digest(target.name)}.{socket.gethostname()}-{os.getpid()}.part")
    mode = target.stat().st_mode & 0o777 if target.exists() else mode
    try:  # before the file is there: Ctrl-C may come at once
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
        if target.exists():
            part.chmod(mode)  # the umask was for new files
        yield part
    finally:
        with suppress(FileNotFoundError):  # it has taken its place
            part.unlink()


def parts_of(target: Path) -> Iterator[tuple[Path, int]]:
    """Yield the files of this machine's programs that were to become `target`, each with its program."""
    for path in target.parent.glob(f".{_digest(target.name)}.*.part"):
        found = PART.fullmatch(path.name)
        if found and found["host"] == socket.gethostname():
            yield path, int(found["pid"])


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Let a file, or the names in a directory, outlast a power failure; Windows has no such thing for directories."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(name: str) -> str:
    """Return what stands for a name in that of another file, which may not become too long."""
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:12]
