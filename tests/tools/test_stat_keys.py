from __future__ import annotations

from typing import TYPE_CHECKING

from tools.stat_keys import stat_keys

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
COUNTED = {1: "lists", 2: "stores"}


class Counting:
    def begin(self, status: int, is_new: bool) -> None:
        self.stats.set_value("plain/one", 1)
        self.stats.inc_value(f"status/{status}")
        self.stats.inc_value("seen/new" if is_new else "seen/known")
        self.stats.inc_value(COUNTED[1])
        name = f"named/{status}"
        self.stats.max_value(name, 3)
        self._max = self.stats.max_value
        self._max("longest", 2)
        self._count("hits")
        self._count("misses" if is_new else status)

    def _count(self, what: str) -> None:
        self.stats.inc_value(f"counted/{what}")
"""


def test_each_way_to_name_a_stat(tmp_path: Path) -> None:
    (tmp_path / "counting.py").write_text(SOURCE)

    assert sorted(stat_keys(tmp_path)) == [
        "counted/*",
        "counted/hits",
        "counted/misses",
        "lists",
        "longest",
        "named/*",
        "plain/one",
        "seen/known",
        "seen/new",
        "status/*",
        "stores",
    ]


def test_each_key_is_found_with_the_files_that_count_it(tmp_path: Path) -> None:
    for name in ("first.py", "second.py"):
        (tmp_path / name).write_text('def count(stats):\n    stats.inc_value("both")\n')

    assert stat_keys(tmp_path) == {"both": {tmp_path / "first.py", tmp_path / "second.py"}}
