"""Messages in two languages: the catalogue has all of them, and fills in the same values."""

from __future__ import annotations

import gettext as catalogues
import unicodedata
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

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


def _texts(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())
