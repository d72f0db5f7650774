"""The file `.env`, read by python-dotenv's rules: a line that cannot be read, or that nobody reads, is an error.

Where docker compose reads the same line otherwise: docs/settings.md.
"""

from __future__ import annotations

import re
import stat
from difflib import get_close_matches
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from dotenv.parser import Binding, parse_stream

from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.readable import ACTING, readable
from refillspot.retelling import system_words

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from pathlib import Path

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ALIKE = 0.85  # of difflib's ratio: a letter too many or too few
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
OF_POSTGRES = re.compile(r"(?:POSTGRES(?:QL)?_|PG_?|DATABASE_|DB_)(\w+)")
PARTS = {
    "HOST": "DB_HOST", "HOSTNAME": "DB_HOST", "SERVER": "DB_HOST", "PORT": "DB_PORT",
    "DB": "DB_NAME", "DATABASE": "DB_NAME", "NAME": "DB_NAME", "USER": "DB_USER", "USERNAME": "DB_USER",
    "PASSWORD": "DB_PASSWORD", "PASS": "DB_PASSWORD", "PASSWD": "DB_PASSWORD", "PWD": "DB_PASSWORD",
    "URL": "DATABASE_URL", "URI": "DATABASE_URL", "DSN": "DATABASE_URL",
}  # fmt: skip
OF_OTHERS = {
    "REDIS_PASS": "REDIS_PASSWORD", "REDIS_PWD": "REDIS_PASSWORD", "REDIS_AUTH": "REDIS_PASSWORD",
    "REDISCLI_AUTH": "REDIS_PASSWORD", "REDIS_DB": "REDIS_URL", "REDIS_DATABASE": "REDIS_URL",
    "CACHE_REDIS_HOST": "CACHE_REDIS_URL", "REDIS_CACHE_URL": "CACHE_REDIS_URL", "CACHE_URL": "CACHE_REDIS_URL",
    "KAKAO_KEY": "KAKAO_API_KEY", "KAKAO_REST_API_KEY": "KAKAO_API_KEY", "WEBHOOK_URL": "NOTIFY_URL",
}  # fmt: skip
"""How other programs call what this one wants to know: the image of PostgreSQL, libpq, Laravel, Django, redis-cli."""

ADDRESS_INSTEAD = {"DB_": "DATABASE_URL", "REDIS_": "REDIS_URL"}


class EnvFile(NamedTuple):
    """What a `.env` says: {name: value}, and in which line each stands; of a name that is there twice, the last."""

    values: dict[str, str]
    lines: dict[str, int]
    twice: tuple[str, ...]
    """Names with two values that differ."""


def find_env_file(directories: Iterable[Path]) -> Path | None:
    """Return the first `.env` of these directories; a virtual environment of that name is none.

    Raises:
        ConfigurationError: there is something that was meant to be one.
    """
    for directory in directories:
        path = directory / ".env"
        if path.is_dir():
            if (path / "pyvenv.cfg").exists():
                continue
            raise ConfigurationError(
                _("{path} is a directory, not a file.").format(path=path),
                _("Remove it, and copy .env.example to .env."),
            )
        if path.exists() or path.is_symlink():
            return path
        if (directory / ".env.txt").is_file():
            raise ConfigurationError(
                _("{path} is called .env.txt, and is not read.").format(path=directory / ".env.txt"),
                _("Name it .env: an editor has added the ending, which Windows hides."),
            )
    return None


def read_env_file(path: Path, known: Iterable[str]) -> EnvFile:
    """Read a `.env`; `known` are the names that this program asks for.

    Raises:
        ConfigurationError: the file, or a line of it, cannot be read; the message names the line, and no value.
    """
    known, found = tuple(known), EnvFile({}, {}, ())
    for binding in parse_stream(StringIO(_text_of(path))):
        line = binding.original.line + _blank_lines_before(binding)
        if reason := _unreadable(binding, known):
            raise _of_line(path, line, reason)
        if binding.key is None or binding.value is None:  # a comment, or `export NAME`
            continue
        if found.values.get(binding.key, binding.value) != binding.value:
            found = found._replace(twice=(*found.twice, binding.key))
        found.values[binding.key], found.lines[binding.key] = binding.value, line
    return found


