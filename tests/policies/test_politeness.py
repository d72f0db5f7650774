"""The decisions about the pace, whatever the site does."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refillspot.policies import politeness
from refillspot.policies.pace import LONGEST_CRAWL_DELAY_SECONDS, LONGEST_HOLD_SECONDS, Pace, begin, remembering
from refillspot.policies.politeness import LEASE_SECONDS, WINDOW_SECONDS

if TYPE_CHECKING:
    from refillspot.policies.politeness import Change, Decision

NOW = 1_800_000_000.0
RATES = st.floats(0.05, 500)
SECONDS = st.floats(0, 100_000)
CHANGES: st.SearchStrategy[tuple[float, Change]] = st.tuples(
    st.floats(0, 300),
    st.one_of(
        st.builds(lambda age: partial(politeness.slow_down, reason="HTTP 429", sent=NOW - age), SECONDS),
        st.builds(lambda seconds: partial(politeness.hold, seconds=seconds, reason="asked"), SECONDS),
        st.builds(
            lambda cool_down: partial(politeness.block, reason="a page for humans", sent=NOW * 2, cool_down=cool_down),
            st.floats(1, 10_000),
        ),
        st.builds(
            lambda good, bad: partial(politeness.note_answers, answers=good + bad, errors=bad),
            st.integers(0, 100),
            st.integers(0, 100),
        ),
        st.builds(
            lambda host, seconds: partial(politeness.delay, host=host, seconds=seconds),
            st.sampled_from(["www", "im"]),
            SECONDS,
        ),
        st.builds(lambda ceiling: partial(politeness.limit, ceiling=ceiling), RATES),
        st.builds(lambda ceiling: partial(politeness.configure, configured=ceiling), RATES),
    ),
)


BY_PEOPLE: st.SearchStrategy[tuple[float, Change]] = st.tuples(
    st.floats(0, 300), st.sampled_from([politeness.reset, politeness.resume])
)


def slowed(pace: Pace, now: float, sent: float | None = None) -> Decision:
    return politeness.slow_down(pace, now, reason="HTTP 429", sent=now if sent is None else sent)


def blocked(pace: Pace, now: float, cool_down: float = 180.0) -> Decision:
    return politeness.block(pace, now, reason="Human Verification", sent=now, cool_down=cool_down)


def after_good_answers(pace: Pace, now: float, seconds: int) -> Pace:
    for second in range(1, seconds + 1):
        pace = politeness.note_answers(pace, now + second, answers=1, errors=0).pace
    return pace


@given(RATES, st.lists(CHANGES, max_size=60))
def test_the_pace_stays_between_floor_and_ceiling_and_each_decision_says_why(
    configured: float, changes: list[tuple[float, Change]]
) -> None:
    pace, now = begin(configured, NOW), NOW
    for seconds, change in changes:
        now += seconds
        decision = change(pace, now)
        pace = decision.pace
        assert pace.floor <= pace.rate <= pace.ceiling
        assert pace.interval >= max([1 / pace.ceiling, *pace.crawl_delays.values()])
        assert pace.hold_until <= now + LONGEST_HOLD_SECONDS
        assert bool(decision.kind) == bool(decision.reason)
        assert msgspec.json.decode(msgspec.json.encode(pace), type=Pace) == pace


@given(st.lists(CHANGES, max_size=30), st.floats(0, 10))
def test_distress_never_makes_it_faster(changes: list[tuple[float, Change]], seconds: float) -> None:
    pace, now = begin(50, NOW), NOW
    for passed, change in changes:
        now += passed
        pace = change(pace, now).pace
    for decision in (slowed(pace, now + seconds), blocked(pace, now + seconds)):
        assert decision.pace.rate <= pace.rate
        assert decision.pace.interval >= pace.interval


@given(st.lists(st.floats(0, WINDOW_SECONDS * 0.99), min_size=1, max_size=50))
def test_distress_within_a_window_counts_once(moments: list[float]) -> None:
    """Eight concurrent 429s moved another crawler's back-off by eight steps."""
    pace = slowed(begin(8, NOW), NOW).pace
    for moment in sorted(moments):
        pace = slowed(pace, NOW + moment).pace

    assert pace.rate == 4


