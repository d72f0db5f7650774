"""The programs of this project, started as a user starts them, or by fork, which takes a tenth of the time."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Self

PROJECT = Path(__file__).parents[1]


class ReadsLog:
    stderr: Any  # IO[str], or None where a Popen has no pipe

    def wait_for_line(self, text: str) -> str:
        """Read its log up to a line with `text`, and return that."""
        found: str | None = next((line for line in self.stderr if text in line), None)
        assert found, f"ended without a line of {text!r}"
        return found


class Spawned(ReadsLog, subprocess.Popen[str]):
    """A process of its own from its first instruction on.

    It is killed when the test fails that uses it: who waits for it would wait longer than pytest's time-out.
    """

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind:
            self.kill()
        super().__exit__(kind, value, traceback)


class Forked(ReadsLog):
    """A child of the fork server: what `Popen` is for a child of ours.

    The server reaps it, so its pid may be another's once its end is reported: no signal is sent after that.
    """

    stderr: IO[str]

    def __init__(self, stdin: IO[str], stdout: IO[str], stderr: IO[str], report: IO[str]) -> None:
        self.stdin, self.stdout, self.stderr, self._report = stdin, stdout, stderr, report
        self.pid = int(report.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._report], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self) -> int:
        """Return the exit status, or the negative number of the signal that ended it."""
        if self.returncode is None:
            self.returncode = int(self._report.readline())
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self) -> tuple[str, str]:
        """Return all that it still writes on both streams, after its end."""
        said: list[str] = []
        reader = Thread(target=lambda: said.append(self.stdout.read()), daemon=True)
        reader.start()
        log = self.stderr.read()
        reader.join()
        self.wait()
        return said[0], log

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind:
            self.kill()
        for stream in (self.stdin, self.stdout, self.stderr):
            stream.close()
        self.wait()
        self._report.close()


Program: TypeAlias = Spawned | Forked


def spawn(
    module: str, *arguments: str, environment: Mapping[str, str] | None = None, directory: Path = PROJECT
) -> Spawned:
    """Start `python -m <module>` with pipes for its three streams, as a user would."""
    return Spawned(
        [sys.executable, "-m", module, *arguments], cwd=directory, env=environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip


class Launcher:
    """Starts `python -m <module>` by fork, where the system can; the server of that is started at the first use."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def start(self, module: str, *arguments: str, environment: Mapping[str, str], directory: Path = PROJECT) -> Program:
        """Start it with pipes for its three streams."""
        if sys.platform == "win32":
            return spawn(module, *arguments, environment=environment, directory=directory)
        streams = os.pipe(), os.pipe(), os.pipe()
        return self._fork(streams, module, arguments, environment, directory)

    def show(self, module: str, *arguments: str, environment: Mapping[str, str], columns: int = 80) -> bytes:
        """Run it on a terminal of so many columns; return all that it wrote there, on both streams."""
        import fcntl  # noqa: PLC0415  # not on Windows, nor are the other two
        import pty  # noqa: PLC0415
        import struct  # noqa: PLC0415
        import termios  # noqa: PLC0415

        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        streams = os.pipe(), (os.dup(ours), its), (os.dup(ours), os.dup(its))
        with self._fork(streams, module, arguments, environment, PROJECT), os.fdopen(ours, "rb", 0) as terminal:
            written = bytearray()
            with suppress(OSError):  # EIO: nobody has it open any more
                while part := terminal.read(65536):
                    written += part
        return bytes(written)

    def _fork(
        self,
        streams: tuple[tuple[int, int], tuple[int, int], tuple[int, int]],
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
    ) -> Forked:
        """Start it with these for its three streams, (from where it is read, to where it is written) each."""
        (stdin, to_it), (out, its_out), (err, its_err) = streams
        report, its_end = os.pipe()
        request = {
            "module": module,
            "arguments": arguments,
            "environment": {**environment},
            "directory": str(directory),
        }
        text, theirs = json.dumps(request).encode() + b"\n", (stdin, its_out, its_err, its_end)
        self._asking.sendall(text[socket.send_fds(self._asking, [text], theirs) :])
        for descriptor in theirs:
            os.close(descriptor)
        ours = ((to_it, "w"), (out, "r"), (err, "r"), (report, "r"))
        return Forked(*(os.fdopen(end, mode, encoding="utf-8") for end, mode in ours))

    def run(
        self, module: str, *arguments: str, environment: Mapping[str, str], directory: Path = PROJECT
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end, and return that with all that it wrote."""
        with self.start(module, *arguments, environment=environment, directory=directory) as program:
            return completed(program)

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


def completed(program: Program) -> subprocess.CompletedProcess[str]:
    """Wait for the end of a program that was started, and return that with all that it wrote."""
    out, err = program.communicate()
    assert program.returncode is not None
    return subprocess.CompletedProcess([], program.returncode, out, err)
