"""What others say is text for people: it steers no terminal, forges no line, and has no markup."""

from __future__ import annotations

import io
import json
import logging
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.live import Live
from rich.table import Table
from rich.text import Text

from refillspot.exceptions import RefillspotError
from refillspot.logs import JsonLines, Origin, ScrubbedRecord, scrub_logs
from refillspot.readable import ACTING, indented, one_line, prepare_streams, readable, say, say_json
from refillspot.terminal import Listing, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORGED = "2026-11-24 15:30:00 [refillspot] INFO: Complete: 9 stores stored."
HOSTILE = [
    "\x1b[2J\x1b]0;title\x07",
    "\x9b31mred",
    f"ended\n{FORGED}",
    f"ended\r\n{FORGED}",
    f"ended\r{FORGED}",
    f"ended\u2028{FORGED}",
    f"ended\x85{FORGED}",
    "\u202egnp.exe\u2066",
    "zero\u200bwidth\ufeff\u00ad\U000e0041",
    "half \ud800 of one",
    "\0\x08\x7f",
    "[red]고기[/red] [/] [bold] :smile: [link=file:///etc/passwd]",
]
KOREAN = "명륜진사갈비 강남점 (역삼동) ★ 19,900원 ~ 22,900원 · 무한리필…　👨‍👩‍👧 é"
hostile = pytest.mark.parametrize("text", HOSTILE)


def acts(text: str) -> bool:
    """Tell whether something in a text is more than a sign to be read, a tab or the end of a line."""
    return any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and c not in "\t\n\u200d" for c in text)


def test_acting_characters_are_those_of_unicode() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    known = set(ACTING.findall(every))

    assert all(len(c) == 1 for c in known)
    assert not acts("".join(c for c in every if c not in known))
    assert {unicodedata.category(c) for c in known if not acts(c)} <= {"Cn"}  # newer than this


@given(st.text(st.characters(exclude_categories=[])))
def test_what_is_readable_does_nothing_and_says_all(text: str) -> None:
    read = readable(text)

    assert not acts(read)
    assert readable(read) == read
    assert "\n" not in one_line(text)
    assert all(line.startswith("    ") for line in indented(text).split("\n")[1:])


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_stays_the_same_json(value: Any) -> None:
    assert json.loads(readable(json.dumps(value, ensure_ascii=False))) == value


def test_what_people_write_stays_as_it_is() -> None:
    assert readable(KOREAN) is KOREAN or readable(KOREAN) == KOREAN
    assert one_line("a\tb") == "a\tb"


def record(message: str, *values: object, error: BaseException | None = None) -> logging.LogRecord:
    told = (type(error), error, error.__traceback__) if error else None
    return ScrubbedRecord("refillspot.x", logging.ERROR, "x.py", 1, message, values, told)


@hostile
def test_no_log_line_can_be_forged(text: str) -> None:
    with pytest.raises(RefillspotError) as raised:
        raise RefillspotError(text)
    formatter = logging.Formatter("%(asctime)s [%(name)s] %(levelname)s: %(message)s")
    written = formatter.format(record("the site says: %s", text, error=raised.value))

    assert not acts(written)
    first, *others = written.split("\n")
    assert "[refillspot.x] ERROR: the site says: " in first
    assert [line for line in others if not line.startswith(("    ", "Traceback (most"))] == []


@hostile
def test_nor_a_line_of_json(text: str) -> None:
    written = JsonLines(lambda: Origin("a crawl", "a worker")).format(record("%s", text, error=ValueError(text)))

    assert not acts(written)
    assert "\n" not in written
    assert not acts(json.loads(written)["message"])


