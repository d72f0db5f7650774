from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

from tools.house import describe, measure

PROJECT = Path(__file__).parents[2]
TOLD = 'print(_("no {thing} is there"), _("name"))'
LONG = "\n".join(f"LINE_{number} = {number}" for number in range(70))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of seven files that hold something, with one fault of each kind in it."""
    files = {
        "__init__.py": '"""Holds nothing."""\n',
        "middlewares.py": "from crooked import listed\n",
        "listed.py": f"LISTED = 1\nReply = int\n{TOLD}\n",
        "long.py": f"import crooked.used_once\n\n\nclass Answer:\n    pass\n\n\n{LONG}\n",
        "used_once.py": "from crooked import listed\n\n\nclass Answer:\n    pass\n\n\nclass Reply:\n    pass\n",
        "there.py": "from crooked import back\n",
        "back.py": "def again() -> None:\n    from crooked import there\n",
        "commands/__init__.py": "",
        "commands/ask.py": f"import crooked.long\n\n{TOLD}\n\n\nclass Answer:\n    pass\n",
    }
    for name, text in files.items():
        (tmp_path / "crooked" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "crooked" / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "crooked", raising=False)
    importlib.invalidate_caches()
    return tmp_path / "crooked"


def test_files_that_hold_something_are_counted_with_their_lines(package: Path) -> None:
    house = measure("crooked", package)

    assert len(house.lines) == 7
    assert house.lines["crooked.long"] == 77
    assert "crooked.long" not in house.small
    assert "crooked.listed" in house.small


def test_whoever_only_names_a_module_does_not_use_it(package: Path) -> None:
    house = measure("crooked", package)

    assert house.single["crooked.used_once"] == "crooked.long"
    assert house.single["crooked.listed"] == "crooked.used_once"  # and middlewares.py, which lists it
    assert "crooked.commands.ask" not in house.single


def test_cycles_are_found_inside_functions_too(package: Path) -> None:
    assert measure("crooked", package).cycles == ["crooked.back", "crooked.there"]


def test_a_name_of_a_type_has_one_meaning_but_in_commands(package: Path) -> None:
    assert measure("crooked", package).double == {
        "Answer": ["crooked.long", "crooked.used_once"],
        "Reply": ["crooked.listed", "crooked.used_once"],
    }


def test_a_sentence_is_spelled_in_one_file(package: Path) -> None:
    assert measure("crooked", package).spelled == {"no {thing} is there": ["crooked.commands.ask", "crooked.listed"]}


def test_the_report_names_what_it_counts_where_asked(package: Path) -> None:
    house = measure("crooked", package)
    brief, verbose = (list(describe(house, verbose=verbose)) for verbose in (False, True))

    assert set(brief) < set(verbose)
    assert "      crooked.used_once <- crooked.long" in verbose


def test_this_house() -> None:
    """One meaning for a name, no import in a circle, hardly a small file that could stand in the one that uses it."""
    house = measure("refillspot", PROJECT / "refillspot")

    assert house.cycles == []
    assert house.double == {}
    assert len(house.single) <= 5, house.single
    assert len(house.spelled) <= 15, house.spelled
    assert max(house.lines.values()) <= 300


def test_a_clock_is_handed_on() -> None:
    """Whoever makes one of their own forgets CLOCK_OFFSET_SECONDS: a simulation is told another time by them."""
    own = {
        "clock.py",
        "performance/storage.py", "performance/faults.py",  # they measure this machine
        "commands/crawl.py",  # the name of a log file, in the time of whoever looks for it
        "doctor/shape_report.py",
        "doctor/visit.py", "downloadermiddlewares/requeue.py", "downloadermiddlewares/distress.py", "webhook.py",
        # Retry-After, in the time of the server that says it
        "postgres/crawls.py", "postgres/gate.py",  # by how much a clock is ahead of this machine
    }  # fmt: skip
    package = PROJECT / "refillspot"
    asking = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(call in path.read_text("utf-8") for call in ("datetime.now(", " Clock()"))
    }

    assert asking <= own


def test_a_site_is_named_where_it_is_chosen() -> None:
    """Elsewhere it is `sites.DEFAULT`, or that of the spider."""
    package = PROJECT / "refillspot"
    naming = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"""["']diningcode["']""", path.read_text("utf-8"))
    }

    assert naming <= {
        "sites/__init__.py",
        "sites/diningcode/__init__.py",
        "spiders/diningcode.py",
        "sandbox/scratch.py",
    }
