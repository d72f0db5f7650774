"""The hosts of a site, as the settings name them: what one did is not held against another. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

PORTS = {"http": 80, "https": 443}


@dataclass(slots=True, frozen=True)
class SiteHosts:
    """Settings: SITE_ADDRESSES, and those that it names."""

    urls: tuple[str, ...]
    """Where the API is comes first, where the pages for people are last; they may be one, and there may be none."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        given = settings.get("SITE_ADDRESSES") or ()
        names = given.split(",") if isinstance(given, str) else given
        return cls(tuple(name if "://" in name else settings[name] for name in names))

    @property
    def api_url(self) -> str:
        return self.urls[0]

    @property
    def web_url(self) -> str:
        return self.urls[-1]

    @property
    def hosts(self) -> tuple[str, ...]:
        """Each host once, with its port where that is not the usual one."""
        return tuple(dict.fromkeys(map(host_of, self.urls)))

    @property
    def is_on_loopback(self) -> bool:
        """Whether every host of it is this machine."""
        return bool(self.urls) and all(is_loopback(urlsplit(url).hostname or "") for url in self.urls)

    def has(self, *urls: str) -> bool:
        """Tell whether one of these addresses is of the site."""
        return any(host_of(url) in self.hosts for url in urls)

    def is_within(self, url: str) -> bool:
        """Tell whether this very address is of the site: by scheme, host and port, and without anybody's name in it."""
        origin = origin_of(url)
        return origin is not None and origin in map(origin_of, self.urls)


def origin_of(url: str) -> tuple[str, str] | None:
    """Return ("https", "im.diningcode.com"), scheme and host; None for what is no address, or holds a user's name."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return None if "@" in parts.netloc else (parts.scheme, host_of(url))


def host_of(url: str) -> str:
    """Return "im.diningcode.com" or "127.0.0.1:8080", however the address is written."""
    parts = urlsplit(url)
    name = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    try:
        port = parts.port
    except ValueError:  # no number; whoever asks it says so
        return parts.netloc.lower()
    return name if port in {None, PORTS.get(parts.scheme)} else f"{name}:{port}"


def is_loopback(host: str) -> bool:
    """Tell whether a host, by its name or address, is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
