"""Ctrl-C, whenever it comes: one sentence and exit code 130, never a traceback."""

from __future__ import annotations

import _thread
import atexit
import logging
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from refillspot.language import gettext as _
from refillspot.readable import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

ENDS_WITH_PARENT = "REFILLSPOT_ENDS_WITH_PARENT"
"""In the environment of a process: it is to call `end_with_parent`."""
INTERRUPTED = 130
"""The exit code that a shell gives to what Ctrl-C ended."""


def tell_interrupts() -> None:
    """Let the program end so wherever it is, in its imports too: whoever comes first calls this. Idempotent."""
    sys.excepthook = _told
    sys.unraisablehook = _raised_again
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)  # all is done: the exit code stays what it is


def end_at_once(sentence: str | None = None) -> NoReturn:
    """End the process with 130. What was under way has no last words: tasks would write a traceback each."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it has been heard
    say(sentence or _("Interrupted."), file=sys.stderr)
    with suppress(OSError):  # nobody reads them any more
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(INTERRUPTED)


def end_with_parent() -> None:
    """Stop this process, as SIGTERM does, when whoever holds the other end of its stdin is gone, killed or not."""

    def wait() -> None:
        with suppress(OSError, ValueError):  # closed: gone as well
            while os.read(0, 4096):
                pass
        if sys.platform == "win32":
            _thread.interrupt_main(signal.SIGBREAK)
        else:
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end what blocks within: Scrapy's own handler is heard when the event loop goes on, no sooner."""
    if (
        threading.current_thread() is not threading.main_thread()
        or (before := signal.getsignal(signal.SIGINT)) == signal.SIG_IGN
    ):
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _told(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        end_at_once()
    sys.__excepthook__(kind, error, traceback)


def _raised_again(unraisable: sys.UnraisableHookArgs) -> None:
    """Python ignores what is raised in a finalizer, a weak reference's callback or around a fork: not a Ctrl-C."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        _thread.start_new_thread(_interrupt_soon, ())
    else:
        sys.__unraisablehook__(unraisable)


def _interrupt_soon() -> None:
    time.sleep(0.01)  # or it would be raised in the hook that asks for it
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:  # which wakes what it waits for as well
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
