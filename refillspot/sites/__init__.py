"""The sites that can be crawled, each a room of its own: types and pure functions behind one contract, `Site`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from refillspot.exceptions import ArgumentError
from refillspot.language import gettext as _

if TYPE_CHECKING:
    from refillspot.sites.site import Site

DEFAULT = "diningcode"


def site_names() -> list[str]:
    return sorted(room.name for room in iter_modules(__path__) if room.ispkg)


def find_site(name: str = DEFAULT) -> Site:
    """Return a site by its name, for whoever has no spider that names one.

    Raises:
        ArgumentError: there is none of this name.
    """
    if name not in site_names():
        raise ArgumentError(
            _("there is no site {name}, only: {names}").format(name=name, names=", ".join(site_names()))
        )
    site: Site = import_module(f"{__name__}.{name}.site").SITE
    return site


@cache
def typical_requests() -> list[dict[str, Any]]:
    """Return what queued requests of all sites look like, for those who compress them."""
    return [
        request for name in site_names() for request in import_module(f"{__name__}.{name}.typical").TYPICAL_REQUESTS
    ]
