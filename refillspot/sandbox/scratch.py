"""An empty database and keys of its own on the servers of a crawl, gone again afterwards."""

from __future__ import annotations

import secrets
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from refillspot.postgres.database import scratch_database
from refillspot.shared.keys import remove_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.services import ServiceAddresses


@dataclass(slots=True, frozen=True)
class Scratch:
    servers: ServiceAddresses
    """`database_url` is that of the empty database."""
    key_prefix: str


@contextmanager
def scratch_space(servers: ServiceAddresses, purpose: str) -> Iterator[Scratch]:
    """Make a database and a prefix named after a purpose, remove them and all under them at the end.

    Raises:
        ServiceUnavailableError: the account may not make a database.
    """
    prefix = f"refillspot-{purpose}-{secrets.token_hex(4)}"
    with ExitStack() as stack:
        for url in {servers.redis_url, servers.cache_redis_url}:
            stack.callback(remove_keys, url, prefix)
        database_url = stack.enter_context(scratch_database(servers.database_url, prefix.replace("-", "_")))
        yield Scratch(replace(servers, database_url=database_url), prefix)
