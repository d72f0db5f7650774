"""The settings of a command or a crawl, looked at before anything starts: each can be read, and has its right name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from refillspot.configuration.names import FRAMEWORK, misspelt_names, perhaps_misspelt_names, without_effect
from refillspot.configuration.of_scrapy import MAPPINGS, allowed_for
from refillspot.configuration.values import OURS, Allowed, web_address
from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.readable import one_line
from refillspot.redaction import NAMES, scrub
from refillspot.retelling import retell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scrapy.settings import BaseSettings

    from refillspot.services import Environment

__all__ = ["OURS", "Allowed", "allowed_for", "check_files", "check_options", "read_settings", "remarks"]

LONGEST = 80  # characters of a value, in a message
UNREADABLE = (ValueError, TypeError, OverflowError, RecursionError, msgspec.ValidationError)


def read_settings(settings: BaseSettings) -> None:
    """Let each setting be what it is to be: a number a number, however it was given.

    Raises:
        ConfigurationError: some cannot be read or are misspelt; a sentence says each, with what is allowed, and none
            shows a secret.
    """
    wrong = [*misspelt_names(settings), *_unreadable_values(settings)]
    if wrong:
        raise ConfigurationError("\n".join(wrong))


def remarks(settings: BaseSettings, environment: Environment) -> Iterator[str]:
    """Yield a sentence for each thing that was set and that nobody reads: variables, lines of `.env`, settings."""
    yield from environment.remarks
    for name in sorted(environment.dotenv_names & OURS.keys()):
        yield _("{name} in .env is not read: it is a setting, for -s {name}=… or refillspot/settings.py").format(
            name=name
        )
    for name in sorted((environment.values.keys() - environment.dotenv_names) & (OURS.keys() - FRAMEWORK)):
        yield _(
            "{name} in the environment is not read: it is a setting, for -s {name}=… or refillspot/settings.py"
        ).format(name=name)
    yield from perhaps_misspelt_names(settings)
    yield from without_effect(settings)


def check_options(options: Iterable[str]) -> None:
    """Look at `-s NAME=VALUE` where NAME holds a mapping: Scrapy takes it apart at once, and raises what it pleases.

    Raises:
        ConfigurationError: one is no JSON object, or an option sets nothing.
    """
    for name, equals, given in (option.partition("=") for option in options):
        if not (name.strip() and equals):
            raise ConfigurationError(_("use -s NAME=VALUE, for example -s CONCURRENT_REQUESTS=8"))
        if (allowed := allowed_for(name)) in MAPPINGS and (wrong := _unreadable(name, given, allowed)):
            raise ConfigurationError(wrong)


def check_files(paths: Iterable[tuple[str, str | None]], *, makes_folder: bool = False) -> None:
    """Make sure that each file can be written whose option or setting has a value.

    Each is named by what set it; `makes_folder`: its folder is made, as whoever writes it does.

    Raises:
        ConfigurationError: one cannot.
    """
    for name, path in paths:
        try:
            if path is not None and makes_folder:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            if path is not None:
                Path(path).open("ab").close()
        except (OSError, ValueError) as error:
            told = _("{name} {path} cannot be written: {why}")
            why = retell(getattr(error, "strerror", None) or str(error))
            raise ConfigurationError(told.format(name=name, path=one_line(path or ""), why=why)) from error


def _unreadable_values(settings: BaseSettings) -> Iterator[str]:
    for name in sorted(map(str, settings)):
        given = settings[name]
        if not (allowed := allowed_for(name)) or (given is None and name not in OURS):
            continue
        if wrong := _unreadable(name, given, allowed):
            yield wrong
        elif (read := allowed.read(given)) is not given:
            settings.set(name, read, settings.getpriority(name) or 0)
    yield from _unusable_addresses(settings)


def _unreadable(name: str, given: Any, allowed: Allowed) -> str | None:
    """Return a sentence that says what is wrong; None: nothing is."""
    try:
        allowed.read(given)
    except ConfigurationError as error:
        return str(error)
    except UNREADABLE:
        told = _("{name}={given} cannot be used: it must be {allowed}")
        return told.format(name=name, given=_shown(name, given), allowed=allowed.told())
    return None


def _unusable_addresses(settings: BaseSettings) -> Iterator[str]:
    """Look at each of SITE_ADDRESSES: an address, or the name of a setting that holds one."""
    given = settings["SITE_ADDRESSES"]  # a list by now, if it can be read
    for address in given if isinstance(given, list | tuple | set) else ():
        try:
            if "://" in str(address):
                web_address(address)
            elif address not in settings:
                raise ValueError
        except UNREADABLE:
            told = _("SITE_ADDRESSES names {address}: neither an address with its scheme nor a setting that holds one")
            yield told.format(address=_shown("SITE_ADDRESSES", address))


def _shown(name: str, given: Any) -> str:
    if name in NAMES:
        return "***"
    text = one_line(scrub(str(given)))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
