"""How tables and indexes are, in words, each with what to do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.clock import write_kst
from refillspot.doctor import Check
from refillspot.language import gettext as _
from refillspot.language import ngettext

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.postgres.care import Condition

TOO_OLD = 1_000_000_000  # transactions: half of what PostgreSQL has; autovacuum begins at a fifth of that


def judge(found: Condition) -> Iterator[Check]:
    """Yield what is wrong; what is in order is one line."""
    checks = [*_indexes(found), *_sizes(found), *_others(found)]
    yield from checks
    if not any(one.state in {"warning", "problem"} for one in checks):
        yield Check("tables", "ok", _("tables, indexes and references are in order"))


def _indexes(found: Condition) -> Iterator[Check]:
    for name in found.invalid:
        what = _("the index {name} is not used: it was not made to its end").format(name=name)
        yield Check("indexes", "warning", what, _("`scrapy db reindex` makes it anew."))
    for one in found.unused:
        what = _("no search has used the index {name} ({size:.0f} MB) since {time} KST")
        what = what.format(name=one.name, size=one.size / 1e6, time=write_kst(one.since))
        yield Check(
            "indexes", "note", what, _("Nothing; one that you have made yourself may go: DROP INDEX CONCURRENTLY.")
        )


def _sizes(found: Condition) -> Iterator[Check]:
    for one in found.oversized_indexes:
        what = _("the index {name} has {size:.0f} MB where some {expected:.0f} would do")
        what = what.format(name=one.name, size=one.size / 1e6, expected=one.expected / 1e6)
        yield Check("bloat", "warning", what, _("`scrapy db reindex` makes it anew, beside crawls."))
    for one in found.oversized_tables:
        what = _("the table {name} has {size:.0f} MB where some {expected:.0f} would do")
        what = what.format(name=one.name, size=one.size / 1e6, expected=one.expected / 1e6)
        remedy = _(
            "It fills up again by itself. To have the disk back now, while nothing crawls: VACUUM FULL "
            "refillspot.{name}; in psql."
        )
        yield Check("bloat", "warning", what, remedy.format(name=one.name))
    if found.is_vacuum_off:
        what = _("autovacuum is switched off: tables grow with each crawl, and searches become slow")
        yield Check("bloat", "problem", what, _("Switch on autovacuum and track_counts in the server's configuration."))
    if found.transactions > TOO_OLD:
        what = _("the oldest transaction is {count} back: PostgreSQL will refuse to write at 2,000 million")
        remedy = _("End long transactions, then run VACUUM FREEZE in psql as the owner of the database.")
        yield Check("bloat", "problem", what.format(count=f"{found.transactions:,}"), remedy)


def _others(found: Condition) -> Iterator[Check]:
    for one in found.long_transactions:
        what = _(
            "process {pid} ({application} of {user}) has been in a transaction since {time} KST: what is changed "
            "meanwhile is not cleared away"
        ).format(pid=one.pid, application=one.application, user=one.user, time=write_kst(one.since))
        remedy = _("Let it end, or end it: SELECT pg_terminate_backend({pid});").format(pid=one.pid)
        yield Check("transactions", "warning", what, remedy)
    for name in found.unchecked:
        what = _("the constraint {name} does not hold for old rows").format(name=name)
        yield Check("references", "warning", what, _("ALTER TABLE … VALIDATE CONSTRAINT … says which rows break it."))
    for table, count in found.ownerless.items():
        what = ngettext(
            "{count} row of {table} refers to a row that is not there",
            "{count} rows of {table} refer to rows that are not there",
            count,
        )
        remedy = _("Somebody has deleted rows by hand. Crawls go on all the same; an older backup still has them.")
        yield Check("references", "warning", what.format(count=count, table=table), remedy)
