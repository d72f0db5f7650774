"""What follows from the answer to a query: nothing, its next page, or queries of smaller places."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MOST_ROWS = 5_000  # of one query; a site that shows more of it shows them without end


class Step(Enum):
    STOP = "stop"
    """All is seen, or what is left is not worth a request."""
    FOLLOW = "follow"
    """There may be rows behind these."""
    SPLIT = "split"
    """The site shows no more of this query, though there may be more."""
    FULL = "full"
    """The same, and no smaller place can be asked for."""


@dataclass(slots=True, frozen=True)
class PageCounts:
    """One page of a query in numbers."""

    shown: int
    """Rows of the query so far, each once, those of this page included."""
    new: int
    """Of these, first seen on this page."""
    total: int | None
    """Matches, as the site counts them: it may stop counting, or be wrong. None = it does not say."""
    sent: int
    """Rows of this page, those included that could not be read."""
    here: int
    """Rows of this page that lie in the place asked for."""
    worthy: int
    """Of these, worth a store page."""
    cap: int | None = None
    """Rows of one query that can be seen at most, where the channel it came by has such an end of its own."""
    is_box_ignored: bool = False
    """The query was about a part of a dong, and the rows lie all over it."""

    @property
    def is_barren(self) -> bool:
        """Whether more of the same is not worth a request.

        Only a first page can be, and only if nothing of it is of the place, or if nothing of the larger part of all
        matches is worth a page.
        """
        if self.new < self.shown:
            return False
        return not self.here or (not self.worthy and self.total is not None and 2 * self.shown >= self.total)

    @property
    def leaves_rest(self) -> bool:
        """Whether rows of the place stay unseen for that reason."""
        return self.is_barren and bool(self.here) and self.total is not None and self.shown < self.total


class Pagination:
    """Chooses the next step. How many rows of one query the site shows at most is learnt from the answers.

    An answer is complete only if it is short of that, has as many rows as `total` says, and does not just fill a page.
    Where there is no total, a page that is not full is the last.
    """

    def __init__(self, page_size: int) -> None:
        self._page_size = page_size
        self.cap: int | None = None
        """Rows after which the site showed nothing new, though there was more. None = not met yet."""

    def next_step(self, page: PageCounts) -> Step:
        if self.cap is not None and page.shown > self.cap:
            self.cap = None
        if page.is_barren:
            return Step.STOP
        if page.shown >= MOST_ROWS:
            return Step.FULL if page.is_box_ignored else Step.SPLIT
        if not page.new:
            self.cap = page.shown
        if page.shown == (page.cap or self.cap):
            return Step.FULL if page.is_box_ignored else Step.SPLIT
        if self._is_last(page):
            return Step.STOP
        if page.new == page.shown:
            self.cap = page.shown  # until what is followed shows more, it is not worth finding out twice
        return Step.FOLLOW

    def _is_last(self, page: PageCounts) -> bool:
        if page.total is None:
            return page.sent < self._page_size
        return page.shown >= page.total and page.new != self._page_size
