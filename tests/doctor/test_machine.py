from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from refillspot.doctor.machine import GIB, MIB, PINS, WORKER_MIB, Resources, examine_packages, examine_resources
from refillspot.doctor.servers import examine_clocks
from refillspot.services.inspection import PostgresFacts

if TYPE_CHECKING:
    from collections.abc import Callable

    from refillspot.doctor import Check
    from refillspot.doctor.checkup import Questions

    CheckUp = Callable[..., list[Check]]

PLENTY = 100 * GIB


@pytest.mark.parametrize(
    ("memory", "disk", "expected"),
    [
        (PLENTY, PLENTY, ["ok", "ok"]),
        (2000 * MIB, 2 * GIB, ["warning", "warning"]),
        ((WORKER_MIB - 1) * MIB, GIB - 1, ["problem", "problem"]),
    ],
)
def test_memory_and_disk(memory: int, disk: int, expected: list[str]) -> None:
    found = list(examine_resources(Resources(memory, disk), Path("home"), fleet_mib=2048))

    assert [one.state for one in found] == expected
    assert all(one.remedy for one in found if one.state != "ok")


def test_what_is_free_is_told_of_a_home_that_is_not_there_yet(tmp_path: Path) -> None:
    now = Resources.now(tmp_path / "a/b")

    assert now.memory > 0
    assert now.disk > 0


def test_installed_packages_are_those_that_are_pinned() -> None:
    (finding,) = examine_packages(PINS.read_text("utf-8").splitlines())

    assert finding.state == "ok", finding.what


def test_other_packages_are_named() -> None:
    pins = [
        "rich==0.1 \\",
        "    --hash=sha256:00",
        f"psutil=={version('psutil')} \\",
        "nowhere-to-be-found==1.0 ; python_version >= '3'",
        "of-another-system==1.0 ; sys_platform == 'none'",
    ]

    (finding,) = examine_packages(pins)

    assert finding.state == "warning"
    assert f"rich {version('rich')} instead of 0.1, nowhere-to-be-found is missing" in finding.what
    assert "psutil" not in finding.what
    assert "of-another-system" not in finding.what


@pytest.mark.parametrize(
    ("ahead", "state", "words"),
    [(0.0, "ok", "agree"), (-1.9, "ok", "agree"), (30, "warning", "ahead by 30 s"), (-90, "problem", "behind by 90 s")],
)
def test_clocks_that_differ(ahead: float, state: str, words: str) -> None:
    (finding,) = examine_clocks({"postgres": PostgresFacts("18", ahead, 100, 97)})

    assert finding.state == state
    assert words in finding.what


def test_who_comes_is_asked_for(check_up: CheckUp, questions: Questions) -> None:
    nobody = check_up(is_offline=True)
    someone = check_up(is_offline=True, environ={**questions.environ, "CONTACT": "someone@example.org"})

    (asked,) = [one for one in nobody if "CONTACT" in one.what]
    assert (asked.area, asked.state) == ("settings", "note")
    assert "CONTACT=" in asked.remedy
    assert [one for one in someone if "CONTACT" in one.what] == []


def test_values_that_were_never_filled_in(check_up: CheckUp, questions: Questions, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KAKAO_API_KEY=your_kakao_api_key_here\nNOTIFY_URL=\n", "utf-8")

    someone = {**questions.environ, "CONTACT": "someone@example.org"}
    found = [one for one in check_up(is_offline=True, environ=someone) if one.area == "settings"]

    assert [one.state for one in found] == ["warning"]
    assert "KAKAO_API_KEY in .env" in found[0].what


@pytest.mark.parametrize(
    ("text", "mode", "warnings"),
    [
        ("DB_PASSWORD=s3cret", 0o644, 1),
        ("DATABASE_URL=postgresql://u:s3cret@localhost/d", 0o644, 1),
        ("NOTIFY_URL=https://example.org/hooks/s3cret", 0o606, 1),
        ("KAKAO_API_KEY=s3cret", 0o602, 1),
        ("DB_PASSWORD=s3cret", 0o600, 0),
        ("DB_PASSWORD=s3cret", 0o640, 0),  # of a group that was chosen for it
        ("DB_HOST=localhost\nKAKAO_API_KEY=your_kakao_api_key_here", 0o644, 0),
    ],
)
def test_secrets_that_others_may_read(
    check_up: CheckUp, questions: Questions, tmp_path: Path, text: str, mode: int, warnings: int
) -> None:
    file = tmp_path / ".env"
    file.write_text(text, "utf-8")
    file.chmod(mode)

    found = [
        one
        for one in check_up(is_offline=True, environ=questions.environ)
        if "users of this machine can read" in one.what
    ]

    assert [one.state for one in found] == ["warning"] * warnings
    assert all(f"chmod 600 {file}" in one.remedy for one in found)
    assert "s3cret" not in str(found)


@pytest.mark.parametrize(
    ("text", "words"),
    [("이름=값".encode("cp949"), "is not UTF-8"), (b"REDIS_PORT=many", "REDIS_PORT cannot be used")],
)
def test_a_file_that_cannot_be_used(
    check_up: CheckUp, questions: Questions, tmp_path: Path, text: bytes, words: str
) -> None:
    (tmp_path / ".env").write_bytes(text)
    environ = {name: value for name, value in questions.environ.items() if name != "REDIS_URL"}

    found = check_up(is_offline=True, environ=environ)

    assert any(one.state == "problem" and words in one.what for one in found), found
