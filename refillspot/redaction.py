"""What no log, dead letter or table may show: passwords, keys, and addresses that hold one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MASK = "***"
URLS = ("DATABASE_URL", "REDIS_URL", "CACHE_REDIS_URL")  # with a password
KEYS = ("DB_PASSWORD", "REDIS_PASSWORD", "KAKAO_API_KEY")  # secrets as a whole
HOOKS = ("NOTIFY_URL",)  # whose path or query often is the secret
NAMES = (*URLS, *KEYS, *HOOKS)
LEAST = 6  # characters; a shorter secret is a part of many words, and is masked only where it stands as a password

PASSWORD_PARAMETER = re.compile(r"(password\s*=\s*)('[^']*'|[^&\s'\"]+)", re.IGNORECASE)
SECRETS_BESIDE = {
    "://": (re.compile(r"(?<=://)([^\s:/@'\"]*:)[^\s@'\"]+(?=@)"), rf"\1{MASK}"),
    "password": (PASSWORD_PARAMETER, rf"\1{MASK}"),
    "authorization": (
        re.compile(
            r"""(authorization['"]?\s*[:=]\s*\[?(?:b?['"])?)(?:(?:basic|bearer|kakaoak)\s+)?[^\s'",)\]}]+""",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
    "kakaoak ": (re.compile(r"KakaoAK\s+[^\s'\",)\]}]+", re.IGNORECASE), MASK),
}
"""What in a text stands beside a secret, in lower case; how the secret is found there, and what it becomes.

The words are looked for first, because most lines of a log have none of them.
"""


def secrets_of(values: Mapping[str, str]) -> set[str]:
    """Return the secrets in settings or variables of the environment, each in every form that a message may have."""
    return {form for secret in _secrets(values) if len(secret) >= LEAST for form in _forms(secret)}


def holds_secret(values: Mapping[str, str]) -> bool:
    """Whether a password, a key or the address of a webhook is among settings or variables of the environment."""
    return any(_secrets(values))


class Scrubber:
    """Masks known secrets wherever they stand, and what looks like a password or a credential beside its name."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.secrets = frozenset(secrets)
        longest_first = sorted(self.secrets, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def scrub(self, text: str) -> str:
        if self._known:
            text = self._known.sub(MASK, text)
        lowered = text.lower()
        for beside, (found, masked) in SECRETS_BESIDE.items():
            if beside in lowered:
                text = found.sub(masked, text)
        return text


_of_this_process = Scrubber()


def hide(values: Mapping[str, str]) -> None:
    """Mask the secrets in `values` from now on, in everything that this process scrubs."""
    global _of_this_process  # noqa: PLW0603  # logging is global too
    _of_this_process = Scrubber(_of_this_process.secrets | secrets_of(values))


def scrub(text: str) -> str:
    """Return a text without secrets."""
    return _of_this_process.scrub(text)


def _secrets(values: Mapping[str, str]) -> Iterator[str]:
    for name in URLS:
        parts = _split(values.get(name))
        yield parts.password or ""
        for option in ("password", "sentinel_password"):
            yield from parse_qs(parts.query).get(option, [])
    for name in KEYS:
        yield values.get(name) or ""
    for name in HOOKS:
        parts = _split(values.get(name))
        yield parts.password or ""
        yield parts.query
        yield parts.path
        yield max(parts.path.split("/"), key=len)


def _split(url: str | None) -> SplitResult:
    try:
        return urlsplit(url or "")
    except ValueError:  # no address: it will be refused, in words that do not repeat it
        return urlsplit("")


def _forms(secret: str) -> set[str]:
    """Return a secret as it is, percent-encoded or not, and as repr and JSON write it."""
    plain = {secret, unquote(secret), quote(unquote(secret), safe="")}
    return plain | {write(form)[1:-1] for form in plain for write in (repr, ascii, json.dumps)}
