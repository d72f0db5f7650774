"""Counts per field: right, wrong, left as text; and the first examples of what was not right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

EXAMPLES = 3


@dataclass
class Count:
    right: int = 0
    wrong: int = 0
    unread: int = 0
    """The source says it, and it was left as text."""
    examples: list[str] = field(default_factory=list)


class Tally:
    def __init__(self, title: str) -> None:
        self.title = title
        self.counts: dict[str, Count] = {}

    def compare(self, name: str, found: Any, true: Any, where: object) -> None:
        """Count one value; found None where something is true counts as left as text."""
        count = self.counts.setdefault(name, Count())
        if found == true:
            count.right += 1
            return
        if found is None:
            count.unread += 1
        else:
            count.wrong += 1
        if len(count.examples) < EXAMPLES:
            count.examples.append(f"{where}: read {found!r}, true is {true!r}")

    def print(self) -> None:
        print(f"\n{self.title}")
        print(f"{'field':22} {'right':>7} {'wrong':>7} {'as text':>7}   right of all")
        for name, count in self.counts.items():
            total = count.right + count.wrong + count.unread
            print(f"{name:22} {count.right:7} {count.wrong:7} {count.unread:7}   {count.right / total:.2%}")
        for name, count in self.counts.items():
            for example in count.examples:
                print(f"  {name}: {example[:240]}")
