from __future__ import annotations

from refillspot.policies.breaker import Breaker


def test_a_server_that_failed_is_tried_by_one_caller_at_a_time() -> None:
    breaker = Breaker(rest_seconds=2)

    assert breaker.failed(now=10.0)
    assert not breaker.failed(now=10.0)
    assert not breaker.allows(now=11.9)
    assert [breaker.allows(now=12.0) for _ in range(3)] == [True, False, False]


def test_a_server_that_is_back_is_used_at_once() -> None:
    breaker = Breaker(rest_seconds=2)
    breaker.failed(now=10.0)
    breaker.allows(now=12.0)

    assert breaker.succeeded()
    assert not breaker.succeeded()
    assert [breaker.allows(now=12.0) for _ in range(3)] == [True, True, True]
