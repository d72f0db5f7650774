"""Messages in two languages: the catalogue has all of them, and fills in the same values."""

from __future__ import annotations

import gettext as catalogues
import re
import sys
import unicodedata
from io import BytesIO, TextIOWrapper
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from refillspot import language
from refillspot.regions import parse_districts

PACKAGE = Path(language.__file__).parent
KOREAN = PACKAGE / "locale" / "ko" / "LC_MESSAGES"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
REFRESH = "run make messages and translate what is new in refillspot/locale/ko"


def sources() -> set[str | tuple[str, ...]]:
    found = extract_from_dir(PACKAGE, [("**.py", "python")], keywords=KEYWORDS)
    return {message for _file, _line, message, _comments, _context in found}


def fields(text: str) -> set[str | None]:
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}


def test_every_message_has_its_translation() -> None:
    with (KOREAN / "refillspot.po").open("rb") as file:
        catalogue = read_po(file)
    known = {message.id for message in catalogue if message.id and all(_texts(message.string))}
    fuzzy = [message.id for message in catalogue if message.id and message.fuzzy]

    assert sources() - known == set(), REFRESH
    assert known - sources() == set(), REFRESH
    assert fuzzy == []


def test_translations_fill_in_what_the_sources_do() -> None:
    with (KOREAN / "refillspot.po").open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        if message.id:
            asked = set().union(*(fields(text) for text in _texts(message.id)))
            assert all(fields(text) <= asked for text in _texts(message.string)), message.id
            assert set().union(*(fields(text) for text in _texts(message.string))) == asked, message.id


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    with (KOREAN / "refillspot.po").open("rb") as file:
        catalogue = read_po(file)
    with (KOREAN / "refillspot.mo").open("rb") as file:
        compiled = catalogues.GNUTranslations(file)
    for message in catalogue:
        if message.id:
            assert compiled.gettext(_texts(message.id)[0]) == _texts(message.string)[0], REFRESH


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"REFILLSPOT_LANG": "ko"}, "ko"),
        ({"REFILLSPOT_LANG": "en", "LANG": "ko_KR.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LC_ALL": "C.UTF-8", "LANG": "ko_KR.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"REFILLSPOT_LANG": "", "LANG": "ko_KR.UTF-8"}, "ko"),
    ],
)
def test_the_language_is_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    for name in language.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert language.language() == expected


def test_an_error_is_told_in_korean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", "ko")
    with pytest.raises(Exception, match="강남") as error:
        parse_districts("강남")

    assert "use one of these" not in str(error.value)


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        ("강남", "강남구"),
        ("걍남구", "강남구"),  # no syllable of it is one of these, but its letters are
        (unicodedata.normalize("NFD", "서초"), "서초구"),
        ("ALLL", "all"),
        ("x", None),
        ("", None),
        ("수원시", None),
    ],
)
def test_what_was_probably_meant_is_asked_for(given: str, nearest: str | None) -> None:
    asked = language.did_you_mean(given, ["강남구", "강북구", "서초구", "all"])

    assert asked == (f" Did you mean {nearest}?" if nearest else "")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("서울", "서울은 서울이 서울을 서울과 서울로 서울이라"),
        ("강남구", "강남구는 강남구가 강남구를 강남구와 강남구로 강남구라"),
        ("마포동", "마포동은 마포동이 마포동을 마포동과 마포동으로 마포동이라"),
        (8, "8은 8이 8을 8과 8로 8이라"),
        ("1,000", "1,000은 1,000이 1,000을 1,000과 1,000으로 1,000이라"),
        ("20261128-141845-69e2", " ".join(f"20261128-141845-69e2{form}" for form in "는 가 를 와 로 라".split())),
        ("Redis", "Redis는 Redis가 Redis를 Redis와 Redis로 Redis라"),
        ("DATABASE_URL", " ".join(f"DATABASE_URL{form}" for form in "은 이 을 과 로 이라".split())),
        ("refillspot", " ".join(f"refillspot{form}" for form in "은 이 을 과 으로 이라".split())),
        ("을(를)", "을(를)은 을(를)이 을(를)을 을(를)과 을(를)로 을(를)이라"),  # what is filled in stays as it is
    ],
)
def test_a_particle_goes_with_what_is_filled_in(value: object, expected: str) -> None:
    message = language.Korean("{it}은(는) {it}이(가) {it}을(를) {it}와(과) {it}(으)로 {it}(이)라")

    assert message.format(it=value) == expected
    assert message.format_map({"it": value}) == expected


@pytest.mark.parametrize("text", ["'서울'", "서울 (11000)", "“서울”", "서울."])
def test_quotes_and_remarks_are_not_said(text: str) -> None:
    assert language.particle_after(text, "(으)로") == "로"
    assert language.particle_after(text.replace("서울", "부산"), "(으)로") == "으로"


@given(st.text())
def test_any_text_has_its_particle(text: str) -> None:
    assert all(language.particle_after(text, both) in forms for both, forms in language.PARTICLES.items())


def test_no_message_is_left_with_both_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", "ko")
    with (KOREAN / "refillspot.po").open("rb") as file:
        texts = [
            message.id for message in read_po(file) if message.id and language.PARTICLE.search(str(message.string))
        ]
    assert texts

    for text in texts:
        message = language.Message(*_texts(text))()
        values = {str(name).partition("[")[0]: Number(7) for name in fields(message)}
        assert not language.PARTICLE.search(message.format_map(values)), message


FIXED = re.compile(r"\}[`'\"”’)]*\s?(?:은|는|이|가|을|를|와|과|으로|로|이라|라|이라는|라는)(?=[\s,.:;)]|$)")
"""A particle that does not ask how what is filled in ends: it is right after half of what may come."""


def test_no_particle_stays_what_it_is_after_what_is_filled_in() -> None:
    with (KOREAN / "refillspot.po").open("rb") as file:
        texts = [text for message in read_po(file) if message.id for text in _texts(message.string)]

    assert [text for text in texts if FIXED.search(text)] == []


def test_korean_is_spoken_where_it_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFILLSPOT_LANG", "ko")
    spoken = {}
    for encoding in ("utf-8", "cp949", "euc-kr", "cp1252", "ascii"):
        with TextIOWrapper(BytesIO(), encoding=encoding) as stdout:
            monkeypatch.setattr(sys, "stdout", stdout)
            spoken[encoding] = language.language()

    assert spoken == {"utf-8": "ko", "cp949": "ko", "euc-kr": "ko", "cp1252": "en", "ascii": "en"}


@pytest.mark.parametrize("locale", ["ascii", "utf-8"])
def test_what_is_typed_is_read_in_any_locale(locale: str) -> None:
    """In LC_ALL=C Python hands on bytes, as halves of characters."""
    argument = unicodedata.normalize("NFD", "강남구,서초구").encode().decode(locale, "surrogateescape")

    assert [district.name for district in parse_districts(argument)] == ["강남구", "서초구"]
    assert language.typed("\udcff \ud800") == "\ufffd \ud800"


class Number(int):
    """Is filled in wherever a message has a field, of whatever format."""

    def __format__(self, spec: str) -> str:
        return format(int(self), spec.replace("s", ""))


def _texts(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())
