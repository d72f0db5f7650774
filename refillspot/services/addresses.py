"""Where PostgreSQL and Redis are. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo
from redis.connection import URL_QUERY_ARGUMENT_PARSERS, SSLConnection, parse_url

from refillspot.exceptions import ConfigurationError
from refillspot.language import gettext as _
from refillspot.redaction import MASK, PASSWORD_PARAMETER
from refillspot.redis_clients import SENTINEL, SENTINEL_OPTIONS, Watched, is_watched
from refillspot.site_hosts import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

POSTGRES_DEFAULTS = {
    "DB_HOST": "localhost",
    "DB_PORT": "5432",
    "DB_NAME": "refill_spot",
    "DB_USER": "postgres",
    "DB_PASSWORD": "",
}
REDIS_DEFAULTS = {"REDIS_HOST": "localhost", "REDIS_PORT": "6379", "REDIS_PASSWORD": ""}
ENCRYPTED = {"require", "verify-ca", "verify-full"}
"""Modes of libpq's `sslmode` under which nothing is sent in the clear; its default, prefer, is none."""

REDIS_OPTIONS = ("db", "username", "password", "client_name", "health_check_interval", "socket_keepalive")
"""What an address of Redis may hold behind `?`, beside those of TLS.

Others of redis-py's change what answers look like, as decode_responses does, or how long they may take.
"""
TLS_OPTIONS = [name for name in signature(SSLConnection).parameters if name.startswith("ssl_")]

# Greedy up to the last @, as a password may hold one that was not encoded.
PASSWORD_OF_USER = re.compile(r"(?<=://)([^:/@?]*):.*@")


@dataclass(frozen=True)
class ServiceAddresses:
    """What a crawl connects to: PostgreSQL, the Redis of the queue and the Redis of the page cache."""

    database_url: str
    redis_url: str
    cache_redis_url: str


@dataclass(frozen=True)
class ConfiguredAddress:
    """An address, and the variables that set it: DATABASE_URL, or some of DB_HOST, DB_PORT and so on."""

    url: str
    variables: tuple[str, ...]


def read_addresses(values: Mapping[str, str]) -> dict[str, ConfiguredAddress]:
    """Read environment values, without placeholders, into addresses of postgres, redis and redis-cache.

    A server that is not configured is missing.  The cache uses the queue's server unless it has its own.
    REDIS_PASSWORD is that of both, unless a URL holds another.

    Raises:
        ConfigurationError: a URL or a port can not be used; the message names the variable and shows no secret.
    """
    database = _read_url(values, "DATABASE_URL", _check_postgres_url) or _build_postgres_url(values)
    redis = _read_url(values, "REDIS_URL", _check_redis_url) or _build_redis_url(values)
    cache = _read_url(values, "CACHE_REDIS_URL", _check_redis_url) or redis
    addresses = {"postgres": database, "redis": redis, "redis-cache": cache}
    found = {name: address for name, address in addresses.items() if address}
    if password := values.get("REDIS_PASSWORD"):
        found |= {name: _with_password(found[name], password) for name in found.keys() - {"postgres"}}
    return found


def mask_password(url: str) -> str:
    """Replace each password in a URL by ***, for logs and messages."""
    return PASSWORD_PARAMETER.sub(rf"\1{MASK}", PASSWORD_OF_USER.sub(rf"\1:{MASK}@", url))


def crosses_network_in_the_clear(url: str, ssl_mode: str = "") -> bool:
    """Whether others on the way to a server may read and change what is sent; `ssl_mode` is that of PGSSLMODE."""
    if is_watched(url):
        return not all(_is_here(host) for host, _port in Watched.read(url).sentinels)
    if url.startswith(("redis://", "rediss://", "unix://")):
        return url.startswith("redis://") and not _is_here(urlsplit(url).hostname or "localhost")
    parts = conninfo_to_dict(url)
    hosts = str(parts.get("hostaddr") or parts.get("host") or "").split(",")
    return str(parts.get("sslmode") or ssl_mode) not in ENCRYPTED and not all(map(_is_here, hosts))


def _is_here(host: str) -> bool:
    return not host or host.startswith(("/", "@")) or is_loopback(host)  # @: an abstract socket


def _unusable(variable: str, reason: ValueError) -> ConfigurationError:
    return ConfigurationError(
        _("{variable} cannot be used: {reason}.").format(variable=variable, reason=reason),
        _("See .env.example for how it is written."),
    )


def _not_encoded() -> ValueError:
    return ValueError(
        _("its special characters must be percent-encoded in user and password (@ is %40, / is %2F, # is %23)")
    )


def _check_port(text: str) -> None:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535):
        raise ValueError(_("the port must be a number from 1 to 65535"))


def _read_url(values: Mapping[str, str], variable: str, check: Callable[[str], None]) -> ConfiguredAddress | None:
    if not (url := values.get(variable)):
        return None
    try:
        check(url)
    except ValueError as error:
        raise _unusable(variable, error) from None
    return ConfiguredAddress(url, (variable,))


def _check_postgres_url(url: str) -> None:
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError(_("it must start with postgresql://"))
    try:
        _check_account(url)
        _check_postgres_options(url)
        ports = str(conninfo_to_dict(url).get("port", "")).split(",")
    except psycopg.ProgrammingError:  # its text may hold a part of the password
        raise _not_encoded() from None
    for port in filter(None, ports):
        _check_port(port)


