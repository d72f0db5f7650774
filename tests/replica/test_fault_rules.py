from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from replica.fault_answers import Layout, RateLimit, ResultCode, Status
from replica.fault_control import parse_fault
from replica.fault_wire import Delay
from replica.faults import ActiveFault


def draws(fault: Status, number: int = 2000) -> list[bool]:
    active = ActiveFault("", fault, 0)
    return [active.fires("/API/isearch/", 0) for _ in range(number)]


def test_one_seed_fires_alike() -> None:
    assert draws(Status(status=503, probability=0.3, seed=5)) == draws(Status(status=503, probability=0.3, seed=5))
    assert draws(Status(status=503, probability=0.3, seed=5)) != draws(Status(status=503, probability=0.3, seed=6))


@pytest.mark.parametrize("probability", [0, 0.1, 0.5, 1])
def test_probability(probability: float) -> None:
    fired = sum(draws(Status(status=503, probability=probability)))

    assert fired == pytest.approx(2000 * probability, abs=90 * (0 < probability < 1))  # four sigma


def test_first_counts_the_requests_of_its_path() -> None:
    active = ActiveFault("", Status(status=503, first=2, path="/API/profile/"), 0)
    paths = ["/API/isearch/", "/API/profile/", "/API/isearch/", "/API/profile/", "/API/profile/"]

    assert [active.fires(path, 0) for path in paths] == [False, True, False, True, False]


def test_the_first_ones_can_be_spared() -> None:
    active = ActiveFault("", Status(status=503, spared=1, first=2, path="/API/profile/"), 0)
    paths = ["/API/profile/", "/API/isearch/", "/API/profile/", "/API/profile/"]

    assert [active.fires(path, 0) for path in paths] == [False, False, True, False]


def test_a_window_of_seconds() -> None:
    active = ActiveFault("", parse_fault("kind=reset,from=5,until=7,first=3"), 100)

    assert [active.fires("/", 100 + age) for age in (0, 4.9, 5, 6.9, 7)] == [False, False, True, True, False]
    assert active.matched == 2


def test_a_limit_slides_and_counts_what_it_admits() -> None:
    limit = RateLimit(limit=2, per=1).new_limit()

    assert [limit.is_broken(now) for now in (0, 0.6, 0.9, 1, 1.1, 1.59, 1.6)] == [
        False, False, True, False, True, True, False,
    ]  # fmt: skip


def test_a_broken_limit_stays_closed() -> None:
    limit = RateLimit(limit=1, per=1, block=150).new_limit()

    assert [limit.is_broken(now) for now in (0, 0.5, 2, 150.4, 150.5)] == [False, True, True, True, False]


def test_a_kind_hits_only_what_it_can_spoil() -> None:
    active = ActiveFault("", ResultCode(), 0)

    assert [active.fires(path, 0) for path in ("/robots.txt", "/API/profile/")] == [False, True]


def test_the_command_line_says_the_same_as_json() -> None:
    wanted = Status(status=429, retry_after="3", probability=0.1, path="/API/profile/")

    assert parse_fault("kind=status,status=429,retry_after=3,probability=0.1,path=/API/profile/") == wanted
    assert parse_fault('{"kind":"delay","seconds":0.5}') == Delay(seconds=0.5)
    assert parse_fault("kind=layout,change=renamed,key=v_rid") == Layout(change="renamed", key="v_rid")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "missing required field `kind`"),
        ("kind=flood", "kinds: bomb, delay, drip,"),
        ("status=503", "missing required field `kind`"),
        ("kind=status", "missing required field `status`"),
        ("kind=status,status=418", "Invalid enum value 418"),
        ("kind=status,status=503,probability=1.5", "<= 1.0"),
        ("kind=status,status=503,probability=nan", "probability"),
        ("kind=delay,seconds=1,second=2", "unknown field `second`"),
        ("kind=delay,seconds=inf", "seconds"),
        ("kind=reset,path=/_log", "path"),
        ("kind=widened,path=/API/profile/", "no effect outside /API/isearch/"),
        ("kind=wrong_json,body={", "the body is no JSON"),
        ("kind=huge,megabytes=100000", "<= 1024"),
        ("kind=reset,first=0", ">= 1"),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(ArgumentTypeError) as caught:
        parse_fault(text)

    assert message in str(caught.value)
