"""Answers kept for the next who asks, up to a weight: memory stays bounded however many and large they are."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")


class BoundedCache(Generic[Answer]):
    """Calls `function`, and keeps the answers asked for last.

    `weigh(answer, *asked)` says what an answer weighs with its question, which a client may make as long as it likes;
    together they never weigh more than `limit`, in the same unit.
    """

    def __init__(self, function: Callable[..., Answer], limit: float, weigh: Callable[..., int]) -> None:
        self._function = function
        self._limit = limit
        self._weigh = weigh
        self._answers: OrderedDict[tuple[Any, ...], Answer] = OrderedDict()
        self.weight = 0

    def __call__(self, *asked: Any) -> Answer:
        if asked in self._answers:
            self._answers.move_to_end(asked)
            return self._answers[asked]
        answer = self._answers[asked] = self._function(*asked)
        self.weight += self._weigh(answer, *asked)
        while self.weight > self._limit:
            oldest, forgotten = self._answers.popitem(last=False)
            self.weight -= self._weigh(forgotten, *oldest)
        return answer

    def cache_clear(self) -> None:
        self._answers.clear()
        self.weight = 0