def _check_postgres_options(url: str) -> None:
    known = {option.keyword.decode() for option in Conninfo.get_defaults()} | {"ssl"}
    if unknown := _options(url).keys() - known:
        raise ValueError(_("PostgreSQL has no option {option}").format(option=min(unknown)))


def _check_redis_url(url: str) -> None:
    if not url.startswith(("redis://", "rediss://", "unix://", SENTINEL)):
        raise ValueError(_("it must start with redis://, rediss://, unix:// or redis+sentinel://"))
    if not url.startswith("unix://"):
        _check_account(url)
    elif "@" not in url and not url.startswith("unix:///"):
        raise ValueError(_("the path of a socket begins with a third slash: unix:///run/redis.sock"))
    _check_redis_options(url)
    if is_watched(url):
        Watched.read(url)
        return
    try:
        parse_url(url)  # type: ignore[no-untyped-call]
    except ValueError:  # its text may hold a part of the password
        raise _not_encoded() from None


def _check_redis_options(url: str) -> None:
    path, options = urlsplit(url).path, _options(url)
    in_path = path.removeprefix("/").partition("/")[2] if is_watched(url) else path.removeprefix("/")
    database = options.get("db") or ("" if url.startswith("unix:") else in_path)
    if database and not (database.isascii() and database.isdecimal()):
        raise ValueError(_("the database is a number: /0 or ?db=0"))
    for option in sorted(options):
        if option in TLS_OPTIONS and not url.startswith("rediss://"):
            raise ValueError(_("{option} needs an address that starts with rediss://").format(option=option))
        if option not in {*TLS_OPTIONS, *REDIS_OPTIONS, *(SENTINEL_OPTIONS if is_watched(url) else ())}:
            told = _("the option {option} is not for a crawl; allowed are {allowed} and, with rediss://, ssl_…")
            raise ValueError(told.format(option=option, allowed=", ".join(REDIS_OPTIONS)))
        if option == "socket_keepalive" and url.startswith("unix:"):
            raise ValueError(_("a socket has no connection to keep alive: leave out {option}").format(option=option))
        read: Any = _seconds if option == "health_check_interval" else URL_QUERY_ARGUMENT_PARSERS.get(option)
        if read and not _can_be_read(read, options[option]):
            raise ValueError(_("the value of {option} cannot be read").format(option=option))


def _seconds(text: str) -> int:
    """Read a time between two looks at a connection: before a negative one is over it is looked at within a look."""
    if (seconds := int(text)) < 0:
        raise ValueError
    return seconds


def _can_be_read(read: Callable[[str], Any], text: str) -> bool:
    try:
        read(text)
    except (TypeError, ValueError):
        return False
    return True


def _options(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


def _check_account(url: str) -> None:
    """Refuse a bare @ / ? or # in a password: a part of it would be taken for the host, and be shown in messages."""
    try:
        host = urlsplit(url).netloc
    except ValueError:  # brackets; its text may hold a part of the password
        raise _not_encoded() from None
    if url.count("@") > 1 or url.count("@") != host.count("@"):
        raise _not_encoded()


def _build_postgres_url(values: Mapping[str, str]) -> ConfiguredAddress | None:
    if not (variables := tuple(name for name in POSTGRES_DEFAULTS if values.get(name))):
        return None
    host, port, name, user, password = (quote(text, safe="") for text in _with_defaults(values, POSTGRES_DEFAULTS))
    _check_port_variable("DB_PORT", port)
    account = f"{user}:{password}" if password else user
    if host.startswith("%2F"):  # a directory of sockets
        return ConfiguredAddress(f"postgresql://{account}@/{name}?host={host}&port={port}", variables)
    return ConfiguredAddress(f"postgresql://{account}@{_bracket(host)}:{port}/{name}", variables)


def _build_redis_url(values: Mapping[str, str]) -> ConfiguredAddress | None:
    if not (variables := tuple(name for name in REDIS_DEFAULTS if values.get(name))):
        return None
    host, port, _password = _with_defaults(values, REDIS_DEFAULTS)
    _check_port_variable("REDIS_PORT", port)
    return ConfiguredAddress(f"redis://{_bracket(quote(host, safe=''))}:{port}/0", variables)


def _with_password(address: ConfiguredAddress, password: str) -> ConfiguredAddress:
    is_there = Watched.read(address.url).options if is_watched(address.url) else parse_url(address.url)  # type: ignore[no-untyped-call]
    if is_there.get("password"):
        return address
    parts = urlsplit(address.url)
    user, _at, host = parts.netloc.rpartition("@")
    url = urlunsplit(parts._replace(netloc=f"{user.rstrip(':')}:{quote(password, safe='')}@{host}"))
    return ConfiguredAddress(url, tuple(dict.fromkeys((*address.variables, "REDIS_PASSWORD"))))


def _bracket(host: str) -> str:
    """Undo the quoting of an IPv6 address, which a URL holds in brackets."""
    return f"[{unquote(host).strip('[]')}]" if "%3A" in host else host


def _with_defaults(values: Mapping[str, str], defaults: Mapping[str, str]) -> list[str]:
    return [values.get(name) or default for name, default in defaults.items()]


def _check_port_variable(variable: str, text: str) -> None:
    try:
        _check_port(text)
    except ValueError as error:
        raise _unusable(variable, error) from None
