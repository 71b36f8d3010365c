"""States in memory, and the order in which states want to be woken."""

import heapq
from collections.abc import Iterable
from datetime import datetime
from typing import Any


class DueIndex:
    """Who waits until when: a heap whose outdated entries are passed over."""

    def __init__(self, waiting: Iterable[tuple[datetime, str]] = ()) -> None:
        self._dues = {key: due for due, key in waiting}
        self._heap = [(due, key) for key, due in self._dues.items()]
        heapq.heapify(self._heap)

    def set(self, key: str, due: datetime | None) -> None:
        """Let *key* wait until *due*, or no more."""
        if due is None:
            self._dues.pop(key, None)
        elif self._dues.get(key) != due:
            self._dues[key] = due
            heapq.heappush(self._heap, (due, key))

    def first(self) -> tuple[datetime, str] | None:
        """The earliest, of equals the least key."""
        while self._heap:
            due, key = self._heap[0]
            if self._dues.get(key) == due:
                return due, key
            heapq.heappop(self._heap)
        return None


class MemoryStates:
    """`stages.States` in a dictionary."""

    def __init__(self) -> None:
        self._states: dict[str, Any] = {}
        self._dues = DueIndex()

    def get(self, key: str) -> Any:
        return self._states.get(key)

    def put(self, key: str, state: Any, due: datetime | None) -> None:
        if state is None:
            self._states.pop(key, None)
        else:
            self._states[key] = state
        self._dues.set(key, due)

    def next_due(self) -> tuple[datetime, str] | None:
        return self._dues.first()
