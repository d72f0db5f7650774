"""Opening hours, in both styles of the site."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from refillspot.parsing.hours.reader import read_line
from refillspot.parsing.hours.statements import Scope, Statement, Term
from refillspot.parsing.hours.today import name_today, read_week
from refillspot.parsing.hours.values import find_values
from refillspot.parsing.hours.weekdays import EVERY_DAY
from refillspot.parsing.hours.words import OF_EVERY_DAY
from refillspot.parsing.text import normalize, strip_tags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refillspot.items import OpeningHours

LONGEST_TEXT = 1_000  # characters that are read of a text or a label; a whole week in one text has about 500
MOST_LABELS = 30  # days that are read; what the site shows has seven
MOST_STATEMENTS = 100  # a text with more says nothing that anybody means; each is compared with those before it
SIGNS = str.maketrans("ㆍ•–—−〜∼~[]{}【】_", "··------()()() ")
# "17:00 - 익일 02:00": the order says so already.
NEXT_DAY = re.compile(r"\(? ?(?:익일|명일|다음 ?날) ?\)? ?(?=\d|오전|새벽)")
EVERY_WEEK = re.compile(r"[매메] ?주(?!마다) ?")  # "매주월,화휴무"; 메주 is misspelt
ALL_YEAR = re.compile(r"[연년]중 ?무휴")
LABELS = re.compile(r"(?:오늘|\d{1,2}월 \d{1,2}일)\([월화수목금토일]\)")
# As the site shows it above the hours: about that moment only.
STATUS = re.compile(
    r"(?:^|(?<=\) ))(?:영업 (?:중|전)|오늘 휴무|확인필요|영업 종료(?: \d+분 전)?|영업 시작 \d+분 전|브레이크 타임"
    r"|라스트 오더 \d+분 전|마지막 주문 마감)(?= ?(?:오늘|·|\n))"
)


def parse_hours(value: str | Mapping[str, str]) -> OpeningHours | None:
    """Return the opening hours that a text or a {day label: text} gives, None if it gives none.

    Only days that are known are in it. `"오늘(목)": "영업시간: 17:00 - 02:00"` is one Thursday, ("17:00", "26:00").
    """
    if isinstance(value, Mapping):
        if week := read_week(value):
            return week if week.days else None
        labels = list(value)
        if today := name_today(labels):
            value = {today: value[labels[0]]} | {label: value[label] for label in labels[1:]}
    elif "오늘" in value and (today := name_today(labels := LABELS.findall(value))):
        value = value.replace(labels[0], today, 1)
    said: list[Statement] = []
    for scope, lines in _sections(value):
        current = scope
        for line in lines:
            current = read_line(line, current, said)
        if len(said) > MOST_STATEMENTS:
            return None
    return find_values(said)


def _sections(value: str | Mapping[str, str]) -> Iterator[tuple[Scope | None, list[str]]]:
    """Yield the scope that holds before the first line, and the lines.

    A label that names no day holds for none of them; "브레이크타임" and "연중무휴" hold for all. An empty one goes on
    with the day above.
    """
    if isinstance(value, Mapping):
        label = ""
        for own, text in islice(value.items(), MOST_LABELS):
            label = own if own.strip() else label
            first, *rest = _lines(text) or [""]
            yield _scope_without_name(" ".join(_lines(label))), [*_lines(f"{label} {first}"), *rest]
    else:
        yield None, _lines(value)


def _scope_without_name(label: str) -> Scope | None:
    if ALL_YEAR.match(label):
        return (Term(EVERY_DAY),)
    return () if label and not OF_EVERY_DAY.fullmatch(label) else None


def _lines(text: str) -> list[str]:
    text = strip_tags(text[:LONGEST_TEXT]) if "<" in text else text[:LONGEST_TEXT]
    text = normalize("NFKC", text.translate(SIGNS))[:LONGEST_TEXT]  # one sign may have become eighteen
    text = text.translate(SIGNS).lower()
    text = EVERY_WEEK.sub("매주 ", NEXT_DAY.sub(" ", STATUS.sub("", text)))
    lines = (" ".join(line.split()) for line in re.split(r"\n|\s·\s", text))
    return [re.sub(r"\(\d{1,2}[/.]\d{1,2}\.?\)", " ", line) for line in lines if line]  # 목(7/9)
