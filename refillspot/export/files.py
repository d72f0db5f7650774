"""A file for others: beside its place it is written and read again, then takes its place whole, with a manifest.

Whoever reads under the name finds the file of before or the new one, never a half of it, whatever ends this program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from refillspot.exceptions import ArgumentError, ExportError
from refillspot.export.formats import schema_version
from refillspot.language import gettext as _
from refillspot.retelling import system_words
from refillspot.whole_files import beside, parts_of, sha256_of, sync

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from refillspot.export.formats import FileFormat
    from refillspot.export.rows import Chosen

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
            with beside(self.path) as part, beside(self.manifest) as manifest_part:
                self._write(form, stores, part, facts["stores"])
                manifest = {"file": self.path.name, **facts, "bytes": part.stat().st_size, "sha256": sha256_of(part)}
                text = msgspec.json.encode(manifest)
                manifest_part.write_bytes(msgspec.json.format(text) + b"\n")
                for path in (part, manifest_part):
                    sync(path)
                part.replace(self.path)
                manifest_part.replace(self.manifest)
                sync(self.path.parent)
        except OSError as error:
            raise _cannot(self.path, error) from error
        return msgspec.json.decode(text, type=dict[str, Any])

    def _write(self, form: FileFormat, stores: Chosen, part: Path, expected: int) -> None:
        try:
            found = form.write(stores, part)
        except ValueError as error:
            told = _("{path} is not written: what was to be in it cannot be read again: {error}")
            raise ExportError(told.format(path=self.path, error=error)) from error
        if found != expected:
            told = _("{path} is not written: it would have {found} stores in place of {expected}")
            raise ExportError(told.format(path=self.path, found=found, expected=expected))

    def _is_as_left(self) -> bool:
        """Tell whether a manifest knows it, also one that was about to take its place when the program was killed."""
        known = [self.manifest, *(path for path, _pid in parts_of(self.manifest))]
        there = self.path.stat().st_size and sha256_of(self.path)
        return not there or there in map(_sum_in, known)


def _cannot(path: Path, error: OSError | RuntimeError) -> ExportError:
    why = system_words(error) if isinstance(error, OSError) else str(error)
    return ExportError(
        _("{path} cannot be written: {why}.").format(path=path, why=why),
        _("What was there under that name is as it was."),
    )


def _sum_in(manifest: Path) -> str | None:
    try:
        return str(msgspec.json.decode(manifest.read_bytes(), type=dict[str, Any]).get("sha256"))
    except (OSError, msgspec.DecodeError):
        return None
