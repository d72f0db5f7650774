from __future__ import annotations

import pytest

from refillspot.planning.pagination import PageCounts, Pagination, Step

PAGE = 100


def page(
    shown: int, total: int | None, *, before: int = 0, broken: int = 0, here: int = 1, worthy: int = 1,
    ignored: bool = False,
) -> PageCounts:  # fmt: skip
    new = shown - before
    return PageCounts(shown, new, total, new + broken, here, worthy, is_box_ignored=ignored)


def pagination(cap: int | None = None) -> Pagination:
    met = Pagination(PAGE)
    if cap:
        met.next_step(page(cap, 10 * cap))
        met.next_step(page(cap, 10 * cap, before=cap))
    return met


def test_an_answer_with_all_that_match_ends_its_place() -> None:
    assert pagination().next_step(page(37, 37)) is Step.STOP


@pytest.mark.parametrize("cap", [20, 100])
def test_the_cap_is_met_once_and_known_from_then_on(cap: int) -> None:
    met = pagination()
    first = met.next_step(page(cap, 184))
    second = met.next_step(page(cap, 184, before=cap))

    assert (first, second, met.cap) == (Step.FOLLOW, Step.SPLIT, cap)
    assert met.next_step(page(cap, 777)) is Step.SPLIT


def test_the_cap_is_not_found_out_twice_at_once() -> None:
    met = pagination()
    met.next_step(page(100, 184))
    other = met.next_step(page(100, 777))
    met.next_step(page(184, 184, before=100))  # there was none

    assert other is Step.SPLIT
    assert met.next_step(page(100, 777)) is Step.FOLLOW


def test_rows_behind_a_short_page_are_followed() -> None:
    assert pagination().next_step(page(20, 50)) is Step.FOLLOW
    assert pagination(100).next_step(page(40, 50, before=20)) is Step.FOLLOW
    assert pagination(100).next_step(page(50, 50, before=40)) is Step.STOP


def test_rows_without_end_are_not_followed_without_end() -> None:
    met, shown = pagination(), 0
    steps: list[Step] = []
    while not steps or steps[-1] is Step.FOLLOW:
        steps.append(met.next_step(page(shown + PAGE, 1_000_000, before=shown)))
        shown += PAGE
        assert shown <= 10_000

    assert steps[-1] is Step.SPLIT
    assert met.cap is None or met.cap < shown


def test_a_total_that_says_too_little_hides_nothing() -> None:
    assert pagination(20).next_step(page(20, 20)) is Step.SPLIT
    assert pagination(100).next_step(page(100, 3)) is Step.SPLIT
    assert pagination().next_step(page(PAGE, PAGE)) is Step.FOLLOW  # a full page may hide more


def test_a_total_that_says_too_much_or_saturates_comes_to_an_end() -> None:
    met = pagination(100)

    assert met.next_step(page(100, 10_000)) is Step.SPLIT
    assert met.next_step(page(30, 10_000)) is Step.FOLLOW
    assert met.next_step(page(30, 10_000, before=30)) is Step.SPLIT


def test_a_cap_that_is_passed_was_none() -> None:
    met = pagination(20)

    assert met.next_step(page(60, 60)) is Step.STOP
    assert met.cap is None


@pytest.mark.parametrize(
    "barren", [page(100, 900, here=0, worthy=0), page(100, 200, here=80, worthy=0), page(0, 0, here=0, worthy=0)]
)
def test_a_barren_answer_is_neither_followed_nor_split(barren: PageCounts) -> None:
    assert pagination().next_step(barren) is Step.STOP
    assert pagination(100).next_step(barren) is Step.STOP


def test_what_is_seen_of_few_does_not_speak_for_many() -> None:
    assert pagination(100).next_step(page(100, 201, here=80, worthy=0)) is Step.SPLIT


@pytest.mark.parametrize(("before", "broken"), [(0, 0), (0, 11), (100, 4)])
def test_without_a_total_a_page_that_is_not_full_is_the_last(before: int, broken: int) -> None:
    assert pagination().next_step(page(before + 80, None, before=before, broken=broken)) is Step.STOP


@pytest.mark.parametrize(("before", "broken", "worthy"), [(0, 0, 1), (0, 20, 1), (100, 1, 1), (0, 3, 0)])
def test_without_a_total_a_full_page_is_followed_whatever_of_it_could_be_read(
    before: int, broken: int, worthy: int
) -> None:
    shown = before + PAGE - broken
    assert pagination().next_step(page(shown, None, before=before, broken=broken, worthy=worthy)) is Step.FOLLOW


def test_without_a_total_the_cap_is_met_all_the_same() -> None:
    met = pagination()
    assert met.next_step(page(200, None, before=100)) is Step.FOLLOW
    assert met.next_step(page(200, None, before=200, broken=4)) is Step.SPLIT


def test_only_a_first_page_is_barren() -> None:
    assert pagination().next_step(page(200, 300, before=100, worthy=0)) is Step.FOLLOW


def test_a_site_that_ignores_boxes_is_not_asked_for_smaller_ones() -> None:
    assert pagination(100).next_step(page(100, 184, ignored=True)) is Step.FULL


def test_a_road_with_an_end_of_its_own_needs_no_finding_out() -> None:
    met = pagination(100)
    page_for_people = PageCounts(shown=20, new=20, total=50, sent=20, here=1, worthy=1, cap=20)

    assert met.next_step(page_for_people) is Step.SPLIT
    assert met.cap == 100
