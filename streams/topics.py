"""What lies where: the name of each topic, the records in it, their key, their identity and their bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from streams.records import Article, Event, Mention, Record, Tick, Withdrawn


class ControlCopy(Record, frozen=True, kw_only=True):
    """A record of the `control` topic, copied into one partition of an input log, where it takes effect."""

    at: datetime
    body: msgspec.Raw
    number: int | None = None
    """Its offset in `control`: of two copies in one log a later one with a lower number is a repeat, and changes nothing.
    None where copies cannot come twice."""


def copy_of(record: Any, *, number: int | None = None) -> ControlCopy:
    """The copy of a control record, as it is written into the input logs of the stages that it governs."""
    return ControlCopy(at=record.at, body=msgspec.Raw(msgspec.json.encode(record)), number=number)


class Rejected(Record, frozen=True, kw_only=True):
    """A record that a stage could not take: kept for people, while the river flows on."""

    stage: str
    topic: str
    at: datetime
    reason: str
    stack: str
    body: bytes
    """The entry as it lay in the log."""
    partition: int | None = None
    """Where it lay, in a log of several partitions."""
    offset: int | None = None


class UnreadableRecordError(ValueError):
    """Bytes in a topic that are no record of it; the record goes to `rejected`."""


@dataclass(frozen=True)
class Topic:
    """A named log of records of a few kinds.

    Attributes:
        records: The kinds of record; `Tick` and `ControlCopy` may lie between them where a stage reads the topic.
        key: Records of one key meet in one state, in the order of the log.
        identity: Names one record; a second one of the same identity is a repeat and changes nothing.
    """

    name: str
    records: tuple[type[Record], ...]
    key: Callable[[Any], str]
    identity: Callable[[Any], str]

    def encode(self, record: Record) -> bytes:
        """The bytes of *record*: JSON, tagged with its kind, the same on every machine."""
        return msgspec.json.encode(record)

    def decode(self, data: bytes) -> Any:
        """Read one entry of the log.

        Raises:
            UnreadableRecordError: It is not JSON, of no known kind, or lacks a field; unknown newer fields are passed over.
        """
        try:
            return self._decoder().decode(data)
        except msgspec.MsgspecError as error:
            raise UnreadableRecordError(f"topic {self.name}: {error}; the record starts with {data[:80]!r}") from error

    def _decoder(self) -> msgspec.json.Decoder[Any]:
        decoder = _DECODERS.get(self.name)
        if decoder is None:
            kinds: Any = Tick | ControlCopy
            for kind in self.records:
                kinds = kinds | kind
            decoder = _DECODERS[self.name] = msgspec.json.Decoder(kinds)
        return decoder


_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {}

ARTICLES = Topic("articles", (Article,), key=lambda a: a.id, identity=lambda a: f"{a.id}@{a.at.isoformat()}")
MENTIONS = Topic(
    "mentions",
    (Mention, Withdrawn),
    key=lambda m: m.key,
    identity=lambda m: f"{m.id}@{m.fetched.isoformat()}{'-' if isinstance(m, Withdrawn) else ''}",
)
EVENTS = Topic("events", (Event,), key=lambda e: e.id, identity=lambda e: f"{e.id}/{e.revision}")
REJECTED = Topic("rejected", (Rejected,), key=lambda r: r.stage, identity=lambda r: f"{r.stage}:{r.topic}:{sha256(r.body).hexdigest()}")
