"""`scrapy audit`: one key a value, kept at once."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import sys
import termios
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import duckdb
import psycopg
import pytest
from rich.cells import cell_len

from refillspot.exceptions import ArgumentError
from refillspot.listing.auditing import ask, draw_sample, questions, read_sheet, write_sheet
from refillspot.postgres.audits import FIELDS, Audited, audits
from refillspot.postgres.corrections import corrections
from refillspot.postgres.outward import StoreFilter
from refillspot.report.audited import audit_line
from refillspot.report.recorded import Records
from tests.english import english_in
from tests.listing.test_stores import NOON
from tests.postgres.test_stores import store, write
from tests.programs import PROJECT, Program

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from refillspot.listing.entries import Listed
    from tests.programs import Launcher

SEED = 202612


@pytest.fixture
def known(database_url: str) -> str:
    write(database_url, store("A"), store("B", phone=None), store("C", name="=쿠우 쿠우"))
    return database_url


def sample(database_url: str) -> list[Listed]:
    return draw_sample(database_url, StoreFilter(), 30, SEED, NOON)


def answers(database_url: str) -> list[tuple[str, str, str]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(
            "SELECT ref, field, answer FROM refillspot.audits ORDER BY answered_at, ref"
        ).fetchall()


def test_each_key_is_kept_at_once_and_it_goes_on_where_it_was(known: str, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = sample(known)
    first, second = (one.row["ref"] for one in drawn[:2])
    values = [one.field for one in questions(drawn) if one.number == 1]
    total = len(questions(drawn))

    assert ask(known, drawn, SEED, NOON, iter("xㄱWbdq").__next__) == total - 2
    said = capsys.readouterr().out
    assert [(ref, field, answer) for ref, field, answer in answers(known)] == [
        (first, values[0], "right"),
        (first, values[1], "unknown"),
    ]
    assert "1/3" in said
    assert "map.kakao.com" in said

    rest = "r" * (len(values) - 2) + "w" + "q"  # the second is not there: nothing else is asked of it
    left = ask(known, drawn, SEED, NOON, iter(rest).__next__)
    assert left == len([one for one in questions(drawn) if one.number == 3])
    assert (second, "status", "wrong") in answers(known)
    assert ask(known, drawn, SEED, NOON, lambda: "") == left + sum(
        one.number == 2 and one.field != "status" for one in questions(drawn)
    )
    assert ask(known, drawn, SEED + 1, NOON, lambda: "") == total


def test_what_it_came_to(known: str) -> None:
    drawn = sample(known)
    ask(known, drawn, SEED, NOON, iter("r" * 100).__next__)
    with_phone = [one for one in drawn if one.row["phone"]]
    ask(known, with_phone, SEED + 1, NOON + timedelta(days=1), iter("rrrwdq").__next__)
    with audits(known) as table:
        assert {one.right for one in table.sums(SEED)} == {2, 3}  # of one the phone is not known
        newest = table.sums()
    assert newest == Records(known, NOON).audited()
    assert {one.field: (one.right, one.wrong, one.unknown) for one in newest} == {
        "status": (1, 0, 0),
        "refill_verdict": (1, 0, 0),
        "refill_price_krw": (1, 0, 0),
        "hours": (0, 1, 0),
        "phone": (0, 0, 1),
    }
    found = [Audited("hours", 29, 1, 0, NOON), Audited("phone", 0, 0, 3, NOON)]
    assert audit_line(found) == f"Checked by hand, last on {NOON:%Y-%m-%d}: hours right 29 of 30."
    assert audit_line([]) == ""


def test_a_store_that_is_forgotten_leaves_no_answer(known: str) -> None:
    ask(known, sample(known), SEED, NOON, iter("r" * 100).__next__)
    with corrections(known) as table:
        assert table.forget(("diningcode", "A"))["audits"] == len(FIELDS)

    assert {ref for ref, _, _ in answers(known)} == {"B", "C"}


def test_on_a_terminal_until_somebody_interrupts_it(
    known: str, launcher: Launcher, environment: Mapping[str, str]
) -> None:
    variables = {**environment, "REFILLSPOT_LANG": "ko", "PYTHONIOENCODING": "cp949", "TERM": "xterm"}
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
    command = [sys.executable, "-m", "scrapy", "audit", "--sample", "2", "--seed", "7"]
    with launcher.forking():
        program = Program(command, cwd=PROJECT, env=variables, stdin=its, stdout=its, stderr=its)
    os.close(its)
    said = b""
    with program, os.fdopen(ours, "r+b", 0) as terminal:
        for key, prompts in ((b"r", 1), (b"w", 2), (None, 3)):
            while said.count("q 그만".encode("cp949")) < prompts:
                said += terminal.read(65536)
            if key:
                terminal.write(key)
        program.send_signal(signal.SIGINT)
        with suppress(OSError):  # EIO: nobody has it open any more
            while part := terminal.read(65536):
                said += part

    assert program.returncode == 130
    assert [answer for _, _, answer in answers(known)] == ["right", "wrong"]
    text = re.sub(r"\x1b\[[\d;]*m", "", said.decode("cp949"))
    assert "Traceback" not in text
    lines = [line for line in text.splitlines() if "://" not in line]  # links are whole, to be opened
    assert max(map(cell_len, lines)) <= 80
    assert english_in(re.sub(r"\b[ABCrwdbq]\b", "", "\n".join(lines))) == []

    told = launcher.run("scrapy", "audit", "--seed", "7", "--json", environment=environment)
    assert [one["answer"] for one in json.loads(told.stdout) if one["answer"]] == ["right", "wrong"]


def test_a_sheet_is_filled_elsewhere_and_read(known: str, tmp_path: Path) -> None:
    drawn, path = sample(known), tmp_path / "audit.csv"
    count = write_sheet(str(path), drawn, {})
    reread = duckdb.read_csv(str(path), header=True).project("ref, name, field, answer").fetchall()
    assert len(reread) == count == len(questions(drawn))
    assert {name for ref, name, *_ in reread if ref == "C"} == {"'=쿠우 쿠우 본점"}
    with pytest.raises(ArgumentError, match="is there already"):
        write_sheet(str(path), drawn, {})

    text = path.read_text("utf-8-sig")
    filled = re.sub(r"(?m)^(diningcode,A,.*?),,(?=http)", r"\1,맞음,", text)
    path.write_text(filled, "utf-8-sig")
    with psycopg.connect(known) as connection:
        connection.execute("UPDATE refillspot.stores SET status = 'gone' WHERE ref = 'A'")  # since it was written
    assert read_sheet(known, str(path), SEED, NOON) == len(FIELDS)
    assert {answer for _, _, answer in answers(known)} == {"right"}

    path.write_text(filled.replace("맞음", "글쎄", 1), "utf-8")
    line = 1 + next(number for number, row in enumerate(filled.splitlines()) if "맞음" in row)
    with pytest.raises(ArgumentError, match=f"line {line}: 글쎄 is no answer"):
        read_sheet(known, str(path), SEED + 1, NOON)
    path.write_text(filled.replace("diningcode,A,", "diningcode,Z,"), "utf-8")
    with pytest.raises(ArgumentError, match=f"line {line}: there is no value status of a store Z"):
        read_sheet(known, str(path), SEED + 1, NOON)
    assert len(answers(known)) == len(FIELDS)


@pytest.mark.usefixtures("known")
def test_a_sheet_goes_out_and_comes_back_by_the_command(
    launcher: Launcher, environment: Mapping[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "audit.csv"
    out = launcher.run("scrapy", "audit", "--seed", "7", "--sheet", str(path), environment=environment)
    assert out.returncode == 0, out.stderr
    assert f"scrapy audit --read {path} --seed 7" in out.stdout

    text = path.read_text("utf-8-sig")
    path.write_text(re.sub(r",,(?=http)", ",o,", text), "cp949")
    back = launcher.run("scrapy", "audit", "--seed", "7", "--read", str(path), environment=environment)
    assert back.returncode == 0, back.stderr
    assert "hours: right 3 of 3 (44% to 100% of all stores), don't know 0" in back.stdout


def test_without_a_terminal_it_says_what_to_do(launcher: Launcher, environment: Mapping[str, str]) -> None:
    done = launcher.run("scrapy", "audit", environment=environment)

    assert done.returncode == 2
    assert "scrapy audit --sheet audit.csv" in done.stderr + done.stdout
