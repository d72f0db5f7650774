"""JSON of the site, read part by part: what is not as known costs that part alone, and is told by its path. Pure."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import inspect

from refillspot.exceptions import LayoutChangedError, MalformedAnswerError
from refillspot.sites.shapes import Oddity, json_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

T = TypeVar("T")

NUMBER = r"^ *-?[0-9][0-9,]*(\.[0-9]+)? *$"
"""A number as text: "1,185"."""
NESTING = re.compile(rb'(?:[^"\[{\]}]++|"(?:[^"\\]++|\\.)*+"?)*+(?:([\[{]++)|([\]}]++)|\Z)', re.DOTALL)
"""Where parts begin or end: as many as do so at once, behind texts and what else does not."""
DEEPEST = 60
"""Parts within parts; an answer of the site has a few. Whoever walks through a value has a stack that has an end."""
LONGEST_INTEGER = 400  # digits; more make no number of 64 bits, nor a float
NUMBERED = re.compile(r"\d{1,6}")
NOTHING: Any = object()
"""Of a part that could not be read."""


def without_mark(body: bytes) -> bytes:
    """Return a body without the byte-order mark that some programs put before their output."""
    return body.removeprefix(BOM_UTF8)


def whole_json(body: bytes) -> bytes:
    """Return a body as JSON that a strict reader takes: without a mark, and mended where texts are broken.

    Texts with half a character (an emoji that was cut, a byte that is no UTF-8) become null, and so do numbers without
    end and what is nested without end; line breaks within texts and numbers that are none are let pass: a visitor's
    review must not cost the page that it stands on.

    Raises:
        MalformedAnswerError: it is no whole JSON all the same.
    """
    body = without_mark(body)
    try:
        msgspec.json.decode(body, type=msgspec.Raw)  # looks it through, and makes nothing of it
        body.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return write_json(_mended(body))
    return body


def write_json(value: Any) -> bytes:
    """Return a value as JSON, whatever its size."""
    try:
        return msgspec.json.encode(value)
    except OverflowError:  # a number beyond 64 bits
        return json.dumps(value, ensure_ascii=False).encode()


def loose_json(body: bytes) -> Any:
    """Return what JSON says, also where it is broken in the ways that `whole_json` mends.

    Raises:
        MalformedAnswerError: it is no whole JSON all the same.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _mended(body)


def _mended(body: bytes) -> Any:
    """Return what broken JSON says.

    Raises:
        MalformedAnswerError: it is no whole JSON all the same.
    """
    text = shallow(body).decode("utf-8", "surrogateescape")  # what is no UTF-8 becomes half a character too
    try:
        value = json.loads(
            text, strict=False, parse_constant=lambda _name: None, parse_float=_finite, parse_int=_bounded
        )
        return _without_halves(value)
    except (ValueError, RecursionError) as error:
        raise MalformedAnswerError(f"not whole JSON ({len(body)} bytes)") from error


def shallow(body: bytes) -> bytes:
    """Return JSON with null in the place of what is nested deeper than `DEEPEST`."""
    kept, depth, start = [], 0, 0
    for found in NESTING.finditer(body):
        if begun := found[1]:
            if depth <= DEEPEST < depth + len(begun):
                kept.append(body[start : found.start(1) + DEEPEST - depth] + b"null")
            depth += len(begun)
        elif ended := found[2]:
            before, depth = depth, depth - len(ended)
            if depth <= DEEPEST < before:
                start = found.start(2) + before - DEEPEST
    return b"".join(kept) + (body[start:] if depth <= DEEPEST else b"")


def _bounded(text: str) -> int | None:
    return int(text) if len(text) <= LONGEST_INTEGER else None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if abs(number) < float("inf") else None


