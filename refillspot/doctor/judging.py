"""What the site's answers say about it: rules, a list, a store. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refillspot.doctor import Check
from refillspot.exceptions import LayoutChangedError, SiteError
from refillspot.language import gettext as _
from refillspot.language import ngettext
from refillspot.policies.first_contact import NOT_NOW, REMEDIES, Trouble, trouble_of
from refillspot.retelling import retell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refillspot.doctor.visit import Answer
    from refillspot.sites.shapes import Differences, Oddity
    from refillspot.sites.site import Examination


def judge_status(answer: Answer) -> Check | None:
    """Return what is wrong with an answer before it is read."""
    if refusal := answer.refusal:
        what = _("the site refuses: {what}").format(what=retell(f"{answer.url} is {refusal}"))
        return Check("site", "problem", what, _("Wait a few minutes, and crawl slower: `scrapy politeness set 0.5`."))
    if not (trouble := trouble_of(answer.status)):
        return None
    what = _("{url} answers HTTP {status}").format(url=answer.url, status=answer.status)
    if trouble is Trouble.MOVED:
        what += _("and leads to {place}").format(place=answer.headers.get("Location"))
    return Check("site", "problem", what, REMEDIES[trouble]())


def judge_rules(answer: Answer) -> tuple[Check, bytes | None]:
    """Return a check, and what robots.txt says: empty where there are no rules, None where they are not known."""
    url, status = answer.url, answer.status
    if answer.refusal or not 200 <= status < 300:
        if not answer.refusal and 400 <= status < 500 and status not in NOT_NOW:
            return Check("robots", "ok", _("{url}: HTTP {status}, no rules").format(url=url, status=status)), b""
        what = _("{url} could not be read ({why}): until it can be, nothing may be requested there").format(
            url=url, why=answer.refusal or f"HTTP {status}"
        )
        return Check("robots", "problem", what, _("Try again later: a crawl would wait for it too.")), None
    return Check("robots", "ok", _("{url} can be read").format(url=url)), answer.body


def judge_list(examination: Examination, body: bytes, asked: str) -> tuple[list[Check], str | None]:
    """Return what a list page says about the site, and a store of it. `asked` is the code of the district."""
    try:
        page = examination.read_list(body, asked)
    except SiteError as error:
        return [_unread(_("the list"), error)], None
    if not page.rows:
        what = _("the site finds nothing for a search that should find a lot")
        return [Check("list", "problem", what, REMEDIES[Trouble.CHANGED]())], None
    total = "?" if page.total is None else page.total
    checks = [
        Check("list", "ok", _("a list: {count} of {total} rows").format(count=page.rows, total=total)),
        *_differences("list", page.differences),
        *_oddities("list", page.oddities),
    ]
    if page.broken:
        told = ngettext(
            "{count} row cannot be read: {error}", "{count} rows cannot be read; the first: {error}", len(page.broken)
        )
        what = told.format(count=len(page.broken), error=retell(page.broken[0]))
        checks.append(Check("list", "problem", what, REMEDIES[Trouble.CHANGED]()))
    if not page.here:
        what = _("no row of the list is in the requested district")
        checks.append(Check("list", "problem", what, REMEDIES[Trouble.CHANGED]()))
    return checks, page.ref


def judge_store(examination: Examination, body: bytes) -> list[Check]:
    """Return what a store page says about the site."""
    try:
        page = examination.read_store(body)
    except SiteError as error:
        return [_unread(_("the store page"), error)]
    what = _("a store page: {name}, {count} menu lines").format(name=page.name, count=page.menu_lines)
    return [
        Check("store", "ok", what),
        *_differences("store", page.differences),
        *_oddities("store", page.oddities),
    ]


def _differences(area: str, found: Differences) -> list[Check]:
    """An answer may have more or less than is known: that is worth knowing, and no trouble."""
    notes = []
    if found.unknown:
        notes.append(Check(area, "note", _("new: {names}").format(names=", ".join(found.unknown))))
    if found.missing:
        notes.append(Check(area, "note", _("not in this answer: {names}").format(names=", ".join(found.missing))))
    return notes


def _oddities(area: str, found: Sequence[Oddity]) -> list[Check]:
    """A part of another type than is known costs what it says, and nothing else."""
    if not found:
        return []
    each = [retell(f"{odd.path}: {odd.came} where {odd.due} was due") for odd in dict.fromkeys(found)]
    what = _("unexpected, and left out: {parts}").format(parts="; ".join(each))
    return [Check(area, "warning", what, _("A glitch on the site, or a change: see docs/site-changed.md."))]


def _unread(what: str, error: SiteError) -> Check:
    told = _("{what} cannot be read: {error}").format(what=what, error=retell(str(error)))
    if isinstance(error, LayoutChangedError):
        return Check("layout", "problem", told, REMEDIES[Trouble.CHANGED]())
    return Check("site", "problem", told, REMEDIES[Trouble.NOT_NOW]())
