"""The environment and `.env` as one mapping, in which placeholders do not count."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.redaction import holds_secret
from refillspot.services.env_file import EnvFile, check_names, find_env_file, meant_name, read_env_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VARIABLES = (
    "DATABASE_URL", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD", "REDIS_URL", "REDIS_HOST", "REDIS_PORT",
    "REDIS_PASSWORD", "CACHE_REDIS_URL", "KAKAO_API_KEY", "NOTIFY_URL", "CONTACT", "REFILLSPOT_HOME",
)  # fmt: skip
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "CACHE_REDIS_URL")
"""Settings, too: with `-s` they go before the environment."""
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
PLACEHOLDER = re.compile(r"\s*|your[_-].*|change[_-]?me|<.*>", re.IGNORECASE)
PLACEHOLDER_IN_URL = re.compile(r"your_\w+_here|<\w+>", re.IGNORECASE)


@dataclass(frozen=True)
class Environment:
    """What is set, and where: values without placeholders, and the directory that holds scrapy.cfg."""

    values: Mapping[str, str]
    dotenv_names: frozenset[str]
    directory: Path
    placeholders: tuple[str, ...] = ()
    """Variables of this project that were left as an example shows them."""
    secrets_in: Path | None = None
    """The `.env` that was read, if it holds a secret."""
    remarks: tuple[str, ...] = ()
    """What stands there for nothing, in sentences."""

    @property
    def home(self) -> Path:
        """Where the embedded servers live: REFILLSPOT_HOME, default `.refillspot` beside scrapy.cfg.

        Links are left in it, for whoever uses it to see whose they are.
        """
        return self.directory / Path(self.values.get("REFILLSPOT_HOME", ".refillspot")).expanduser()

    def origin(self, names: Iterable[str]) -> str:
        """Where variables were set, in words: "DB_HOST, DB_PORT in .env"."""
        shell = _("the environment")
        places: dict[str, list[str]] = {".env": [], shell: []}
        for name in names:
            places[".env" if name in self.dotenv_names else shell].append(name)
        told = [
            _("{names} in {place}").format(names=", ".join(found), place=place)
            for place, found in places.items()
            if found
        ]
        return _(" and ").join(told)


def read_environment(environ: Mapping[str, str] | None = None, directory: Path | None = None) -> Environment:
    """Merge the process environment over the `.env` of `directory`, or else of the project around it.

    An empty variable in the process environment hides the one of `.env`, so that compose can unset DATABASE_URL.

    Raises:
        ConfigurationError: `.env` cannot be read, or has a line that cannot, or that nobody reads; the home or a proxy
            is none.
    """
    environ = os.environ if environ is None else environ
    directory = (directory or Path.cwd()).resolve()
    project = next((path for path in (directory, *directory.parents) if (path / "scrapy.cfg").is_file()), directory)
    path = find_env_file((directory, project))
    file = read_env_file(path, VARIABLES) if path else EnvFile({}, {}, ())
    if path:
        check_names(path, file, {**file.values, **environ}, VARIABLES)
    dotenv = file.values
    values = {name: value.strip() for name, value in {**dotenv, **environ}.items() if not is_placeholder(value)}
    given = {name: text for name, text in {**dotenv, **environ}.items() if name in VARIABLES and text.strip()}
    left = tuple(name for name, text in given.items() if is_placeholder(text))
    is_secret = holds_secret({name: value for name, value in dotenv.items() if not is_placeholder(value)})
    _check_home(values)
    _check_proxies(environ)
    return Environment(
        values,
        frozenset(dotenv.keys() - environ.keys()),
        project,
        left,
        path if is_secret else None,
        _remarks(file, environ, given),
    )


def environ_with(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment of the process, with the addresses of servers that settings hold."""
    return {**os.environ, **{name: settings[name] for name in ADDRESSES if settings.get(name)}}


def is_placeholder(value: str) -> bool:
    """Whether a value is empty or was left as an example shows it: your_kakao_api_key_here, changeme, <password>."""
    return bool(PLACEHOLDER.fullmatch(value) or ("://" in value and PLACEHOLDER_IN_URL.search(value)))


def _check_home(values: Mapping[str, str]) -> None:
    try:
        Path(values.get("REFILLSPOT_HOME", "")).expanduser()
    except RuntimeError:  # `~name` of nobody
        told = _("REFILLSPOT_HOME={path} cannot be used: nobody of this machine has that home.")
        raise ConfigurationError(told.format(path=values["REFILLSPOT_HOME"])) from None


def _check_proxies(environ: Mapping[str, str]) -> None:
    """Refuse what is no address: each request would fail by it, and become a dead letter."""
    for name in (*PROXIES, *map(str.upper, PROXIES)):
        text = environ.get(name, "")
        try:
            parts = urlsplit(text if "://" in text else f"http://{text}")
            is_address = not text or bool(parts.hostname and parts.port != 0)
        except ValueError:
            is_address = False
        if not is_address:  # not shown: it may hold a password
            told = _("{name} in the environment is not the address of a proxy: use, for example, {example}")
            raise ConfigurationError(told.format(name=name, example="http://proxy.example.org:3128"))


def _remarks(file: EnvFile, environ: Mapping[str, str], given: Mapping[str, str]) -> tuple[str, ...]:
    """Say what of the environment is not read, though it was meant to be."""
    told = [
        _("{name} in .env has two values; the last one, in line {line}, counts").format(
            name=name, line=file.lines[name]
        )
        for name in file.twice
        if name in VARIABLES
    ]
    if "REFILLSPOT_LANG" in file.values:
        told.append(_("REFILLSPOT_LANG is read from the environment, not from .env"))
    told += [
        _("{name} in the environment is not read: write {meant}").format(name=name, meant=meant)
        for name in environ
        if environ[name].strip() and (meant := meant_name(name, given, VARIABLES))
    ]
    return tuple(told)
