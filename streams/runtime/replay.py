"""The runtime `replay`: the river in memory, jumping from due to due. For tests, back-tests and `tocsin replay`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from streams.records import Article, Record, Tick
from streams.runtime.states import MemoryStates
from streams.stages import Stage, read_ahead, take
from streams.topics import Topic, copy_of

AFTERMATH = timedelta(hours=48)
"""How long after the last article time goes on: until whatever was open is over."""
READ_AHEAD = 64
"""Articles read at once: what one batch of the parser likes."""


class Replay:
    """A river in memory.

    Attributes:
        logs: What lies in each topic, ticks and control copies included, by topic name.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = tuple(stages)
        self.logs: dict[str, list[Record]] = defaultdict(list)
        self._states = {s.name: MemoryStates() for s in stages}
        self._controls = {s.name: s.ungoverned for s in stages}
        self._read_up_to = {s.name: 0 for s in stages}

    def control(self, record: Any) -> None:
        """Put a control record in force, from now on, in every stage that it governs."""
        for stage in self.stages:
            if stage.governed_by(record):
                self.logs[stage.input.name].append(copy_of(record))
        self._flow()

    def run(self, articles: Iterable[Article]) -> None:
        """Run *articles* through, in the order of their time, then id, and time on until 48 hours after the last."""
        ordered = sorted(articles, key=lambda a: (a.at, a.id, a.title or "", a.text))
        for start in range(0, len(ordered), READ_AHEAD):
            batch = ordered[start : start + READ_AHEAD]
            for article, read in zip(batch, read_ahead(self.stages[0], batch), strict=True):
                self.until(article.at)
                self.put(self.stages[0].input, article, read)
        if ordered:
            self.until(ordered[-1].at + AFTERMATH)

    def put(self, topic: Topic, record: Record, read: Any = None) -> None:
        """Write one record and let it flow as far as it goes. A `Rejected` stands for an entry that cannot be read: see `stages.decode`."""
        self.logs[topic.name].append(record)
        self._flow(read)

    def until(self, moment: datetime) -> None:
        """Let time pass up to *moment*: whatever is due before it fires, the earliest first."""
        while (first := self._first_due()) is not None and first[0] <= moment:
            due, i = first
            self.logs[self.stages[i].input.name].append(Tick(at=due))
            self._flow()

    def state_of(self, stage: str, key: str) -> Any:
        """What a stage remembers under *key*; None if nothing."""
        return self._states[stage].get(key)

    def remembered(self, stage: str) -> list[Any]:
        """All that a stage remembers, a state for each key."""
        return self._states[stage].all()

    def _first_due(self) -> tuple[datetime, int] | None:
        waiting = [(due[0], i) for i, stage in enumerate(self.stages) if (due := self._states[stage.name].next_due())]
        return min(waiting, default=None)

    def _flow(self, read: Any = None) -> None:
        """Let every stage read what it has not read yet. Nothing flows upstream, so one pass is enough."""
        for stage in self.stages:
            log = self.logs[stage.input.name]
            while self._read_up_to[stage.name] < len(log):
                entry = log[self._read_up_to[stage.name]]
                self._read_up_to[stage.name] += 1
                reads = [read if stage is self.stages[0] else None]
                control, out = take(stage, self._states[stage.name], self._controls[stage.name], [entry], reads)
                self._controls[stage.name] = control
                for record in out:
                    self.logs[stage.topic_of(record).name].append(record)


def outputs_of(stage: Stage, log: Iterable[Any]) -> list[Record]:
    """What *stage* gives for a recorded input log: the law's measure of every other runtime."""
    entries = list(log)
    return take(stage, MemoryStates(), stage.ungoverned, entries, [None] * len(entries))[1]
