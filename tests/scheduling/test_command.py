from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from refillspot.commands.schedule import KINDS, Command
from refillspot.exceptions import ArgumentError, ConfigurationError
from refillspot.services import VARIABLES

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cr3t-s3cr3t"  # noqa: S105  # of this test alone


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of this test's own, about which the environment says nothing."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "scrapy.cfg").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def schedule(*line: str) -> None:
    command, parser = Command(), argparse.ArgumentParser()
    command.settings = Settings()
    command.settings.setmodule("refillspot.settings", "project")
    command.add_options(parser)
    opts, args = parser.parse_known_args(line)
    command.process_options(args, opts)
    command.act(args, opts)


@pytest.mark.parametrize("kind", ["windows", "compose"])
def test_an_account_without_a_name_has_a_schedule(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service of Windows, or a container that runs as whatever number it was given."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, "pwd", None)

    schedule("--print", kind)


@pytest.mark.parametrize("kind", KINDS)
def test_the_files_are_written_and_what_to_do_with_them_is_told(
    kind: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schedule(
        "--print",
        kind,
        "--into",
        "units",
        "--window",
        "22:30-04:00",
        "-a",
        "district=강남구",
        "-s",
        "SCHEDULE_EVERY_HOURS=72",
    )

    told = capsys.readouterr()
    paths = [place / line for line in told.out.splitlines()]
    assert paths
    assert set(paths) == set((place / "units").iterdir())
    assert "units" in told.err
    texts = [path.read_text("utf-16" if path.suffix == ".xml" else "utf-8") for path in paths]
    assert "district=강남구" in "".join(texts)
    assert "SCHEDULE_EVERY_HOURS=72" in "".join(texts)
    assert "SCHEDULE_EVERY_HOURS=24" not in "".join(texts)
    assert "22:30-04:00" in "".join(texts)
    assert kind == "compose" or str(place) in texts[0]


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_is_in_them_and_what_only_this_terminal_knows_is_told(
    kind: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / ".env").write_text(f"KAKAO_API_KEY={SECRET}\n")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me:{SECRET}@localhost/stores")

    schedule("--print", kind)

    told = capsys.readouterr()
    assert SECRET not in told.out + told.err
    assert ("DATABASE_URL is set in this terminal only" in told.err) == (kind != "compose")
    assert "KAKAO" not in told.err
    assert "--notify" not in told.out
    assert ("nobody will be told" in told.err) == (kind != "compose")
    if kind == "cron":
        assert "refillspot.crontab" in told.out
        with pytest.raises(UsageError, match=r"DATABASE_URL may hold a secret"):
            schedule("--print", kind, "-s", f"DATABASE_URL=postgresql://me:{SECRET}@localhost/stores")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ((), "use scrapy schedule --print"),
        (("--print", "cron", "now"), "use scrapy schedule --print"),
        (("--run", "--into", "units"), "use scrapy schedule --print"),
        (("--print", "sytemd"), r"systemd, cron, windows, compose\..*systemd\?"),
        (("--print", "cron", "--keep", "0"), "--keep is how many"),
        (("--print", "cron", "--window", "1-6"), "is not a time range"),
        (("--print", "cron", "-a", "district=강냄구"), "강남구"),
    ],
)
def test_wrong_usage_is_told_by_day(line: tuple[str, ...], told: str) -> None:
    with pytest.raises((UsageError, ArgumentError, ConfigurationError), match=told):
        schedule(*line)
