"""A file for others: beside its place it is written and read again, then takes its place whole, with a manifest.

Whoever reads under the name finds the file of before or the new one, never a half of it, whatever ends this program.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import msgspec
import psutil

from refillspot.exceptions import ArgumentError, ExportError
from refillspot.export.formats import schema_version
from refillspot.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from refillspot.export.formats import FileFormat
    from refillspot.export.rows import Chosen

PART = re.compile(r"\.(?P<of>[0-9a-f]{12})\.(?P<host>.+)-(?P<pid>\d+)\.part")
JOURNALS = ("-journal", "-wal")  # SQLite's, of a database that somebody is writing into

LICENCE = (
    "Facts about restaurants as a site shows them (source_url), collected and judged by refillspot. The licence of "
    "refillspot, MIT, is that of the program alone; what may be done with these data it cannot say. Before you hand "
    "them on, read docs/data-licence.md."
)


def describe(stores: Chosen, now: datetime) -> dict[str, Any]:
    """Return what a manifest says of the stores of a file."""
    verdicts = stores.snapshot.counts(stores.wanted)
    return {
        "exported_at": now,
        "schema_version": schema_version(),
        "stores": sum(verdicts.values()),
        "verdicts": verdicts,
        "crawls": stores.snapshot.crawls(stores.wanted),
        "columns": stores.columns,
        "licence": LICENCE,
    }


class ExportFile:
    """The file under a name, or none yet, and the manifest beside it."""

    def __init__(self, path: Path) -> None:
        try:
            self.path = path.resolve()  # through a link, as every program writes
            self.manifest = self.path.with_name(f"{self.path.name}.manifest.json")
        except (OSError, RuntimeError) as error:
            raise _cannot(path, error) from error

    def check(self, *, overwrite: bool) -> None:
        """See whether it may be written: a file that is there must be as an export left it.

        Raises:
            ArgumentError: it is another file, or was changed since; or there can be none.
            ExportError: it cannot be looked at.
        """
        try:
            self._check(overwrite=overwrite)
        except OSError as error:  # such as a name that is too long
            raise _cannot(self.path, error) from error

    def _check(self, *, overwrite: bool) -> None:
        if self.path.is_dir() or not self.path.parent.is_dir():
            told = _("{path} can be no file: name one in a directory that is there, as in -o stores.csv")
            raise ArgumentError(told.format(path=self.path))
        if self.path.exists() and not self.path.is_file():
            told = _("{path} is no file: for standard output use -o -")
            raise ArgumentError(told.format(path=self.path))
        for journal in (self.path.with_name(f"{self.path.name}{end}") for end in JOURNALS):
            if journal.exists():
                told = _("{path} is open in another program, which has begun {journal}: close it there first")
                raise ArgumentError(told.format(path=self.path, journal=journal.name))
        if self.path.exists() and not overwrite and not self._is_as_left():
            told = _("{path} is no export, or was changed since: name another file, or use --overwrite")
            raise ArgumentError(told.format(path=self.path))

    def write(self, form: FileFormat, stores: Chosen, facts: dict[str, Any]) -> dict[str, Any]:
        """Write it, put it in place and return its manifest, which `facts` are part of; `stores` of them are expected.

        Raises:
            ExportError: it cannot be written, or what is in it is not what was to be; the file that was there stays.
        """
        if not facts["stores"]:
            raise ExportError(_("no store is meant by these options: no file is written"))
        try:
            with self._beside(self.path) as part, self._beside(self.manifest) as manifest_part:
                self._write(form, stores, part, facts["stores"])
                manifest = {"file": self.path.name, **facts, "bytes": part.stat().st_size, "sha256": _sha256(part)}
                text = msgspec.json.encode(manifest)
                manifest_part.write_bytes(msgspec.json.format(text) + b"\n")
                for path in (part, manifest_part):
                    _sync(path)
                part.replace(self.path)
                manifest_part.replace(self.manifest)
                _sync(self.path.parent)
        except OSError as error:
            raise _cannot(self.path, error) from error
        return msgspec.json.decode(text, type=dict[str, Any])

    def _write(self, form: FileFormat, stores: Chosen, part: Path, expected: int) -> None:
        try:
            form.write(stores, part)
            found = form.count(part)
        except ValueError as error:
            told = _("{path} is not written: what was to be in it cannot be read again: {error}")
            raise ExportError(told.format(path=self.path, error=error)) from error
        if found != expected:
            told = _("{path} is not written: it would have {found} stores in place of {expected}")
            raise ExportError(told.format(path=self.path, found=found, expected=expected))

    def _is_as_left(self) -> bool:
        """Tell whether a manifest knows it, also one that was about to take its place when the program was killed."""
        known = [self.manifest, *(path for path, _pid in self._parts(self.manifest))]
        there = self.path.stat().st_size and _sha256(self.path)
        return not there or there in map(_sum_in, known)

    @contextmanager
    def _beside(self, target: Path) -> Iterator[Path]:
        """Yield a file of this program's own in the same directory, and leave none behind, of killed ones neither."""
        for path, pid in self._parts(target):
            if not psutil.pid_exists(pid):
                path.unlink(missing_ok=True)
        part = target.with_name(f".{_digest(target.name)}.{socket.gethostname()}-{os.getpid()}.part")
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666
        try:  # before the file is there: Ctrl-C may come at once
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
            if target.exists():
                part.chmod(mode)  # the umask was for new files
            yield part
        finally:
            with suppress(FileNotFoundError):  # it has taken its place
                part.unlink()

    def _parts(self, target: Path) -> Iterator[tuple[Path, int]]:
        """Yield the files of this machine's programs that were to become `target`, each with its program."""
        for path in target.parent.glob(f".{_digest(target.name)}.*.part"):
            found = PART.fullmatch(path.name)
            if found and found["host"] == socket.gethostname():
                yield path, int(found["pid"])


def _cannot(path: Path, error: OSError | RuntimeError) -> ExportError:
    why = getattr(error, "strerror", None) or str(error)
    return ExportError(
        _("{path} cannot be written: {why}.").format(path=path, why=why),
        _("What was there under that name is as it was."),
    )


def _digest(name: str) -> str:
    """Return what stands for a name in that of another file, which may not become too long."""
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:12]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sum_in(manifest: Path) -> str | None:
    try:
        return str(msgspec.json.decode(manifest.read_bytes(), type=dict[str, Any]).get("sha256"))
    except (OSError, msgspec.DecodeError):
        return None


def _sync(path: Path) -> None:
    """Let a file, or the names in a directory, outlast a power failure; Windows has no such thing for directories."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
