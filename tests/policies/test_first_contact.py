"""When the first answers of a site are none."""

from __future__ import annotations

import pytest

from refillspot.policies.first_contact import FIRST, REMEDIES, UNANSWERED, Question, Trouble, is_unanswered, trouble_of

PAGES = 20


@pytest.mark.parametrize(
    ("read", "unread", "failed", "is_first", "stops"),
    [
        (0, FIRST, 0, True, True),
        (0, FIRST - 1, 0, True, False),
        (0, 1, FIRST - 1, True, True),
        (1, FIRST, FIRST, True, False),  # it has answered
        (0, FIRST, FIRST, False, False),  # it had before: what is left to ask may be the odd ones
        (0, PAGES // 2 + 1, 0, False, True),
        (PAGES // 2, PAGES // 2, 0, True, False),
        (PAGES // 2 - 1, PAGES // 2 + 1, 0, True, True),
        (1, 0, PAGES, True, False),  # such errors pass
        (3 * PAGES, PAGES // 2 + 1, 0, True, False),  # of all workers, each of which counts on for a while
    ],
)
def test_a_crawl_stops(read: int, unread: int, failed: int, is_first: bool, stops: bool) -> None:  # noqa: FBT001
    assert is_unanswered(read, unread, failed, PAGES, is_first=is_first) is stops


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (200, None), (204, Trouble.CHANGED), (301, Trouble.MOVED), (404, Trouble.CHANGED), (403, Trouble.NOT_NOW),
        (429, Trouble.NOT_NOW), (503, Trouble.NOT_NOW),
    ],
)  # fmt: skip
def test_a_status_says_what_to_do(status: int, trouble: Trouble | None) -> None:
    assert trouble_of(status) is trouble


def test_each_has_its_words() -> None:
    assert {*UNANSWERED} == {*Question}
    assert {*REMEDIES} == {*Trouble}
