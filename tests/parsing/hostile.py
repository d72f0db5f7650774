"""Texts that were made to take time: what the parsers look for, again and again, in one piece."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from random import Random
from typing import TYPE_CHECKING, Any

import refillspot.parsing

if TYPE_CHECKING:
    from collections.abc import Iterator

JOINTS = [
    "", " ", "(", ")", "[", "/", ",", "·", "-", "~", ":", ".", "+", "<", "&", "\n", "1", "12", "15,900", "11:00", "원",
]  # fmt: skip
KNOWN = [
    "밥 무한리필(", "무한리필 음료,", "샐러드바 성인 ", "구이", "찜", "월-", "월,", "(제외)", "공휴일포함",
    "2,4주(제외)", "㈜월-", "ﷺ", "주말/", "평일 성인 1원 ", "1,", "₩", "만천", "02-555-", "255512345 ", "(역삼동,",
    "<a ", "&#", "강남구 ", "11:00-", "9/1 ", "1 ", " ",
    "\u0315\u0300", "\u0f73", "&#789;&#768;", "\u0334\u0345가",
]  # fmt: skip
"""What took time once, or looks as if it would."""


@cache
def vocabulary() -> tuple[str, ...]:
    """Return the words that the parsers' constants are made of, those inside their patterns included."""
    words: dict[str, None] = {}
    for module in iter_modules(refillspot.parsing.__path__):
        for value in vars(import_module(f"refillspot.parsing.{module.name}")).values():
            for text in _texts(value):
                words |= dict.fromkeys(re.findall(r"[가-힣]{1,8}|\b[a-z]{2,8}\b", text))
    return tuple(sorted(words))


def units(seed: int, count: int) -> Iterator[str]:
    """Yield the known ones, then `count` that are drawn: two or three words, and what may stand between them."""
    yield from KNOWN
    random = Random(seed)  # noqa: S311  # nothing is secret
    for _ in range(count):
        words = random.sample(vocabulary(), random.choice((1, 2, 2, 3)))
        yield "".join(f"{word}{random.choice(JOINTS)}" for word in words)


def repeated(unit: str, length: int) -> str:
    """Return a text of so many characters."""
    return (unit * (length // len(unit) + 1))[:length]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, re.Pattern):
        yield value.pattern
    elif isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for entry in value:
            yield from _texts(entry)
