"""The programs of this project, started as a user starts them, or by fork, which takes a tenth of the time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.fork_server import NAME_OF_THE_SERVER, fork_instead

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

PROJECT = Path(__file__).parents[1]


class Program(subprocess.Popen[str]):
    """A child of this process.

    It is killed when the test fails that uses it: who waits for it would wait longer than pytest's time-out.
    """

    def wait_for_line(self, text: str) -> str:
        """Read its log up to a line with `text`, and return that."""
        assert self.stderr
        found: str | None = next((line for line in self.stderr if text in line), None)
        assert found, f"ended without a line of {text!r}"
        return found

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind:
            self.kill()
        super().__exit__(kind, value, traceback)


def spawn(
    module: str, *arguments: str, environment: Mapping[str, str] | None = None, directory: Path = PROJECT
) -> Program:
    """Start `python -m <module>` with pipes for its three streams, as a user would."""
    return Program(
        [sys.executable, "-m", module, *arguments], cwd=directory, env=environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip


class Launcher:
    """Starts `python -m <module>` by fork, where the system can; the server of that is started at the first use."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def start(
        self,
        module: str,
        *arguments: str,
        environment: Mapping[str, str],
        directory: Path = PROJECT,
        children_too: bool = False,
    ) -> Program:
        """Start it with pipes for its three streams; with `children_too` what it starts itself is forked as well."""
        with self.forking(children_too=children_too):
            return spawn(module, *arguments, environment=environment, directory=directory)

    def run(
        self,
        module: str,
        *arguments: str,
        environment: Mapping[str, str],
        directory: Path = PROJECT,
        children_too: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end, and return that with all that it wrote."""
        with self.forking(children_too=children_too):
            program = spawn(module, *arguments, environment=environment, directory=directory)
        with program:
            return completed(program)

    def show(
        self,
        module: str,
        *arguments: str,
        environment: Mapping[str, str],
        columns: int = 80,
        children_too: bool = False,
    ) -> bytes:
        """Run it on a terminal of so many columns; return all that it wrote there, on both streams."""
        import fcntl  # noqa: PLC0415  # not on Windows, nor are the other two
        import pty  # noqa: PLC0415
        import struct  # noqa: PLC0415
        import termios  # noqa: PLC0415

        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        command = [sys.executable, "-m", module, *arguments]
        with self.forking(children_too=children_too):
            program = Program(command, cwd=PROJECT, env=environment, stdin=subprocess.PIPE, stdout=its, stderr=its)
        os.close(its)
        with program, os.fdopen(ours, "rb", 0) as terminal:
            written = bytearray()
            with suppress(OSError):  # EIO: nobody has it open any more
                while part := terminal.read(65536):
                    written += part
        return bytes(written)

    @contextmanager
    def forking(self, *, children_too: bool = False) -> Iterator[None]:
        """Meanwhile each `python -m <module>` that this process starts, also deep in the product, is forked."""
        if sys.platform != "linux":
            yield
            return
        with fork_instead(self._asking, children_too=children_too):
            yield

    def close(self) -> None:
        self._stack.close()

    @cached_property
    def _asking(self) -> socket.socket:
        ours, its = socket.socketpair()
        command = [sys.executable, "-m", "tests.fork_server", str(its.fileno())]
        server = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.DEVNULL, pass_fds=[its.fileno()])
        its.close()
        self._stack.enter_context(server)  # it ends when nobody can ask any more
        return self._stack.enter_context(ours)


def children(pid: int) -> list[psutil.Process]:
    """Return what a process has started and what runs, but for the server that forks it."""
    return [child for child in psutil.Process(pid).children() if child.name() != NAME_OF_THE_SERVER]


def completed(program: Program) -> subprocess.CompletedProcess[str]:
    """Wait for the end of a program that was started, and return that with all that it wrote."""
    out, err = program.communicate()
    assert program.returncode is not None
    return subprocess.CompletedProcess([], program.returncode, out, err)
