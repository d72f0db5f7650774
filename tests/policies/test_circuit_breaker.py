from __future__ import annotations

from functools import partial

import pytest

from refillspot.policies import circuit_breaker
from refillspot.policies.circuit_breaker import (
    BLOCK_MEMORY_SECONDS,
    BLOCKED_PROBE_SECONDS,
    BLOCKS,
    FAILURES,
    LONGEST_PROBE_SECONDS,
    MEMORY_SECONDS,
    SPREAD_SECONDS,
    ApiChange,
    ApiDecision,
    ApiRecord,
    CircuitBreaker,
)

START, PROBE = 1000.0, 60.0
FAILED: ApiChange = partial(circuit_breaker.note_failure, reason="HTTP 500", probe_seconds=PROBE)
BLOCKED: ApiChange = partial(circuit_breaker.note_block, reason="a page", probe_seconds=PROBE)
TRIED: ApiChange = partial(circuit_breaker.probe, probe_seconds=PROBE)


def after(*changes: ApiChange, step: float = SPREAD_SECONDS) -> ApiDecision:
    """Return the last of these decisions, `step` seconds apart."""
    decision = ApiDecision(ApiRecord())
    for number, change in enumerate(changes):
        decision = change(decision.record, START + number * step)
    return decision


def test_so_many_failures_in_a_row_are_an_api_that_is_down() -> None:
    assert not after(*[FAILED] * (FAILURES - 1)).record.is_down
    decision = after(*[FAILED] * FAILURES)

    assert decision.record.is_down
    assert decision.kind == "switched"
    assert "HTTP 500" in decision.reason


def test_one_good_answer_between_them_is_an_api_that_is_up() -> None:
    assert not after(*[FAILED] * (FAILURES - 1), circuit_breaker.note_success, FAILED).record.is_down


def test_many_failures_of_one_moment_are_one_trouble() -> None:
    """Other workers may have had good answers meanwhile."""
    at_once = after(*[FAILED] * (3 * FAILURES), step=0.0)

    assert not at_once.record.is_down
    assert FAILED(at_once.record, START + SPREAD_SECONDS).record.is_down


def test_a_page_where_json_was_due_must_come_again_after_the_cool_down() -> None:
    assert BLOCKS > 1
    assert not after(*[BLOCKED] * (BLOCKS - 1)).record.is_down
    assert after(*[BLOCKED] * BLOCKS, step=0.0).kind == "switched"


def test_it_is_switched_once() -> None:
    assert after(*[FAILED] * FAILURES, FAILED, BLOCKED, BLOCKED).kind == ""


def test_a_good_answer_brings_it_back_and_nothing_is_held_against_it() -> None:
    decision = after(*[FAILED] * FAILURES, circuit_breaker.note_success)

    assert decision == ApiDecision(ApiRecord(), "returned", decision.reason)
    assert after(circuit_breaker.note_success).kind == ""


def test_it_is_tried_again_less_and_less() -> None:
    record, waits, now = after(*[FAILED] * FAILURES).record, [], START
    for _ in range(10):
        early = TRIED(record, record.probe_at - 0.1)
        decision = TRIED(record, record.probe_at)
        waits.append(record.probe_at - now)
        assert (early.kind, decision.kind) == ("", "probe")
        now, record = record.probe_at, decision.record

    assert waits[1:4] == [2 * PROBE, 4 * PROBE, 8 * PROBE]
    assert waits[-1] == LONGEST_PROBE_SECONDS


def test_an_api_that_is_up_needs_no_probe() -> None:
    assert TRIED(ApiRecord(), START).kind == ""


def test_one_that_showed_pages_is_left_alone_for_an_hour() -> None:
    record = after(*[BLOCKED] * BLOCKS, step=0.0).record

    assert record.probe_at == START + BLOCKED_PROBE_SECONDS
    again = TRIED(record, record.probe_at).record
    assert again.probe_at >= record.probe_at + BLOCKED_PROBE_SECONDS


def test_failures_that_are_minutes_old_are_forgotten() -> None:
    record = after(FAILED).record

    assert circuit_breaker.remembered(record, START + MEMORY_SECONDS) == record
    assert circuit_breaker.remembered(record, START + MEMORY_SECONDS + 1) == ApiRecord()


def test_failures_that_come_slowly_are_remembered_from_the_last_one_on() -> None:
    record = after(*[FAILED] * 3, step=MEMORY_SECONDS).record

    assert circuit_breaker.remembered(record, START + 3 * MEMORY_SECONDS) == record


def test_a_block_is_remembered_until_the_longest_hold_is_over() -> None:
    record = after(BLOCKED).record

    assert circuit_breaker.remembered(record, START + 3600) == record
    assert circuit_breaker.remembered(record, START + BLOCK_MEMORY_SECONDS + 1) == ApiRecord()


def test_an_api_that_is_down_is_forgotten_when_nobody_has_tried_it_in_its_time() -> None:
    record = after(*[FAILED] * FAILURES).record

    assert circuit_breaker.remembered(record, record.probe_at) == record
    assert circuit_breaker.remembered(record, record.probe_at + MEMORY_SECONDS + 1) == ApiRecord()


@pytest.mark.parametrize("sign", [FAILED, BLOCKED])
def test_what_is_wrong_has_a_beginning(sign: ApiChange) -> None:
    assert after(sign, sign).record.first_at == START


def test_a_server_that_failed_is_tried_by_one_caller_at_a_time() -> None:
    breaker = CircuitBreaker(rest_seconds=2)

    assert breaker.failed(now=10.0)
    assert not breaker.failed(now=10.0)
    assert not breaker.allows(now=11.9)
    assert [breaker.allows(now=12.0) for _ in range(3)] == [True, False, False]


def test_a_server_that_is_back_is_used_at_once() -> None:
    breaker = CircuitBreaker(rest_seconds=2)
    breaker.failed(now=10.0)
    breaker.allows(now=12.0)

    assert breaker.succeeded()
    assert not breaker.succeeded()
    assert [breaker.allows(now=12.0) for _ in range(3)] == [True, True, True]


def test_without_a_rest_everything_is_allowed_and_each_outage_is_told_once() -> None:
    breaker = CircuitBreaker()

    assert not breaker.succeeded()
    assert [breaker.failed(), breaker.allows(0.0), breaker.failed()] == [True, True, False]
    assert [breaker.succeeded(), breaker.succeeded()] == [True, False]
    assert breaker.failed()
