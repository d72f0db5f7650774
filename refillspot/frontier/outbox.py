"""What Redis is to be told by a worker, until Redis has confirmed it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from refillspot.frontier.queue import Key

    Operation = tuple[Key | None, tuple[Any, ...]]

BATCH_OPERATIONS = 500  # in one step of Redis: a few milliseconds
PUSHES = {"push", "push_within"}
CHILDREN = PUSHES | {"refuse"}  # what a request has led to
MOST_CHILDREN = 20_000  # kept for requests in hand, of a few hundred bytes each
FREES = {"done", "stored"}  # memory of Redis
MOVES = {"replace", "return", "leave"}  # take no more than they give


class Outbox:
    """What Redis is to be told, in order and in numbered batches; in memory only.

    An operation stays until its batch is confirmed. Since Redis may forget it, a seed stays for good, and what a
    request in hand has led to stays until that is done. No two batches have the same number, not even after Redis has
    forgotten one: then it would take the second for the first.
    """

    def __init__(self) -> None:
        self._operations: list[Operation] = []
        self._batch: list[Operation] = []
        self.frees = False
        """Whether the batch under way is one that a full Redis takes, too."""
        self._seeds: list[Operation] = []
        self._begun: dict[tuple[Any, ...], int] = {}
        """Requests in hand, the oldest first, with the batch that was under way as they began."""
        self._children: deque[tuple[int, Operation]] = deque(maxlen=MOST_CHILDREN)
        """What was confirmed since the oldest of them began, with the numbers of its batches."""
        self.confirmed = 0
        """Number of the last batch that Redis has confirmed."""
        self.under_way = 0
        """Number of the batch that Redis is told, or was last."""

    def __len__(self) -> int:
        return len(self._operations) + len(self._batch)

    def add(self, operation: tuple[Any, ...], key: Key | None = None) -> None:
        """Add what became of the leased request `key`, or something that belongs to none."""
        if operation[0] == "start":
            self._begun.pop(operation[1:], None)  # to come last
            self._begun[operation[1:]] = self.under_way
        self._operations.append((key, operation))

    def add_seed(self, operation: tuple[Any, ...]) -> None:
        """Add what no request in the queue would bring back."""
        self._seeds.append((None, operation))
        self.add(operation)

    def batch(self) -> list[Any]:
        """Return the operations of the batch under way: the same ones until it is confirmed."""
        if not self._batch:
            self._batch, self._operations = self._operations[:BATCH_OPERATIONS], self._operations[BATCH_OPERATIONS:]
            self.under_way, self.frees = self.under_way + 1, False
        return [part for _, operation in self._batch for part in operation]

    def confirm(self) -> set[Key]:
        """Drop the batch under way, which Redis has; return the requests whose end it told."""
        told = {key for key, _ in self._batch if key}
        self._children.extend((self.under_way, one) for one in self._batch if one[1][0] in CHILDREN)
        for key in told:
            self._begun.pop(key, None)
        oldest = next(iter(self._begun.values()), self.under_way)
        while self._children and self._children[0][0] <= oldest:
            self._children.popleft()
        self._batch = []
        self.confirmed = self.under_way
        return told

    def free_first(self) -> bool:
        """Put in place of the batch under way what frees memory of Redis; False if that is nothing.

        A request is not done before its children are queued: what was pushed since its start may be one of them.
        """
        first: list[Operation] = []
        later: list[Operation] = []
        pushed, pushed_before = 0, dict[tuple[Any, ...], int]()
        for key, operation in [*self._batch, *self._operations]:
            name = operation[0]
            pushed += name in PUSHES
            if name == "start":
                pushed_before[operation[1:]] = pushed
            is_free = name in FREES and key is not None and pushed_before.get(key, 0) == pushed
            (first if is_free or name in MOVES else later).append((key, operation))
        if first:
            self._batch, self._operations = first[:BATCH_OPERATIONS], first[BATCH_OPERATIONS:] + later
            self.under_way, self.frees = self.under_way + 1, True
        return bool(first)

    def roll_back(self, to: int, *, with_seeds: bool) -> None:
        """Redis has another last batch than was expected, `to`: the one under way gets another number.

        What it has forgotten of requests in hand is told again: when they are done, nothing else would bring it back.
        """
        forgotten = self._seeds if with_seeds else []
        children = [operation for number, operation in self._children if number > to]
        self._children.clear()
        self._operations[:0] = [*forgotten, *children, *self._batch]
        self._batch = []
        self.confirmed = to
        self.under_way = max(self.under_way, to)

    def clear(self) -> None:
        self._operations, self._batch = [], []
        self._begun.clear()
        self._children.clear()
