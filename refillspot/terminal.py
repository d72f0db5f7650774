"""rich for what people read: text of others has no markup, no emoji names and no escapes of its own."""

from __future__ import annotations

import os
import sys
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.table import Table

from refillspot.readable import discard, readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import ConsoleOptions, RenderableType, RenderResult
    from rich.text import Text


class Terminal(Console):
    """A console of rich on which only rich moves the cursor and chooses colours; styles are given as `style`.

    With `outlives_reader` what is shown goes nowhere once nobody reads it; else the program ends with 1.
    """

    def __init__(self, *, outlives_reader: bool = False, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)
        self._outlives_reader = outlives_reader

    def on_broken_pipe(self) -> None:
        if not self._outlives_reader:
            super().on_broken_pipe()
        self.quiet = True
        discard(self.file)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(readable(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(readable(segment.text), segment.style)


ESCAPE, ESCAPE_SECONDS, LONGEST_KEY = "\x1b", 0.02, 8  # what an arrow begins with, and that what follows does soon
ID_COLUMNS, WORD_COLUMNS = 20, 8  # that an id and a word keep; "20261128-145110-5e6c" is 20 wide


class Listing:
    """A line a row: an id, so many columns of words, figures. Figures, dates and usual ids are never broken.

    rich would take from each column where all of them are too wide.
    """

    def __init__(self, headings: Sequence[str], rows: Iterable[Sequence[str]], *, words: int) -> None:
        self._lines = [headings, *rows]
        self._words = words

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
        for number, (heading, width) in enumerate(zip(self._lines[0], self._widths(options.max_width), strict=True)):
            is_figure = number > self._words
            table.add_column(
                heading, width=width, no_wrap=is_figure, justify="right" if is_figure else "left", overflow="fold"
            )
        for row in self._lines[1:]:
            table.add_row(*row)
        yield table

    def _widths(self, most: int) -> list[int]:
        """Return how wide the columns are: figures as they are, of the rest what is left."""
        widest = [max(map(cell_len, column)) for column in zip(*self._lines, strict=True)]
        least = [ID_COLUMNS, *[WORD_COLUMNS] * self._words]
        widths = [min(wide, keeps) for wide, keeps in zip(widest, least, strict=False)] + widest[len(least) :]
        rest = most - sum(widths) - (len(widths) - 1)
        for number in [*range(1, len(least)), 0]:  # words first: an id that is longer than usual is no word
            more = max(0, min(rest, widest[number] - widths[number]))
            widths[number] += more
            rest -= more
        return widths


def read_key() -> str:
    """Return the key that somebody presses on the terminal of stdin; empty: there is nobody any more.

    What was typed before it is asked for counts. Ctrl-C stays what it is.
    """
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415  # only there

        return msvcrt.getwch()
    import select  # noqa: PLC0415  # of files not on Windows, nor the other two
    import termios  # noqa: PLC0415
    import tty  # noqa: PLC0415

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSANOW)
        decoder, key = getincrementaldecoder("utf-8")("replace"), ""
        while not key and (byte := os.read(terminal, 1)):  # what is typed ahead is left
            key = decoder.decode(byte)
        if key == ESCAPE and select.select([terminal], [], [], ESCAPE_SECONDS)[0]:
            os.read(terminal, LONGEST_KEY)  # an arrow is no letter
        return key
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)
