"""`pip install .`: what is installed, runs from whatever folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.programs import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Launcher

WITHOUT_A_LOOK_AT_THE_NET = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")


def test_the_command_runs_from_any_folder(tmp_path: Path, environment: dict[str, str]) -> None:
    """Built of a copy, as building leaves things behind."""
    sources, installed, elsewhere = (tmp_path / name for name in ("sources", "installed", "else where 한글"))
    elsewhere.mkdir()
    for name in ("refillspot", "replica"):
        shutil.copytree(PROJECT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements-worker.in"):
        shutil.copy(PROJECT / name, sources)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", *WITHOUT_A_LOOK_AT_THE_NET]
    subprocess.run([*command, "--target", str(installed), str(sources)], check=True)

    there = environment | {"PYTHONPATH": str(installed), "HOME": str(tmp_path), "PYTHONSAFEPATH": "1"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, str(installed / "bin/refillspot"), *arguments]
        return subprocess.run(program, cwd=elsewhere, env=there, capture_output=True, check=False, text=True)

    checked, crawls, wrong = run("check"), run("crawls", "list", "--json"), run("crwal")

    assert checked.returncode == 0, checked.stderr
    assert "Ran 2 contracts" in checked.stderr
    assert json.loads(crawls.stdout) == []  # the database of this test: migrations, scripts and data are there
    assert (wrong.returncode, "Did you mean crawl?" in wrong.stderr) == (2, True)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    ("variables", "config", "told"),
    [
        ({"SCRAPY_SETTINGS_MODULE": "nowhere.settings"}, "", "SCRAPY_SETTINGS_MODULE=nowhere.settings cannot"),
        ({}, "settings]", "scrapy.cfg cannot be read: File contains no section headers."),
    ],
)  # fmt: skip
def test_what_scrapy_reads_first_is_told_where_it_cannot_be_read(
    variables: dict[str, str], config: str, told: str, tmp_path: Path, launcher: Launcher, environment: dict[str, str]
) -> None:
    (tmp_path / "scrapy.cfg").write_text(config, "utf-8")
    ended = launcher.run("refillspot", "crawls", "list", environment=environment | variables, directory=tmp_path)

    assert (ended.returncode, ended.stdout) == (2, ""), ended.stderr
    assert ended.stderr.startswith(told)
    assert "Traceback" not in ended.stderr