def _without_halves(value: Any) -> Any:
    if isinstance(value, str):
        return value if _is_whole(value) else None
    if isinstance(value, list):
        return [_without_halves(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _without_halves(entry) for name, entry in value.items() if _is_whole(name)}
    return value


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_part(body: bytes, shape: type[T], path: str, oddities: list[Oddity]) -> T:
    """Return whole JSON as a type. Optional parts that are not as known are left out and added to `oddities`.

    Raises:
        LayoutChangedError: a part that must be there is missing, or of another type; the message names it.
        MalformedAnswerError: it is no JSON.
    """
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.json.decode(body, type=shape)
    return fit_part(loose_json(body), shape, path, oddities)


def fit_part(value: Any, shape: type[T], path: str, oddities: list[Oddity]) -> T:
    """Return what JSON says, or would have said, as a type; else as `read_part`."""
    found: list[Oddity] = []
    part = _fit(value, _type_of(shape), path, found)  # type: ignore[arg-type]  # types are hashable
    oddities += found
    if part is NOTHING:
        odd = found[-1] if found else Oddity(path, "nothing", "something")
        raise LayoutChangedError(f"{odd.path or 'the answer'}: {odd.came} where {odd.due} was due")
    return part  # type: ignore[no-any-return]  # of the shape, by its type


@cache
def _type_of(shape: type) -> inspect.Type:
    return inspect.type_info(shape)


def _fit(value: Any, due: inspect.Type, path: str, oddities: list[Oddity]) -> Any:
    """Return a value as one of the types that are due, `NOTHING` with the reason in `oddities` if it is none."""
    kinds = due.types if isinstance(due, inspect.UnionType) else (due,)
    for kind in kinds:
        if isinstance(value, FITTING.get(type(kind), ())) and _is_sound(value, kind):
            return _as_due(value, kind, path, oddities)
    return _near_miss(value, kinds, path, oddities)


def _as_due(value: Any, kind: inspect.Type, path: str, oddities: list[Oddity]) -> Any:
    if isinstance(kind, inspect.RawType):
        return msgspec.Raw(write_json(value))
    if isinstance(kind, inspect.StructType):
        return _fit_object(value, kind, path, oddities)
    if isinstance(kind, inspect.ListType):
        return _fit_entries(value, kind.item_type, f"{path}[]", oddities)
    return value


def _near_miss(value: Any, kinds: Iterable[inspect.Type], path: str, oddities: list[Oddity]) -> Any:
    """Return what a value of another type says without doubt: a list whose entries are numbered."""
    is_long = any(_is_too_long(value, kind) for kind in kinds)
    oddities.append(Oddity(path, f"long {json_type(value)}" if is_long else json_type(value), type_names(kinds)))
    for kind in kinds:
        if isinstance(kind, inspect.ListType) and _is_numbered(value) and len(value) <= (kind.max_length or len(value)):
            return _fit_entries(value.values(), kind.item_type, f"{path}[]", oddities)
    return NOTHING


def _is_numbered(value: Any) -> bool:
    """Whether it is an array as PHP writes one from which an entry was taken out."""
    return isinstance(value, dict) and bool(value) and all(map(NUMBERED.fullmatch, value))


def _is_sound(value: Any, kind: inspect.Type) -> bool:
    """Whether a value of a fitting Python type is one: no truth for a number, no words for one, nothing without end."""
    if _is_too_long(value, kind):
        return False
    if isinstance(kind, inspect.StrType):
        return bool(re.search(kind.pattern or "", value))
    return not (isinstance(value, bool) and isinstance(kind, inspect.IntType | inspect.FloatType))


def _is_too_long(value: Any, kind: inspect.Type) -> bool:
    fits = isinstance(kind, inspect.StrType | inspect.ListType) and isinstance(value, FITTING[type(kind)])
    return fits and len(value) > (kind.max_length or len(value))  # type: ignore[attr-defined]  # both have one


def _fit_object(value: Mapping[str, Any], kind: inspect.StructType, path: str, oddities: list[Oddity]) -> Any:
    found = {}
    for field in kind.fields:
        place = f"{path}.{field.encode_name}".lstrip(".")
        entry = value.get(field.encode_name, NOTHING)
        if entry == [] and not field.required and "object" in type_names((field.type,)):
            continue  # so PHP writes an object of nothing
        part = NOTHING if entry is NOTHING else _fit(entry, field.type, place, oddities)
        if part is not NOTHING:
            found[field.name] = part
        elif field.required and isinstance(entry, int) and not isinstance(entry, bool):
            text = _fit(str(entry), field.type, place, oddities)  # a restaurant may be called 1943
            if text is NOTHING:
                return NOTHING
            found[field.name] = text
        elif field.required:
            if entry is NOTHING:
                oddities.append(Oddity(place, "nothing", type_names((field.type,))))
            return NOTHING
    return kind.cls(**found)


def _fit_entries(values: Iterable[Any], due: inspect.Type, path: str, oddities: list[Oddity]) -> list[Any]:
    """Return the entries that are as known; None in the place of one that is not, where the type asks for that."""
    kinds = due.types if isinstance(due, inspect.UnionType) else (due,)
    keeps_place = any(isinstance(one, inspect.StructType) and hasattr(one.cls, "keeps_place") for one in kinds)
    entries = []
    for value in values:
        if value is None:
            oddities.append(Oddity(path, json_type(value), type_names((due,))))
        entry = NOTHING if value is None else _fit(value, due, path, oddities)
        if entry is not NOTHING or keeps_place:
            entries.append(None if entry is NOTHING else entry)
    return entries


FITTING: dict[type[inspect.Type], Any] = {
    inspect.AnyType: object, inspect.RawType: object, inspect.NoneType: type(None), inspect.StrType: str,
    inspect.BoolType: bool, inspect.IntType: (int, float), inspect.FloatType: (int, float), inspect.StructType: dict,
    inspect.ListType: list,
}  # fmt: skip
"""By what is due, the Python types of its JSON."""
NAMES: dict[type[inspect.Type], str] = {
    inspect.StrType: "text", inspect.IntType: "number", inspect.FloatType: "number", inspect.BoolType: "true or false",
    inspect.StructType: "object", inspect.ListType: "array",
}  # fmt: skip


def type_names(kinds: Iterable[inspect.Type]) -> str:
    """Return types in words, "number or text"; that null may come goes without saying."""
    alone = [one for kind in kinds for one in (kind.types if isinstance(kind, inspect.UnionType) else (kind,))]
    return " or ".join(dict.fromkeys(name for one in alone if (name := _name(one))))


def _name(kind: inspect.Type) -> str | None:
    if isinstance(kind, inspect.StrType) and kind.pattern:
        return "number" if kind.pattern == NUMBER else "id"
    return NAMES.get(type(kind))
