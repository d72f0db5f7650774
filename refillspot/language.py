"""Messages for people, in English or Korean: gettext catalogues in `locale/`, which `make messages` makes."""

from __future__ import annotations

import gettext as catalogues
import locale
import os
import re
import sys
import unicodedata
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("en", "ko")  # the first is the language of the sources
VARIABLES = ("REFILLSPOT_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides

NEAR = 0.7  # of difflib's ratio, from which on two words may be the same one; "강남" and "강남구" have 0.86


CONSONANT, RIEUL = "consonant", "ㄹ"  # after ㄹ it is 로, as after a vowel
PARTICLES = {
    "은(는)": ("은", "는"),
    "이(가)": ("이", "가"),
    "을(를)": ("을", "를"),
    "와(과)": ("과", "와"),
    "(으)로": ("으로", "로"),
    "(이)": ("이", ""),
}
PARTICLE = re.compile(f"({'|'.join(map(re.escape, PARTICLES))})")
LAST_REMARK = re.compile(r"[^\w%]+$|(?<=\S)\s?\([^()]*\)$")
"""What is not said: quotes and full stops at the end, and what stands there in brackets."""

BYTES = re.compile(r"[\udc80-\udcff]+")  # as Python keeps what it cannot decode
LATIN = re.compile(r"(?<![A-Za-z])[A-Za-z]+$|[A-Z]{2,}$|[A-Za-z]$")
ENDINGS = (
    (re.compile(r"^[A-Z]*[LR]$|[A-Z][LR]$|[a-z]l$|[^aeiou]le$|ile$|ole$"), RIEUL),  # 엘, 알; file, role, table, URL
    (re.compile(r"^[A-Z]*[MN]$|[A-Z][MN]$|[a-z](?:[mn]|[mn]e|ng)$"), CONSONANT),  # 엠, 엔; Python, name, string
    (re.compile(r"(?:^|[^aeiou])[aeiou](?:[bcpt]|c?k)$"), CONSONANT),  # web, doc, top, refillspot; but host
)
"""How words in Latin letters end when they are said in Korean: capitals by the name of the last letter."""

DIGITS = (
    CONSONANT,
    RIEUL,
    "",
    CONSONANT,
    "",
    "",
    CONSONANT,
    RIEUL,
    RIEUL,
    "",
)  # 영, 일, 이, 삼, 사, 오, 육, 칠, 팔, 구


def gettext(message: str) -> str:
    """Return a message in the language of the environment; its `{names}` are filled in afterwards, by `.format`."""
    return _told(_catalogue(language()).gettext(message))


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form of a message that goes with a count."""
    return _told(_catalogue(language()).ngettext(singular, plural, count))


class Korean(str):
    """A message in whose Korean a particle is written with both of its forms, "{path}을(를)".

    Once the `{names}` are filled in it has the one that goes with the sound before it.
    """

    __slots__ = ()

    def format(self, *args: object, **values: object) -> str:
        return self._filled(lambda part: part.format(*args, **values))

    def format_map(self, values: Mapping[str, object]) -> str:  # type: ignore[override]  # typeshed's is private
        return self._filled(lambda part: part.format_map(values))

    def _filled(self, fill: Callable[[str], str]) -> str:
        told = ""
        for part in PARTICLE.split(self):  # texts, and between two of them a particle
            told += particle_after(told, part) if part in PARTICLES else fill(part)
        return told


def particle_after(text: str, particle: str) -> str:
    """Return the form of "은(는)", "이(가)", "을(를)", "와(과)", "(으)로" or "(이)" that goes with how a text ends."""
    final = _final_sound(text)
    after_consonant, after_vowel = PARTICLES[particle]
    return after_vowel if not final or (final == RIEUL and particle == "(으)로") else after_consonant


def _final_sound(text: str) -> str:
    """Return what the last syllable ends with, as it is said in Korean: "", RIEUL or CONSONANT."""
    spoken = text.rstrip()
    while (shorter := LAST_REMARK.sub("", spoken)) and shorter != spoken:
        spoken = shorter
    last = spoken[-1:]
    if "가" <= last <= "힣":
        return {0: "", 8: RIEUL}.get((ord(last) - ord("가")) % 28, CONSONANT)
    if last.isdecimal():
        return DIGITS[int(last)]
    found = LATIN.search(spoken)
    if found is None:
        return ""  # "%" and most other signs
    return next((sound for ending, sound in ENDINGS if ending.search(found[0])), "")


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


def typed(text: str) -> str:
    """Return what somebody typed, in Unicode's composed form.

    Where the locale has no Hangul (LC_ALL=C), Python hands on the bytes that the terminal sent, which are UTF-8.
    """
    read = BYTES.sub(lambda found: found[0].encode("utf-8", "surrogateescape").decode("utf-8", "replace"), text)
    return unicodedata.normalize("NFC", read)


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return " Did you mean …?", to stand behind a sentence that refuses what was given; empty if nothing is near.

    Korean is compared by its letters, not by its syllables: "걍남구" is near "강남구".
    """
    spelt = {_letters(name): name for name in known}
    near = get_close_matches(_letters(given), spelt, n=1, cutoff=NEAR)
    return gettext(" Did you mean {nearest}?").format(nearest=spelt[near[0]]) if near else ""


def language() -> str:
    """Return "ko" or "en". REFILLSPOT_LANG goes before the locale; a language that is not here is English.

    So is Korean where stdout has an encoding without Hangul: a sentence of question marks tells nobody anything.
    """
    chosen = next((value for name in VARIABLES if (value := os.environ.get(name))), None)
    wanted = chosen or locale.getlocale()[0] or LANGUAGES[0]  # "ko_KR.UTF-8", or "Korean_Korea" on Windows
    is_korean = wanted.lower().startswith("ko") and _has_hangul(getattr(sys.stdout, "encoding", None) or "utf-8")
    return "ko" if is_korean else LANGUAGES[0]


@cache
def _has_hangul(encoding: str) -> bool:
    try:
        "한글".encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _told(text: str) -> str:
    return Korean(text) if PARTICLE.search(text) else text


def _letters(text: str) -> str:
    return unicodedata.normalize("NFD", text).casefold()


@cache
def _catalogue(code: str) -> catalogues.NullTranslations:
    return catalogues.translation("refillspot", LOCALE, [code], fallback=True)
