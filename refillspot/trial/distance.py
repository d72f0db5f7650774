"""Servers as seen from farther away: a proxy holds back everything for half a round trip each way."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from refillspot.services.addresses import ServiceAddresses
from refillspot.services.rerouting import rerouted, route_of
from refillspot.trial.programs import running_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.trial.programs import Program


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
        addresses, proxies = {}, {}
        for name, url in asdict(servers).items():
            upstream = route_of(url).target
            proxy = stack.enter_context(running_program("replica.tcp_proxy", "--upstream", upstream))
            proxy.tell(f"delay {round_trip_seconds / 2}")
            addresses[name] = rerouted(url, int(proxy.said.split(" -> ")[0].rpartition(":")[2]))
            proxies[name] = proxy
        yield Distance(ServiceAddresses(**addresses), proxies)
