"""`scrapy correct --judge`: one key a store."""

from __future__ import annotations

import os
import pty
from typing import TYPE_CHECKING

from refillspot import terminal
from refillspot.items import Evidence, MenuItem, RefillVerdict
from refillspot.listing.judging import Judged, judge
from refillspot.postgres.outward import StoreFilter, read
from tests.listing.test_stores import NOON
from tests.postgres.test_stores import store, write

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from tests.programs import Launcher

WANTED = StoreFilter(verdict="likely")
LIKELY = RefillVerdict("likely", [Evidence("menu", "고기 무제한")])


def verdicts(database_url: str) -> dict[str, str]:
    return {row["ref"]: row["refill_verdict"] for row in read(database_url)}


def test_each_key_is_kept_at_once_and_what_was_judged_does_not_come_again(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    menu = [MenuItem(f"찌개 {number}", 9000) for number in range(20)] + [MenuItem("고기 무제한")]
    write(database_url, *(store(ref, refill=LIKELY, menu=menu) for ref in "ABCDE"), store("F"))

    assert judge(database_url, WANTED, NOON, iter("xcㅕSq").__next__) == Judged(confirmed=1, unlikely=1, left=3)
    told = capsys.readouterr().out
    assert verdicts(database_url) == {"A": "confirmed", "C": "likely", "D": "likely", "E": "likely", "F": "confirmed"}
    assert "1/5" in told
    assert "! menu: 고기 무제한" in told
    assert "map.kakao.com" in told
    assert told.index("  고기 무제한") < told.index("찌개 0")
    assert "찌개 15" not in told

    assert judge(database_url, WANTED, NOON, lambda: "") == Judged(left=3)


def test_a_key_of_a_keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, its = pty.openpty()
    with os.fdopen(ours, "wb", 0) as keyboard, os.fdopen(its, encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        keyboard.write("cㅊu".encode())
        assert [terminal.read_key() for _ in range(3)] == ["c", "ㅊ", "u"]
        keyboard.write(b"\x1b[C")  # to the right: no c
        assert terminal.read_key() == "\x1b"
        keyboard.write(b"s")
        assert terminal.read_key() == "s"


def test_without_a_terminal_it_says_what_to_do(launcher: Launcher, environment: Mapping[str, str]) -> None:
    done = launcher.run("scrapy", "correct", "--judge", environment=environment)

    assert done.returncode == 2
    assert "scrapy stores --verdict likely --json" in done.stderr + done.stdout
