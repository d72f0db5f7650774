"""Messages for people, in English or Korean: gettext catalogues in `locale/`, which `make messages` makes."""

from __future__ import annotations

import gettext as catalogues
import locale
import os
import unicodedata
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("en", "ko")  # the first is the language of the sources
VARIABLES = ("REFILLSPOT_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides

NEAR = 0.7  # of difflib's ratio, from which on two words may be the same one; "강남" and "강남구" have 0.86


def gettext(message: str) -> str:
    """Return a message in the language of the environment; its `{names}` are filled in afterwards, by `.format`."""
    return _catalogue(language()).gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form of a message that goes with a count."""
    return _catalogue(language()).ngettext(singular, plural, count)


class Message(NamedTuple):
    """A message of a table, which is made before the language is known: call it, with what is counted."""

    singular: str
    plural: str = ""

    def __call__(self, count: int = 1) -> str:
        return ngettext(self.singular, self.plural, count) if self.plural else gettext(self.singular)


def lazy_gettext(message: str) -> Message:
    return Message(message)


def lazy_ngettext(singular: str, plural: str) -> Message:
    return Message(singular, plural)


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return " Did you mean …?", to stand behind a sentence that refuses what was given; empty if nothing is near.

    Korean is compared by its letters, not by its syllables: "걍남구" is near "강남구".
    """
    spelt = {_letters(name): name for name in known}
    near = get_close_matches(_letters(given), spelt, n=1, cutoff=NEAR)
    return gettext(" Did you mean {nearest}?").format(nearest=spelt[near[0]]) if near else ""


def language() -> str:
    """Return "ko" or "en". REFILLSPOT_LANG goes before the locale; a language that is not here is English."""
    chosen = next((value for name in VARIABLES if (value := os.environ.get(name))), None)
    wanted = chosen or locale.getlocale()[0] or LANGUAGES[0]  # "ko_KR.UTF-8", or "Korean_Korea" on Windows
    return "ko" if wanted.lower().startswith("ko") else LANGUAGES[0]


def _letters(text: str) -> str:
    return unicodedata.normalize("NFD", text).casefold()


@cache
def _catalogue(code: str) -> catalogues.NullTranslations:
    return catalogues.translation("refillspot", LOCALE, [code], fallback=True)
