"""What people have found by looking, in a line: "hours right 29 of 30"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refillspot.clock import write_kst
from refillspot.language import gettext as _
from refillspot.policies.sampling import Share
from refillspot.postgres.audits import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from refillspot.postgres.audits import Audited


def share_of(one: Audited) -> Share:
    return Share(one.right, one.right + one.wrong)


def audit_line(found: Sequence[Audited]) -> str:
    """Return the line of a report; empty where nobody has looked."""
    judged = [one for one in found if one.right + one.wrong]
    if not judged:
        return ""
    day = write_kst(max(one.last_at for one in judged))[:10]
    fields = ", ".join(
        _("{field} right {right} of {total}").format(
            field=FIELDS[one.field](), right=one.right, total=one.right + one.wrong
        )
        for one in judged
    )
    return _("Checked by hand, last on {day}: {fields}.").format(day=day, fields=fields)


def audit_lines(found: Sequence[Audited]) -> Iterator[str]:
    """Return a line a field, with the interval in which the share of all stores lies with 95 per cent certainty."""
    for one in found:
        share, field = share_of(one), FIELDS[one.field]()
        if share.value is None:
            yield _("{field}: don't know {unknown}").format(field=field, unknown=one.unknown)
            continue
        low, high = share.interval
        told = _("{field}: right {right} of {total} ({low:.0%} to {high:.0%} of all stores), don't know {unknown}")
        yield told.format(field=field, right=share.part, total=share.whole, low=low, high=high, unknown=one.unknown)


def audit_json(found: Sequence[Audited]) -> list[dict[str, Any]]:
    return [
        {
            "field": one.field,
            "right": one.right,
            "wrong": one.wrong,
            "unknown": one.unknown,
            "low": share_of(one).interval[0],
            "high": share_of(one).interval[1],
            "last_at": one.last_at.isoformat(),
        }
        for one in found
    ]
