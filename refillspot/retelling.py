"""What workers wrote into Redis and PostgreSQL, which is English, in the language of whoever reads it. Pure.

Logs, dead letters, holds and stats are written in one language, so that they can be searched and counted; a person
reads them in their own. What is not known here stays as it was written.
"""

from __future__ import annotations

import re
from functools import cache
from string import Formatter
from typing import TYPE_CHECKING

from refillspot.language import LANGUAGES, gettext, language
from refillspot.language import lazy_gettext as _

if TYPE_CHECKING:
    from refillspot.language import Message

CLASS = re.compile(r"(?P<name>[A-Za-z_.]+(?:Error|Exception|Timeout\w*|IgnoreRequest)): (?P<rest>.*)", re.DOTALL)
KNOWN = (
    # what a block means: refillspot.policies.politeness
    _("{error}: all workers stop for {seconds} s (block {number}), then {pace}/s"),
    _("{error}: the third block within a day, all crawls of this site end until a person looks at it"),
    # why nothing leaves: refillspot.policies.politeness, refillspot.downloadermiddlewares.distress
    _("HTTP {status} of {url} with Retry-After: {asked}"),
    _("HTTP {status} of {url}"),
    _("an empty answer of {url}"),
    _("{url} is a verification page under HTTP {status}"),
    _("{url} is a page for humans under HTTP {status} where none was due"),
    _("robots.txt of {host}: at least {seconds} s from one request to the next"),
    _("{errors} of {answers} answers were errors"),
    _("Redis has forgotten the pace"),
    # why a request failed for good: refillspot.sites
    _("a page for humans came where JSON was due: the site is refusing this crawl for now"),
    _("a verification page came: the site is refusing this crawl for now"),
    _("no page for people came where one was due"),
    _("not whole JSON ({length} bytes)"),
    _("the page is cut off ({length} bytes)"),
    _("page: more than {most} characters"),
    _("page: more than {most} nodes"),
    _("page: elements more than {most} deep"),
    _("page: an element of more than {most} attributes"),
    _("page.name: neither JSON-LD of a FoodEstablishment with a name nor h1.tit"),
    _("the page has no script that sets `listData`"),
    _("`listData` is not JSON within a string: {error}"),
    _("the site says that it has no such store: {message}"),
    _("the site says that it has no such store"),
    _("the site answered result_code {code}: no message"),
    _("the site answered result_code {code}: {message}"),
    _("poi_section.list: no list of stores"),
    _("no row of {sent} could be read: {error}"),
    _("result_data: no section `restaurant` among {sections}"),
    _("restaurant.rn: empty text"),
    _("the row that led to the page: {error}"),
    _("the answer: {came} where {due} was due"),
    _("{path}: {came} where {due} was due"),
    # and before or after the site
    _("cannot be queued: {error}"),
    _("cannot be queued again: {error}"),
    _("the status {status} is none of HTTP"),
    _("a backup cannot be written to {path}: {why}"),
    # the system
    _("No such file or directory"),
    _("Permission denied"),
    _("Is a directory"),
    _("Not a directory"),
    _("No space left on device"),
    _("Read-only file system"),
    _("Address already in use"),
    _("Connection refused"),
    _("Connection reset by peer"),
    _("Network is unreachable"),
    _("No route to host"),
    _("Name or service not known"),
    _("Temporary failure in name resolution"),
    _("timed out"),
    _("[Errno {number}] {error}"),
    # Twisted
    _("Connection was refused by other side: {number}: {error}"),
    _("TCP connection timed out: {number}: {error}"),
    _("No route to host: {number}: {error}"),
    _("An error occurred while connecting: {number}: {error}"),
    _("User timeout caused connection failure"),
    _("Connection timed out"),
    _("DNS lookup failed: no results for hostname lookup: {host}"),
    _("the proxy {host}"),
    # PostgreSQL and its libraries
    _("connection failed: {error}"),
    _("connection is bad: {error}"),
    _("connection timeout expired"),
    _("failed to resolve host '{host}': {error}"),
    _('connection to server at "{host}", port {port} failed: {error}'),
    _('connection to server at "{host}" ({address}), port {port} failed: {error}'),
    _('connection to server on socket "{path}" failed: {error}'),
    _('FATAL: password authentication failed for user "{user}"'),
    _('FATAL: role "{user}" does not exist'),
    _('FATAL: database "{name}" does not exist'),
    _('FATAL: no pg_hba.conf entry for host "{host}", user "{user}", database "{name}", {encryption}'),
    _("FATAL: sorry, too many clients already"),
    _("FATAL: the database system is starting up"),
    _("FATAL: the database system is shutting down"),
    _("fe_sendauth: no password supplied"),
    _("server closed the connection unexpectedly"),
    # Redis and its library
    _("Error {number} connecting to {server}. {error}"),
    _("Timeout connecting to server"),
    _("Connection closed by server"),
    _("Authentication required"),
    _("invalid username-password pair or user is disabled"),
    _("DB index is out of range"),
    # what came, and what was due: refillspot.sites.shapes
    _("text"),
    _("number"),
    _("object"),
    _("array"),
    _("empty text"),
    _("empty object"),
    _("empty array"),
    _("impossible number"),
    _("true or false"),
    _("{one} or {another}"),
)
TOLD_AGAIN = {"error", "why", "came", "due", "one", "another"}
"""What is filled in there is such a text itself."""
ASIDE = re.compile(
    r"\s*(?:Is the server running [^?]*\?"  # what to do is said better
    r"|This probably means the server terminated abnormally\s+before or while processing the request\."
    r"|Multiple connection attempts failed\..*)",  # the last of them is told before
    re.DOTALL,
)
"""What libpq and psycopg add."""


def retell(text: str) -> str:
    """Return a text that a worker wrote, in the language of the user."""
    if language() == LANGUAGES[0]:
        return text
    if named := CLASS.fullmatch(text):
        return f"{named['name']}: {retell(named['rest'])}"
    for message in KNOWN:
        if found := _pattern(message).fullmatch(text):
            values = {name: retell(said) if name in TOLD_AGAIN else said for name, said in found.groupdict().items()}
            return gettext(message.singular).format(**values)
    return text


def server_words(error: BaseException) -> str:
    """Return in one line, without the last full stop, what a server or its library says, in the user's language."""
    return retell(" ".join(ASIDE.sub("", str(error)).split()).rstrip("."))


def system_words(error: OSError) -> str:
    """Return what the system has against a file, "No such file or directory", in the user's language."""
    return retell(error.strerror or str(error))


@cache
def _pattern(message: Message) -> re.Pattern[str]:
    parts = Formatter().parse(message.singular)
    return re.compile(
        "".join(re.escape(literal) + (f"(?P<{name}>.+?)" if name else "") for literal, name, _spec, _how in parts),
        re.DOTALL,
    )