def test_distress_after_the_window_counts_again() -> None:
    pace = slowed(begin(8, NOW), NOW).pace

    assert slowed(pace, NOW + WINDOW_SECONDS).pace.rate == 2


def test_an_answer_to_a_request_from_before_the_halving_says_nothing_new() -> None:
    pace = slowed(begin(8, NOW), NOW).pace
    late = NOW + 30

    assert slowed(pace, late, sent=NOW + LEASE_SECONDS / 2).pace is pace
    assert slowed(pace, late, sent=late - 1).kind == "slowed"


def test_the_floor_is_reached_and_kept() -> None:
    pace, now = begin(1, NOW), NOW
    for _ in range(20):
        now += 10
        pace = slowed(pace, now).pace

    assert pace.rate == pace.floor == 0.1


def test_a_ceiling_below_the_floor_has_a_floor_below_it() -> None:
    pace = slowed(begin(0.05, NOW), NOW).pace

    assert pace.floor < pace.rate < 0.05


def test_good_answers_raise_the_pace_by_addition_to_the_ceiling() -> None:
    pace = slowed(begin(10, NOW), NOW).pace
    rates = []
    for second in range(1, 400):
        pace = politeness.note_answers(pace, NOW + second, answers=5, errors=0).pace
        rates.append(pace.rate)

    steps = [after - before for before, after in pairwise(rates)]
    assert max(steps) <= 0.1 * 2 + 1e-9  # a hundredth of the ceiling for each second
    assert rates == sorted(rates)
    assert pace.rate == 10
    assert pace.met is None


def test_near_the_pace_that_met_distress_the_rise_is_slower() -> None:
    pace = slowed(begin(10, NOW), NOW).pace
    far = after_good_answers(pace, NOW, 30)
    near = after_good_answers(replace(pace, rate=9.2), NOW, 30)

    assert far.rate - pace.rate > 5 * (near.rate - 9.2) > 0


@given(st.floats(20, 500))
def test_no_step_leads_over_the_slow_part_however_high_the_ceiling(ceiling: float) -> None:
    pace = slowed(replace(begin(ceiling, NOW), rate=10.0), NOW).pace
    risen = after_good_answers(pace, NOW, int(politeness.NEAR_SECONDS))
    assert politeness.NEAR_SHARE * 10 < risen.rate < 10


def test_a_pace_that_nobody_used_does_not_rise_by_the_time_that_passed() -> None:
    pace = slowed(begin(10, NOW), NOW).pace
    later = politeness.note_answers(pace, NOW + 3600, answers=1, errors=0).pace

    assert later.rate == pytest.approx(5.2)


def test_errors_do_not_raise_the_pace() -> None:
    pace = slowed(begin(10, NOW), NOW).pace

    assert politeness.note_answers(pace, NOW + 60, answers=2, errors=1).pace.rate == 5


@pytest.mark.parametrize(("errors", "rate"), [(4, 10), (5, 5), (20, 5)])
def test_a_share_of_errors_is_distress(errors: int, rate: float) -> None:
    pace = begin(10, NOW)
    for number in range(20):
        pace = politeness.note_answers(pace, NOW + 10 + number / 10, answers=1, errors=int(number < errors)).pace

    assert pace.rate == rate
    assert pace.answers == 0


def test_errors_that_are_minutes_old_are_no_part_of_a_sample() -> None:
    before = politeness.note_answers(begin(10, NOW), NOW, answers=19, errors=19).pace
    later = politeness.note_answers(before, NOW + 600, answers=1, errors=0).pace

    assert (later.answers, later.errors) == (1, 0)
    assert later.rate == 10


