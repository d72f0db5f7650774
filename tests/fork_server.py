"""A process that has imported Scrapy, the project and the replica once, and starts their command lines by fork.

Half of a short crawl is the import of what it consists of. A fork has that behind it, and is otherwise made to be what
`python -m scrapy` would be: the environment, directory, arguments, streams, locale and signals are those of the
request, and nothing that reads them at its import was imported before. Neither a reactor, a loop nor a thread is there
to be shared, see `assert_ready`. One thing is not as in a process of its own: all forks of one server hash texts alike.

A program of its own, `python -m tests.fork_server SOCKET`; `tests.programs` speaks to it.
"""

from __future__ import annotations

import gc
import importlib
import json
import locale
import os
import pkgutil
import runpy
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

PACKAGES = ("scrapy.commands", "refillspot", "replica")
LATER = {"refillspot.settings", "replica.__main__"}  # reads the environment at its import; is run, not imported
ALSO = (  # what Scrapy names by text, or imports where it is needed
    "scrapy.cmdline",
    "scrapy.core.downloader.handlers.http11",
    "scrapy.core.scheduler",
    "scrapy.downloadermiddlewares.defaultheaders",
    "scrapy.downloadermiddlewares.downloadtimeout",
    "scrapy.downloadermiddlewares.httpcompression",
    "scrapy.downloadermiddlewares.httpproxy",
    "scrapy.downloadermiddlewares.redirect",
    "scrapy.downloadermiddlewares.stats",
    "scrapy.extensions.closespider",
    "scrapy.extensions.corestats",
    "scrapy.extensions.feedexport",
    "scrapy.extensions.logcount",
    "scrapy.extensions.logstats",
    "scrapy.robotstxt",
    "scrapy.spidermiddlewares.httperror",
    "scrapy.spidermiddlewares.referer",
    "scrapy.statscollectors",
    "scrapy_redis.dupefilter",
    "twisted.internet.asyncioreactor",
    "uvloop",
)
PLAIN_LOCALES = {"C", "POSIX", "C.UTF-8", "C.utf8"}  # in which Python passes on bytes that are no text
CHUNK = 65536
STREAMS = 3  # stdin, stdout, stderr; then comes where the end is reported


@dataclass(frozen=True)
class Request:
    """What to run: `python -m <module> <arguments>`, and where."""

    module: str
    arguments: list[str]
    environment: dict[str, str]
    directory: str


@dataclass
class Server:
    """Forks until nobody can ask any more. Each child's pid, then its exit status, is a line in its own pipe."""

    asked: socket.socket
    ends: dict[int, int] = field(default_factory=dict)
    """{pid: where its end is reported}."""

    def serve(self) -> Request | None:
        """Return in each child, with what it is to run; in the server itself at the end, with None."""
        on_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal; it is the children's
        signal.signal(signal.SIGCHLD, self.reap)
        for text, descriptors in self.requests():
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # until the child is known
            if (pid := os.fork()) == 0:
                self.forget_all_others()
                take_streams(descriptors)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.signal(signal.SIGINT, on_interrupt)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
                return Request(**json.loads(text))
            *streams, self.ends[pid] = descriptors
            for descriptor in streams:
                os.close(descriptor)
            os.write(self.ends[pid], b"%d\n" % pid)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        return None

    def requests(self) -> Iterator[tuple[bytes, list[int]]]:
        while True:
            text, descriptors, *_ = socket.recv_fds(self.asked, CHUNK, STREAMS + 1)
            while text and not text.endswith(b"\n"):
                text += self.asked.recv(CHUNK)
            if not text:
                return
            yield text, descriptors

    def reap(self, _number: int, _frame: FrameType | None) -> None:
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = found
                end = self.ends.pop(pid)
                with suppress(BrokenPipeError):  # nobody wants to know
                    os.write(end, b"%d\n" % os.waitstatus_to_exitcode(status))
                os.close(end)

    def forget_all_others(self) -> None:
        self.asked.close()
        for end in self.ends.values():
            os.close(end)


def take_streams(descriptors: list[int]) -> None:
    """Make the first three stdin, stdout and stderr; nothing else stays open."""
    for number, descriptor in enumerate(descriptors[:STREAMS]):
        os.dup2(descriptor, number)
    for descriptor in descriptors:
        os.close(descriptor)


def import_everything() -> None:
    for name in ALSO:
        importlib.import_module(name)
    for package in PACKAGES:
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if found.name not in LATER:
                importlib.import_module(found.name)


def assert_ready() -> None:
    """Whatever is made at an import would be shared by all forks, or break in them."""
    assert "twisted.internet.reactor" not in sys.modules
    assert "refillspot.settings" not in sys.modules
    assert threading.active_count() == 1


def become(request: Request) -> None:
    """Be as if just started like that."""
    os.environ.clear()
    os.environ.update(request.environment)
    os.chdir(request.directory)
    time.tzset()
    with suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "")
    sys.argv = ["", *request.arguments]  # runpy puts the module's path in front
    sys.path[0] = request.directory
    errors = "surrogateescape" if locale.setlocale(locale.LC_CTYPE) in PLAIN_LOCALES else "strict"
    encoding = os.environ.get("PYTHONIOENCODING") or "utf-8"
    sys.stdin = os.fdopen(0, "r", -1, encoding, errors, closefd=False)
    sys.stdout = os.fdopen(1, "w", 1 if os.isatty(1) else -1, encoding, errors, closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding, "backslashreplace", closefd=False)


def main() -> None:
    import_everything()
    gc.collect()
    gc.freeze()
    assert_ready()
    asked = socket.socket(fileno=int(sys.argv[1]))
    if request := Server(asked).serve():
        become(request)
        runpy.run_module(request.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
