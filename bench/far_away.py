"""A PostgreSQL as seen from some milliseconds away."""

from __future__ import annotations

from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

from replica.tcp_proxy import TcpProxy


class reached:  # noqa: N801  # a context manager that reads as a word
    """The address of a server as seen from so far away; 0 = as it is."""

    def __init__(self, database_url: str, round_trip: float) -> None:
        self._url, self._round_trip = database_url, round_trip

    def __enter__(self) -> str:
        if not self._round_trip:
            return self._url
        parts = conninfo_to_dict(self._url)
        host, port = str(parts["host"]), parts.get("port", 5432)
        self._proxy = TcpProxy(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else f"{host}:{port}")
        self._proxy.__enter__()
        self._proxy.delay(self._round_trip / 2)
        account = ":".join(quote(str(parts[part]), safe="") for part in ("user", "password") if part in parts)
        return f"postgresql://{account}@127.0.0.1:{self._proxy.port}/{parts['dbname']}"

    def __exit__(self, *error: object) -> None:
        if self._round_trip:
            self._proxy.__exit__(*error)