def test_a_hold_is_bounded_and_told_once() -> None:
    held = politeness.hold(begin(1, NOW), NOW, seconds=1e9, reason="Retry-After")
    again = politeness.hold(held.pace, NOW + 0.5, seconds=1e9, reason="Retry-After")

    assert held.pace.hold_until == NOW + LONGEST_HOLD_SECONDS
    assert held.kind == "held"
    assert "3600 s" in held.reason
    assert again.kind == ""
    assert again.pace.hold_until == NOW + 0.5 + LONGEST_HOLD_SECONDS


@given(st.floats(-1e9, 0))
def test_a_hold_for_no_time_decides_nothing(seconds: float) -> None:
    pace = begin(1, NOW)

    assert politeness.hold(pace, NOW, seconds=seconds, reason="Retry-After").pace is pace


def test_a_shorter_hold_does_not_end_a_longer_one() -> None:
    pace = blocked(begin(1, NOW), NOW).pace

    assert politeness.hold(pace, NOW + 1, seconds=3, reason="Retry-After").pace.hold_until == NOW + 180


def test_a_block_that_comes_again_stops_for_twice_as_long_up_to_a_bound() -> None:
    pace, now, holds = begin(1, NOW), NOW, []
    for _ in range(30):
        pace = blocked(pace, now).pace
        holds.append(pace.hold_until - now)
        now = pace.hold_until + 5

    assert holds[:4] == [180, 360, 720, 1440]
    assert set(holds[5:]) == {LONGEST_HOLD_SECONDS}


def test_a_block_long_after_the_last_one_is_a_first_one() -> None:
    pace = blocked(begin(1, NOW), NOW).pace
    pace = blocked(pace, NOW + 100_000).pace

    assert pace.blocks == 1
    assert pace.hold_until == NOW + 100_000 + 180


def test_eight_blocked_answers_are_one_block() -> None:
    pace = begin(8, NOW)
    for number in range(8):
        pace = politeness.block(pace, NOW + number, reason="", sent=NOW - 1 + number / 8, cool_down=180).pace

    assert pace.blocks == 1
    assert pace.rate == 4


def test_the_third_block_within_a_day_ends_it_until_a_person_goes_on() -> None:
    pace, now = begin(8, NOW), NOW
    for hours in (0, 11, 23):
        now = NOW + hours * 3600
        decision = blocked(pace, now)
        pace = decision.pace

    assert pace.stopped_at == now
    assert "third block" in decision.reason
    assert politeness.configure(pace, now + 48 * 3600, configured=8).pace.stopped_at == now
    resumed = politeness.resume(pace, now + 60)
    assert resumed.kind == "resumed"
    assert resumed.pace.stopped_at == 0
    assert (resumed.pace.hold_until, resumed.pace.rate) == (pace.hold_until, pace.rate)
    assert blocked(resumed.pace, now + 600).pace.stopped_at == 0
    assert politeness.reset(pace, now).pace.stopped_at == 0


def test_blocks_of_two_days_end_nothing() -> None:
    pace = begin(8, NOW)
    for hours in (0, 12, 25, 38):
        pace = blocked(pace, NOW + hours * 3600).pace

    assert pace.stopped_at == 0


def test_a_crawl_that_goes_on_has_nothing_to_resume() -> None:
    assert politeness.resume(begin(8, NOW), NOW).kind == ""


def test_a_person_lifts_a_block_and_what_it_did_to_the_pace() -> None:
    pace = blocked(politeness.delay(begin(8, NOW), NOW, host="www", seconds=5).pace, NOW).pace
    decision = politeness.reset(politeness.limit(pace, NOW, ceiling=4).pace, NOW + 10)

    assert decision.kind == "reset"
    assert "Human Verification" in decision.reason
    assert (decision.pace.hold_until, decision.pace.hold_reason, decision.pace.blocks) == (0.0, "", 0)
    assert "robots.txt of www: at least 5 s" in decision.reason
    assert (decision.pace.rate, decision.pace.ceiling, decision.pace.interval) == (4, 4, 1 / 4)
    assert decision.pace.crawl_delays == {}
    assert decision.pace.reset_at == NOW + 10


