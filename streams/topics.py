"""What lies where: the name of each topic, the records in it, their key, their identity and their bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from streams.records import EPOCH, FORMAT, Article, Event, Mention, Part, Record, Tick, Time, Withdrawn

MARK = b'{"v":%d,' % FORMAT
"""What every record of this version begins with."""


class ControlCopy(Record, frozen=True, kw_only=True):
    """A record of the `control` topic, copied into one partition of an input log, where it takes effect."""

    at: Time
    body: msgspec.Raw
    number: int | None = None
    """Its offset in `control`: of two copies in one log a later one with a lower number is a repeat, and changes nothing.
    None where copies cannot come twice."""


def copy_of(record: Any, *, number: int | None = None) -> ControlCopy:
    """The copy of a control record, as it is written into the input logs of the stages that it governs."""
    return ControlCopy(at=record.at, body=msgspec.Raw(encode(record)), number=number)


def content_of(record: Any) -> bytes:
    """What a control record says, whenever it was made."""
    return msgspec.json.encode(msgspec.structs.replace(record, at=EPOCH))


class Rejected(Record, frozen=True, kw_only=True):
    """A record that a stage could not take: kept for people, while the river flows on."""

    stage: str
    topic: str
    at: Time
    reason: str
    stack: str
    body: bytes
    """The entry as it lay in the log."""
    partition: int | None = None
    """Where it lay, in a log of several partitions."""
    offset: int | None = None


class Retried(Record, frozen=True, kw_only=True):
    """That a rejected record was written into its log again."""

    id: str
    """As people call it: see `alerts.commands.rejected.name_of`."""
    at: Time

    @property
    def stage(self) -> str:
        """None in particular; where it lies, everything lies in one partition."""
        return ""


class Working(Record, frozen=True, kw_only=True):
    """What a worker says of itself for as long as it works; see `streams.runtime.company`.

    It is read whatever format it names: all that is asked of another version is which it is.
    """

    worker: str
    """Host, process and start: no two are the same."""
    stages: tuple[str, ...]
    release: str
    """Version of Tocsin."""
    at: Time
    format: int = FORMAT
    """Of the records that it writes, and the highest that it reads."""
    reader: str | None = None
    """What its mentions say of who read them; None where it does not detect."""


class UnreadableRecordError(ValueError):
    """Bytes in a topic that are no record of it; the record goes to `rejected`."""


class Version(Part, frozen=True):
    """All that is read of a record of which it is not known whether it can be read."""

    v: int = 1
    """Its `FORMAT`; records of before there were formats have none, and are of the first."""


_VERSION = msgspec.json.Decoder(Version)
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no record; the last two for bytes that are no UTF-8, and for brackets without end."""


def encode(record: Record) -> bytes:
    """The bytes of *record*: JSON, with its format and its kind, the same on every machine."""
    return MARK + msgspec.json.encode(record)[1:]


def format_of(data: bytes) -> int:
    """The format that a record says it is of; 1 where it says none, or nothing that can be read."""
    if data.startswith(MARK):
        return FORMAT
    try:
        return _VERSION.decode(data).v
    except UNREADABLE:
        return 1


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
        """The bytes of *record*; see `encode`."""
        return encode(record)

    def decode(self, data: bytes) -> Any:
        """Read one entry of the log.

        Raises:
            UnreadableRecordError: It is of a newer format, not JSON, of no known kind, or lacks a field; unknown newer fields are
                passed over.
        """
        if (version := format_of(data)) > FORMAT:
            newer = f"written by a newer Tocsin (format {version}; this one reads {FORMAT})"
            raise UnreadableRecordError(f"topic {self.name}: {newer}; upgrade this worker, then `tocsin rejected retry`")
        try:
            return self._decoder().decode(data)
        except UNREADABLE as error:
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
REJECTED = Topic("rejected", (Rejected, Retried), key=lambda r: r.stage, identity=lambda r: _of_rejected(r))


def _of_rejected(record: Rejected | Retried) -> str:
    if isinstance(record, Retried):
        return f"retried:{record.id}@{record.at.isoformat()}"
    return f"{record.stage}:{record.topic}:{sha256(record.body).hexdigest()}"


WORKERS = Topic("workers", (Working,), key=lambda w: w.worker, identity=lambda w: f"{w.worker}@{w.at.isoformat()}")
