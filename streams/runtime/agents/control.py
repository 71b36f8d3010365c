"""The one writer that copies each control record into every partition that it governs, and remembers what is in force."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from streams.runtime.agents.app import Sent
from streams.runtime.agents.member import Member, Surroundings
from streams.runtime.layout import state_name, topic_name
from streams.runtime.ledger import Ledger
from streams.runtime.states import Row
from streams.stages import Stage
from streams.topics import REJECTED, Rejected, Topic, UnreadableRecordError, content_of, copy_of


class ControlAgent(Member):
    """The reader of the topic `control`, which has one partition: so there is one in the whole river at any time.

    A copy bears its record's offset, so that one that comes twice changes nothing.

    Args:
        control: The topic.
        governed: All stages that control records govern, wherever they run.
    """

    def __init__(self, control: Topic, governed: Sequence[Stage], around: Surroundings) -> None:
        super().__init__("control", control, (*dict.fromkeys(s.input for s in governed), REJECTED), around)
        self._topic, self._governed = control, governed
        self._ledger: Ledger | None = None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Those of the stages, too: a copy must not miss a partition that is about to be added."""
        governed = [(topic_name(self._prefix, s.input), state_name(self._prefix, s)) for s in self._governed]
        return [*super().pairs, *governed]

    def opened(self, ledgers: Mapping[int, Ledger]) -> None:
        self._ledger = ledgers.get(0)

    async def closed(self) -> None:
        self._ledger = None

    @property
    def positions(self) -> dict[int, int]:
        return {} if self._ledger is None else {0: self._ledger.position}

    @property
    def ours(self) -> bool:
        """Whether this process is the one that says what is in force."""
        return self._ledger is not None

    def in_force(self, kind: str) -> bytes | None:
        """The last record of a kind, its time apart; None if there was none, or the partition is not ours."""
        return None if self._ledger is None else self._ledger.of(kind).get(("", ""))

    async def enforce(self, record: Any) -> None:
        """Write a control record; it is in force when it comes back from the topic."""
        await self.write([Sent(self._source, 0, None, self._topic.encode(record))])

    async def take(self, partition: int, messages: Sequence[Any]) -> None:
        ledger, rows, out = self._ledger, dict[Row, bytes | None](), list[Sent]()
        assert ledger is not None  # noqa: S101  there are positions only while there is one
        for message in messages:
            try:
                record = self._topic.decode(message.value or b"")
            except UnreadableRecordError as error:
                at = datetime.fromtimestamp(message.timestamp, UTC)
                said = {"reason": str(error), "stack": "", "body": message.value or b"", "partition": partition, "offset": message.offset}
                refusal = Rejected(stage="control", topic=self._topic.name, at=at, **said)
                out.append(self.sent(REJECTED, refusal))
                continue
            out += self._copies(record, message.offset)
            rows[type(record).__name__, "", ""] = content_of(record)
        await self.write(out)
        await self.last(partition, ledger, rows, messages[-1].offset)

    def _copies(self, record: Any, number: int) -> list[Sent]:
        names = {topic_name(self._prefix, s.input): s.input for s in self._governed if s.governed_by(record)}
        copy = copy_of(record, number=number)
        return [Sent(name, p, None, topic.encode(copy)) for name, topic in names.items() for p in range(self._counts[name])]