def test_where_nothing_is_held_there_is_nothing_to_lift() -> None:
    assert "nothing held it back" in politeness.reset(begin(8, NOW), NOW).reason


def test_a_crawl_delay_and_the_pace_do_not_undo_each_other() -> None:
    pace = politeness.delay(begin(1, NOW), NOW, host="www", seconds=5).pace
    pace = politeness.delay(pace, NOW, host="im", seconds=2).pace
    assert pace.interval == 5

    slower = slowed(pace, NOW).pace
    assert slower.interval == 10
    assert after_good_answers(slower, NOW, 1000).interval == 5

    free = politeness.delay(politeness.delay(pace, NOW, host="www", seconds=0).pace, NOW, host="im", seconds=0)
    assert free.pace.interval == 1


def test_a_crawl_delay_is_bounded() -> None:
    pace = politeness.delay(begin(1, NOW), NOW, host="www", seconds=6000).pace

    assert pace.interval == LONGEST_CRAWL_DELAY_SECONDS == 600


def test_a_crawl_delay_ends_with_its_rules() -> None:
    pace = politeness.delay(begin(1, NOW), NOW, host="www", seconds=5).pace
    again = politeness.delay(pace, NOW + 20 * 3600, host="www", seconds=5)
    assert again.kind == ""

    later = NOW + 30 * 3600
    for known in (politeness.configure(pace, later, configured=1).pace, after_good_answers(pace, later, 1)):
        assert known.interval == 1
    assert politeness.configure(again.pace, later, configured=1).pace.interval == 5
    assert politeness.delay(again.pace, later, host="www", seconds=0).pace.interval == 1


def test_a_live_ceiling_outlives_a_worker_with_the_setting_of_before() -> None:
    pace = politeness.limit(begin(1, NOW), NOW, ceiling=3).pace

    assert politeness.configure(pace, NOW, configured=1).pace.ceiling == 3
    assert politeness.configure(pace, NOW, configured=2).pace.ceiling == 2


def test_a_higher_ceiling_is_used_at_once_unless_there_is_distress() -> None:
    calm, tense = begin(1, NOW), slowed(begin(1, NOW), NOW).pace

    assert politeness.limit(calm, NOW, ceiling=3).pace.rate == 3
    assert politeness.limit(tense, NOW, ceiling=3).pace.rate == 0.5
    assert politeness.limit(calm, NOW, ceiling=0.2).pace.rate == 0.2


@given(RATES, st.lists(CHANGES | BY_PEOPLE, min_size=1, max_size=30), st.data())
def test_what_a_worker_knew_earlier_changes_nothing_of_what_came_of_it(
    configured: float, changes: list[tuple[float, Change]], data: st.DataObject
) -> None:
    history, now = [begin(configured, NOW)], NOW
    for seconds, change in changes:
        now += seconds + 0.001  # two decisions are never at the same moment
        history.append(change(history[-1], now).pace)
    known = data.draw(st.sampled_from(history))

    assert remembering(history[-1], now, known, is_other=False) == history[-1]


@given(RATES, st.lists(CHANGES, min_size=1, max_size=30), st.data())
def test_what_redis_has_forgotten_is_kept_at_least_as_strictly(
    configured: float, changes: list[tuple[float, Change]], data: st.DataObject
) -> None:
    history, now = [begin(configured, NOW)], NOW
    for seconds, change in changes:
        now += seconds + 0.001
        history.append(change(history[-1], now).pace)
    known, came_back = history[-1], data.draw(st.sampled_from([*history, begin(configured, now)]))
    merged = remembering(came_back, now, known, is_other=True)

    assert merged.rate <= known.rate
    assert merged.ceiling == known.ceiling
    assert merged.hold_until >= known.hold_until
    assert merged.blocks >= known.blocks
    assert set(merged.block_times) >= set(known.block_times)
    assert {host: merged.crawl_delays.get(host) for host in known.crawl_delays} == known.crawl_delays
