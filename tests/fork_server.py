"""A process that has imported Scrapy, the project and the replica once, and starts their command lines by fork.

Half of a short crawl is the import of what it consists of. A fork has that behind it, and is otherwise made to be what
`python -m scrapy` would be: the environment, directory, arguments, streams, locale and signals are those of the
request, and nothing that reads them at its import was imported before. Neither a reactor, a loop nor a thread is there
to be shared, see `assert_ready`. It is a child of the process that asked for it, which waits for it as for any other.
Five things are not as in a process of its own: all forks of one server hash texts alike, `ps` shows the server's
command line, at the end no module is taken apart, what the server has imported is never walked by the collector of
cycles, whoever thaws it: that copies each page of it; and what commands other packages bring is looked up once.

A program of its own, `python -m tests.fork_server SOCKET`. `fork_instead` asks it; where the children of a program
are to be forked too, it has a server of its own, which is a child of it beside them: `tests.programs.children`.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import importlib.metadata
import inspect
import json
import locale
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("scrapy.commands", "refillspot", "replica")
LATER = {  # reads the environment at its import; is run, not imported; is large, and not needed by most
    "refillspot.settings",
    "refillspot.__main__",
    "replica.__main__",
    "replica.tcp_proxy",
    "refillspot.export.geoparquet",
}
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
STREAMS = 3  # stdin, stdout, stderr
INHERIT = 36  # PR_SET_CHILD_SUBREAPER: children of children that end become one's own
COMMAND_NAME = Path("/proc/self/comm")
NAME_OF_THE_SERVER = "fork-server"  # instead of "python", of one that is a child of the program it serves


@dataclass(frozen=True)
class Request:
    """What to run: `python -m <module> <arguments>`, and where."""

    module: str
    arguments: list[str]
    environment: dict[str, str]
    directory: str
    own_session: bool
    children_too: bool
    """Whether what it starts itself is to be forked as well."""


@contextmanager
def fork_instead(server: socket.socket, *, children_too: bool = False) -> Iterator[None]:
    """Meanwhile let `server` fork each `python -m <module>` that this process starts by `subprocess.Popen`."""
    start = subprocess.Popen._execute_child  # type: ignore[attr-defined]

    def execute_child(process: subprocess.Popen[Any], *given: Any) -> None:
        call = inspect.signature(start).bind(process, *given).arguments
        executable, *command = [os.fspath(part) for part in call["args"]]
        if executable != sys.executable or command[0] != "-m":
            start(process, *given)
            return
        request = Request(
            command[1],
            command[2:],
            dict(os.environ if call["env"] is None else call["env"]),
            os.fspath(call["cwd"] or Path.cwd()),
            call["start_new_session"],
            children_too,
        )
        pipes = [call[name] for name in ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")]
        its = (pipes[0], pipes[3], pipes[5])
        process.pid = ask(server, request, [number if pipe == -1 else pipe for number, pipe in enumerate(its)])
        process._child_created = True  # type: ignore[attr-defined]
        process._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    with mock.patch.object(subprocess.Popen, "_execute_child", execute_child):
        yield


def ask(server: socket.socket, request: Request, streams: list[int]) -> int:
    """Return the pid of a new child of this process."""
    text = json.dumps(asdict(request)).encode() + b"\n"
    control = ctypes.CDLL(None).prctl
    control(INHERIT, 1, 0, 0, 0)
    server.sendall(text[socket.send_fds(server, [text], streams) :])
    pid = int(server.recv(CHUNK))
    control(INHERIT, 0, 0, 0, 0)
    return pid


def serve(asked: socket.socket) -> Request | None:
    """Return in each fork, with what it is to run; in the server itself when nobody can ask any more, with None."""
    on_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal; it is the forks'
    for text, descriptors in requests(asked):
        ours, its = os.pipe()
        if (between := os.fork()) == 0:
            if child := os.fork():
                os.write(its, b"%d" % child)
                os._exit(0)  # and whoever asked inherits the child
            for descriptor in (ours, its, asked.detach()):
                os.close(descriptor)
            take_streams(descriptors)
            signal.signal(signal.SIGINT, on_interrupt)
            return Request(**json.loads(text))
        os.waitpid(between, 0)
        asked.send(os.read(ours, CHUNK))
        for descriptor in (ours, its, *descriptors):
            os.close(descriptor)
    return None


def requests(asked: socket.socket) -> Iterator[tuple[bytes, list[int]]]:
    while True:
        text, descriptors, *_ = socket.recv_fds(asked, CHUNK, STREAMS)
        while text and not text.endswith(b"\n"):
            text += asked.recv(CHUNK)
        if not text:
            return
        yield text, descriptors


def take_streams(descriptors: list[int]) -> None:
    """Make the first three stdin, stdout and stderr; nothing else stays open."""
    for number, descriptor in enumerate(descriptors):
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


def look_up_commands() -> None:
    """Read what installed packages add to Scrapy's commands, a file of each: a seventh of a short command's work."""
    installed = importlib.metadata.entry_points(group="scrapy.commands")
    vars(sys.modules["scrapy.cmdline"]).update(entry_points=lambda *, group: installed.select(group=group))


def assert_ready() -> None:
    """Whatever is made at an import would be shared by all forks, or break in them."""
    assert "twisted.internet.reactor" not in sys.modules
    assert "refillspot.settings" not in sys.modules
    assert threading.active_count() == 1


def become(request: Request) -> None:
    """Be as if just started like that."""
    COMMAND_NAME.write_text("python", encoding="ascii")
    if request.own_session:
        os.setsid()
    if request.module != "scrapy":  # whose commands hear of Ctrl-C in their own way: it was imported here
        sys.excepthook, sys.unraisablehook = sys.__excepthook__, sys.__unraisablehook__
    vars(gc).update(freeze=leave_frozen, unfreeze=leave_frozen)
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


def leave_frozen() -> None:
    """Instead of what a crawl freezes and thaws: its own objects are few, and all of them are collected at the end."""


def end(status: object) -> NoReturn:
    """End as an interpreter does, but without taking apart what was imported: most of the work of a short program."""
    if status is None or isinstance(status, int):
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        gc.collect()  # whoever complains of not being closed or awaited
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit((status or 0) & 0xFF)
    raise SystemExit(status)


def main() -> None:
    gc.disable()  # modules are no garbage
    import_everything()
    look_up_commands()
    gc.collect()
    gc.freeze()
    gc.enable()
    assert_ready()
    request, stack = serve(socket.socket(fileno=int(sys.argv[1]))), ExitStack()
    while request and request.children_too:
        ours, its = socket.socketpair()
        if os.fork():
            its.close()
            stack.enter_context(fork_instead(ours))
            break
        COMMAND_NAME.write_text(NAME_OF_THE_SERVER, encoding="ascii")
        ours.close()
        request = serve(its)
    if request:
        become(request)
        status: object = 0
        try:
            runpy.run_module(request.module, run_name="__main__", alter_sys=True)
        except SystemExit as ended:
            status = ended.code
        end(status)


if __name__ == "__main__":
    main()
