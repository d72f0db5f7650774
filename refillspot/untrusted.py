"""JSON that somebody else may have written. Pure."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from refillspot.exceptions import UnreadableValueError

T = TypeVar("T")

FIRST_YEAR, LAST_YEAR = 2000, 9000  # of times that can be computed with in every zone
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What msgspec raises: of another shape, no UTF-8 or a number that is none, nested too deep."""


def read_json(value: bytes, shape: type[T]) -> T:
    """Return what `value` says, in this shape.

    Raises:
        UnreadableValueError: it does not say that, whatever is wrong with it.
    """
    try:
        return msgspec.json.decode(value, type=shape)
    except UNREADABLE as error:
        raise UnreadableValueError(str(error)) from error
