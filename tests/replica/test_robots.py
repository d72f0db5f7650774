from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from protego import Protego

if TYPE_CHECKING:
    from tests.replica.conftest import Replica, Start

SMALL = ("--refill-stores", "60", "--ordinary-stores", "140")


def get_robots(replica: Replica, host: str | None) -> tuple[int, str]:
    connection = replica.connect()
    connection.request("GET", "/robots.txt", headers={"Host": host} if host else {})
    answer = connection.getresponse()
    text = answer.read().decode("utf-8-sig")  # it may begin with a byte-order mark
    connection.close()
    return answer.status, text


@pytest.mark.parametrize(
    ("host", "agent", "allowed"),
    [
        (None, "refillspot", True),
        (None, "GPTBot", True),
        ("www.diningcode.com", "refillspot", True),
        ("www.diningcode.com", "GPTBot", False),
    ],
)
def test_robots_of_www(replica: Replica, host: str | None, agent: str, *, allowed: bool) -> None:
    status, text = get_robots(replica, host)
    robots = Protego.parse(text)

    assert status == 200
    assert robots.can_fetch("/list.dc", agent) == allowed
    assert not robots.can_fetch("/review/1", agent)


def test_im_has_no_robots_unless_told(replica: Replica, start_replica: Start) -> None:
    answers = [get_robots(replica, "im.diningcode.com")]
    for option in ("allow", "disallow"):
        with start_replica(*SMALL, "--robots-im", option) as running:
            answers.append(get_robots(running, "im.diningcode.com"))

    assert [status for status, _ in answers] == [404, 200, 200]
    assert [Protego.parse(text).can_fetch("/API/isearch/", "refillspot") for _, text in answers[1:]] == [True, False]
