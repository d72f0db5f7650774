"""Which stats count what went wrong, and what each kind is called. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refillspot.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

TOTALS = {"spider_exceptions/count"}  # of the kinds beside them


def errors_of(stats: Mapping[str, Any]) -> dict[str, int]:
    """Return how often each kind of error was met, the most frequent first."""
    by_start = {
        "site/status/4": "HTTP 4{rest}",
        "site/status/5": "HTTP 5{rest}",
        "downloader/exception_type_count/": "{rest}",
        "spider_exceptions/": "{rest}",
        "frontier/dead_reason/": _("dead letter, {rest}"),
    }
    by_name = {
        "politeness/verification_pages": _("verification page"),
        "politeness/pages_for_humans": _("page for humans"),
        "diningcode/rows_broken": _("broken row"),
        "postgres/rejected": _("store refused by PostgreSQL"),
        "postgres/unread": _("page that could not be read"),
        "frontier/redis_outages": _("outage of Redis"),
        "cache/errors": _("error of the cache"),
        "notify/failed": _("webhook that failed"),
    }
    found: dict[str, int] = {}
    for name, count in stats.items():
        kind = by_name.get(name)
        for start, named in by_start.items():
            if name.startswith(start) and name not in TOTALS:
                kind = named.format(rest=name.removeprefix(start).rpartition(".")[2])
        if kind and count:
            found[kind] = found.get(kind, 0) + count
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
