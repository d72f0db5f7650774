"""Servers as seen from farther away: a proxy holds back everything for half a round trip each way."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from refillspot.sandbox.replica import running_program
from refillspot.services.addresses import ServiceAddresses
from refillspot.services.rerouting import moved, rerouted, route_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.sandbox.replica import Program


def are_near(servers: ServiceAddresses) -> bool:
    """Whether all are on this machine: others are as far away as they are."""
    return all(route_of(url).is_local for url in asdict(servers).values())


class Distance:
    """Proxies in front of servers. `servers` are their addresses through them."""

    def __init__(self, servers: ServiceAddresses, proxies: dict[str, Program]) -> None:
        self.servers = servers
        self._proxies = proxies

    def cut(self, server: str) -> bool:
        """Reset all connections to database_url, redis_url or cache_redis_url; new ones are welcome.

        Return whether that was done.
        """
        return self._proxies[server].tell("cut").startswith("cut:")


@contextmanager
def far_away(servers: ServiceAddresses, round_trip_seconds: float) -> Iterator[Distance]:
    """Put a proxy in front of each server.

    Raises:
        ServiceUnavailableError: a proxy does not start.
    """
    with ExitStack() as stack:
        closed_to_others = Path(stack.enter_context(TemporaryDirectory(prefix="refillspot-")))
        addresses, proxies = {}, {}
        for name, url in asdict(servers).items():
            addresses[name], proxies[name] = stack.enter_context(_proxy(url, closed_to_others / name))
            proxies[name].tell(f"delay {round_trip_seconds / 2}")
        yield Distance(ServiceAddresses(**addresses), proxies)


@contextmanager
def _proxy(url: str, directory: Path) -> Iterator[tuple[str, Program]]:
    """Listen as the server does: on a port of loopback others would get past the permissions of its socket."""
    route = route_of(url)
    options = ["--upstream", route.target]
    if route.is_socket:
        directory.mkdir()
        url = moved(url, directory)
        options += ["--path", route_of(url).target]
    with running_program("replica.tcp_proxy", *options) as proxy:
        place = proxy.said.split(" -> ")[0]
        yield url if route.is_socket else rerouted(url, int(place.rpartition(":")[2])), proxy
