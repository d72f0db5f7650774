"""Where servers listen, and how the same ones are reached through something in between. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from psycopg.conninfo import conninfo_to_dict

from refillspot.redis_clients import is_watched

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
POSTGRES_PORT, REDIS_PORT = 5432, 6379


class Route(NamedTuple):
    """`target` is host:port or the path of a Unix socket, as `replica.tcp_proxy` takes it."""

    target: str
    is_local: bool
    """It is on this machine."""

    @property
    def is_socket(self) -> bool:
        return self.target.startswith("/")


def route_of(url: str) -> Route:
    """Return where a server of PostgreSQL or Redis listens; of one that Sentinel watches that is not known."""
    if is_watched(url):
        return Route("", is_local=False)
    if url.startswith("unix://"):
        return Route(unquote(urlsplit(url).path), is_local=True)
    if url.startswith(("redis://", "rediss://")):
        parts = urlsplit(url)
        host = parts.hostname or "localhost"
        return Route(f"{host}:{parts.port or REDIS_PORT}", is_local=host in LOOPBACK)
    parameters = conninfo_to_dict(url)
    host, port = str(parameters.get("host", "localhost")), parameters.get("port", POSTGRES_PORT)
    if host.startswith("/"):
        return Route(f"{host}/.s.PGSQL.{port}", is_local=True)
    return Route(f"{host}:{port}", is_local=host in LOOPBACK)


def rerouted(url: str, port: int) -> str:
    """Return the URL by which the same server is reached through a port of 127.0.0.1."""
    parts = urlsplit(url)
    if parts.scheme in {"unix", "redis", "rediss"}:
        account, at, _host = parts.netloc.rpartition("@")
        there = parts._replace(netloc=f"{account}{at}127.0.0.1:{port}")
        return urlunsplit(there._replace(scheme="redis", path="") if parts.scheme == "unix" else there)
    return _postgres_url(f"127.0.0.1:{port}", conninfo_to_dict(url), leave_out=("host", "hostaddr", "port"))


def moved(url: str, directory: Path) -> str:
    """Return the URL by which a server of a Unix socket is reached through one of the same name in `directory`."""
    if url.startswith("unix://"):
        parts = urlsplit(url)
        path = quote(f"{directory}/{unquote(parts.path).rpartition('/')[2]}")
        return f"unix://{parts.netloc}{path}" + (f"?{parts.query}" if parts.query else "")
    return _postgres_url("@", conninfo_to_dict(url) | {"host": str(directory)})


def _postgres_url(place: str, parameters: dict[str, Any], leave_out: tuple[str, ...] = ()) -> str:
    kept = {name: value for name, value in parameters.items() if name not in {"dbname", *leave_out}}
    database = quote(str(parameters.get("dbname", "")), safe="")
    return f"postgresql://{place}/{database}?{urlencode(kept, quote_via=quote)}"
