"""What cannot be started says why in a line, and what to do."""

from __future__ import annotations

import os
import socket
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import pytest

from tests.programs import completed, spawn

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tests.programs import Launcher

Run: TypeAlias = "Callable[..., subprocess.CompletedProcess[str]]"


@pytest.fixture
def run(launcher: Launcher) -> Run:
    return partial(launcher.run, environment=os.environ)


def test_a_busy_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with spawn("replica", "--port", str(port)) as process:
            ended = completed(process)

    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{port}: " in ended.stderr
    assert "Choose another --port, or 0 for a free one." in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--port", "70000"), "argument --port: 70000 is not between 0 and 65535"),
        (("--port", "http"), "argument --port: invalid int value: 'http'"),
        (("--seed", "x"), "argument --seed: invalid int value: 'x'"),
        (("--cap", "0"), "argument --cap: 0 is not between 1 and"),
        (("--latency-ms", "-1"), "argument --latency-ms: -1.0 is not between 0 and"),
        (("--latency-ms", "nan"), "argument --latency-ms: nan is not between 0 and"),
        (("--refill-stores", "-5"), "argument --refill-stores: -5 is not between 0 and"),
        (("--fault", "kind=flood"), "argument --fault: Invalid value 'flood'"),
        (("--fault", "{"), "argument --fault: Input data was truncated"),
        (("--region", "경기도"), "argument --region: region=경기도: only the metropolitan cities"),
        (("--shapes", "2027"), "argument --shapes: invalid choice: '2027'"),
        (("--odd", "1.5"), "argument --odd: 1.5 is not between 0 and 1"),
        (("--robots-im", "perhaps"), "argument --robots-im: invalid choice: 'perhaps'"),
    ],
)
def test_a_bad_option_is_wrong_usage(options: tuple[str, ...], message: str, run: Run) -> None:
    ended = run("replica", *options)

    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_host_that_is_not_here_is_named(run: Run) -> None:
    ended = run("replica", "--host", "192.0.2.1", "--port", "80")

    assert ended.returncode == 1
    assert "cannot listen on 192.0.2.1:80: " in ended.stderr
    assert "check --host" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["throttle 0", "throttle -1", "throttle nan", "throttle fast", "melt"])
def test_the_proxy_refuses_what_it_cannot_do(launcher: Launcher, command: str) -> None:
    proxy = launcher.start("replica.tcp_proxy", "--upstream", "127.0.0.1:1", environment=os.environ)
    with proxy:
        assert proxy.stdin
        proxy.stdin.write(f"{command}\n")
        ended = completed(proxy)

    assert ended.returncode == 0
    assert ended.stdout.splitlines()[1].startswith("commands: delay")
