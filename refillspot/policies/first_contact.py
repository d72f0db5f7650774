"""What a site is asked before it is asked for everything, when the answer is no, and what is to be done then. Pure.

May robots ask for this? Does a list answer with stores that can be read? Does a store's page? Is it the site, as it is
known? `scrapy doctor` sends four requests for it; a crawl has it of its own first answers.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from refillspot.language import lazy_gettext as _

if TYPE_CHECKING:
    from refillspot.language import Message

FIRST = 5  # answers of a kind, none of which can be used: that is no glitch
NOT_NOW = {403, 408, 425, 429}  # and 5xx: says nothing about what the site is like


class Question(StrEnum):
    RULES = "rules"
    LIST = "list"
    STORE = "store"


class Trouble(StrEnum):
    """Why a site has not answered a question."""

    FORBIDDEN = "forbidden"
    """Its robots.txt excludes crawlers from what would be asked."""
    CHANGED = "changed"
    """Its answers are none of those that are known."""
    MOVED = "moved"
    NOT_NOW = "not_now"
    """It answers with errors that pass; `scrapy doctor` says so too where it does not answer at all."""


UNANSWERED: dict[str, Message] = {
    Question.RULES: _("robots.txt forbids what it would ask for"),
    Question.LIST: _("most of the first lists cannot be used"),
    Question.STORE: _("most of the first store pages cannot be used"),
}
"""What to say of a crawl whose first answers are none."""
REMEDIES: dict[str, Message] = {
    Trouble.FORBIDDEN: _("Do not crawl: a crawl would get nothing. Ask the site for permission."),
    Trouble.CHANGED: _(
        "Do not crawl: the site has changed, or DININGCODE_API_URL is not its address. Update refillspot; its "
        "developers need what `scrapy doctor --shapes FILE` writes: docs/site-changed.md."
    ),
    Trouble.MOVED: _("Set DININGCODE_API_URL to where the site is now."),
    Trouble.NOT_NOW: _("Try again later; if it persists, do not crawl the site now."),
}
SEEN = {Question.LIST: "lists", Question.STORE: "pages"}
UNREAD = {Question.LIST: "lists_unread", Question.STORE: "unread"}
"""By which names the first answers are counted, and those of them that cannot be used: early_stop/<name>."""
FIRST_ANSWERS = tuple(f"early_stop/{name}" for names in (SEEN, UNREAD) for name in names.values())


def trouble_of(status: int) -> Trouble | None:
    """Return what an HTTP status says of a site; None where there is an answer to be read."""
    if status == 200:
        return None
    if 300 <= status < 400:
        return Trouble.MOVED
    return Trouble.NOT_NOW if status >= 500 or status in NOT_NOW else Trouble.CHANGED


def is_unanswered(read: int, unread: int, failed: int, pages: int, *, is_first: bool) -> bool:
    """Tell whether too few of the first answers of a kind can be used.

    More than half of the first `pages` are none that are known (`unread`). Or, if the site has told this crawl nothing
    before (`is_first`), none of the first five is: then those count as well that are errors which pass (`failed`).
    """
    return (is_first and not read and unread + failed >= FIRST) or 2 * unread > max(pages, read + unread)