def check_names(path: Path, file: EnvFile, given: Container[str], known: Iterable[str]) -> None:
    """Let no line be there for nothing: a name that is nearly one of ours, or what another program calls it.

    Raises:
        ConfigurationError: there is one, and what it means is not `given` by its right name.
    """
    for name, line in file.lines.items():
        if file.values[name].strip() and (meant := meant_name(name, given, known)):
            raise _of_line(path, line, _("{name} is not read; write {meant}").format(name=name, meant=meant))


def meant_name(name: str, given: Container[str], known: Iterable[str]) -> str | None:
    """Return the variable that `name` was meant to be.

    None: it is one, or has nothing to do with any, or what it means is `given` by its right name or by an address.
    """
    known, usual = tuple(known), name.upper().replace("-", "_")
    if name in known:
        return None
    part = OF_POSTGRES.fullmatch(usual)
    meant = OF_OTHERS.get(usual) or PARTS.get(part[1] if part else "") or _nearest(usual, known)
    address = next((url for start, url in ADDRESS_INSTEAD.items() if meant.startswith(start)), meant)
    return meant if meant and meant not in given and address not in given else None


@cache
def _nearest(name: str, known: tuple[str, ...]) -> str:
    """Return the known name, or the one that is nearly it; kept, as the environment is read several times."""
    if name in known:
        return name
    near = get_close_matches(name, sorted(known), 1, ALIKE)
    return near[0] if near else ""


def _text_of(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_fifo():
            raise ConfigurationError(_("{path} is not a file.").format(path=path))
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            _("{path} cannot be read: {reason}.").format(path=path, reason=system_words(error)),
            _("Let the account read it that runs this command, or remove it."),
        ) from None
    try:
        return data.decode("utf-8-sig")  # -sig: Notepad writes a BOM
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        told = _("{path} is not UTF-8 text.") if data[:2] in UTF_16 else _("{path} is not UTF-8 text: see line {line}.")
        raise ConfigurationError(told.format(path=path, line=line), _("Save it as UTF-8.")) from None


def _unreadable(binding: Binding, known: tuple[str, ...]) -> str | None:
    """Say why a line cannot be read."""
    text, key, value = binding.original.string, binding.key, binding.value
    if "\0" in text:
        return _("it holds a NUL character")
    if binding.error:
        is_quoted = re.search(r"=\s*['\"]", text)
        return _("a quotation mark is not closed, or something stands behind it") if is_quoted else _not_a_pair()
    if key is None:
        return None
    if not NAME.fullmatch(key) or (value is None and not text.lstrip().startswith("export")):
        return _not_a_pair()
    return _unusable(key, value or "", known)


def _unusable(key: str, value: str, known: tuple[str, ...]) -> str | None:
    """Say why a value cannot be what was meant."""
    if key in known and (unseen := ACTING.search(value)):
        return _("its value holds {character}, which cannot be seen").format(character=readable(unseen[0]))
    if "\n" in value and (key in known or re.search(rf"^\s*({'|'.join(known)})\s*=", value, re.MULTILINE)):
        return _("its value goes over several lines: a quotation mark is not closed")
    return None


def _not_a_pair() -> str:
    return _("it is not NAME=value")


def _of_line(path: Path, line: int, reason: str) -> ConfigurationError:
    return ConfigurationError(_("{path}, line {line}: {reason}.").format(path=path, line=line, reason=reason))


def _blank_lines_before(binding: Binding) -> int:
    """Return how many lines python-dotenv counts to a binding before the one that it stands in."""
    text = binding.original.string
    blank = text[: len(text) - len(text.lstrip())]
    return len(re.findall(r"\r\n|\n|\r", blank))