@hostile
def test_what_commands_print_acts_on_nothing(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(f"{KOREAN} {text}")

    printed = capsys.readouterr().out
    assert printed.startswith(KOREAN)
    assert not acts(printed)


def shown(console: Callable[[io.StringIO], Terminal], text: str) -> str:
    """Return what is written where a text stands in each place that rich has for one."""
    written = io.StringIO()
    terminal = console(written)
    table = Table(text, title=text)
    table.add_row(text)
    table.add_row(Text(text, style="red"))
    for part in (text, Text(text), table):
        terminal.print(part, soft_wrap=True)
    return written.getvalue()


@hostile
def test_a_table_acts_on_nothing_and_knows_no_markup(text: str) -> None:
    written = shown(lambda file: Terminal(file=file, width=200), text)

    assert not acts(written)
    for word in ("[red]고기[/red]", "[/]", ":smile:") if ":smile:" in text else ():
        assert written.count(word) == 6


@hostile
def test_on_a_terminal_colours_and_the_cursor_are_richs_alone(text: str) -> None:
    styled = shown(lambda file: Terminal(file=file, width=200, force_terminal=True, color_system="standard"), text)
    plain = styled.replace("\x1b[31m", "").replace("\x1b[0m", "").replace("\x1b[1m", "").replace("\x1b[3m", "")

    assert "\x1b[31m" in styled
    assert not acts(plain)


def test_a_panel_is_drawn_anew_in_place() -> None:
    written = io.StringIO()
    terminal = Terminal(file=written, width=80, force_terminal=True)
    with Live(console=terminal, auto_refresh=False) as live:
        live.update(Text("무한리필\x1b[2J"), refresh=True)

    assert "\x1b[?25l" in written.getvalue()  # the cursor is hidden meanwhile
    assert "\x1b[2K" in written.getvalue()
    assert "\x1b[2J" not in written.getvalue()
    assert r"무한리필\u001b[2J" in written.getvalue()


def test_json_has_no_digits_that_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    numbers = {"rate": 182355.08211606942, "share": 1 / 3, "lat": 37.4979462, "count": 7, "is": True, "none": None}
    say_json([numbers, (0.1 + 0.2,)])

    assert json.loads(capsys.readouterr().out) == [
        {"rate": 182355.082, "share": 0.3333333, "lat": 37.4979462, "count": 7, "is": True, "none": None},
        [0.3],
    ]


# --- encodings that lack letters, and readers that leave


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp949", "utf-8"])
def test_what_an_encoding_lacks_is_replaced_by_as_much(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    with io.TextIOWrapper(written, encoding=encoding, write_through=True) as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        prepare_streams()
        say(KOREAN)
        say("a → b … 3 × 4")
        read, signs = written.getvalue().decode(encoding).splitlines()
        assert cell_len(read) == cell_len(KOREAN)
        assert (read == KOREAN) == (encoding == "utf-8")
        assert "19,900" in read
        assert signs in {"a → b … 3 × 4", "a > b … 3 × 4", "a > b . 3 x 4"}

        say_json({"name": KOREAN})
        assert json.loads(written.getvalue().decode(encoding).splitlines()[-1]) == {"name": KOREAN}


def test_a_log_in_any_encoding_takes_every_line(tmp_path: Path) -> None:
    before, factory, hook = list(logging.root.handlers), logging.getLogRecordFactory(), sys.excepthook
    handler = logging.FileHandler(tmp_path / "log", encoding="ascii")
    logging.root.addHandler(handler)
    scrub_logs()
    logging.getLogger("refillspot.x").warning("the site says: %s", KOREAN)
    logging.root.handlers[:] = before
    logging.setLogRecordFactory(factory)
    sys.excepthook = hook
    handler.close()

    assert "the site says: ?" in (tmp_path / "log").read_text("ascii")


@pytest.mark.parametrize(("width", "ids"), [(80, 22), (80, 64), (200, 22)])
def test_a_listing_keeps_figures_dates_and_ids_whole(width: int, ids: int) -> None:
    rows = [
        ["20261128-145110-5e6c", "실행 중, 워커 12개", "강남구, 서초구, 금천구, …", "123,456", "2026-11-29 00:13"],
        ["x" * ids, "interrupted", "중구", "1", "2026-11-28 00:13"],
    ]
    written = io.StringIO()
    Terminal(file=written, width=width).print(Listing(["크롤", "상태", "구", "저장", "시작 (KST)"], rows, words=2))
    lines = written.getvalue().splitlines()

    assert max(map(cell_len, lines)) <= width
    for whole in (
        "20261128-145110-5e6c",
        "interrupted",
        "123,456",
        "2026-11-29 00:13",
        "2026-11-28 00:13",
        "시작 (KST)",
    ):
        assert sum(whole in line for line in lines) == 1
    assert (len(lines) == 3) == (width == 200)
