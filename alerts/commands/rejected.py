"""`tocsin rejected`: what stages set aside, shown, and written again into its log once the reason is mended."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TextIO

import msgspec

from alerts.topics import ALERTS, CONTROL, DELIVERIES, MATCHES, NOTIFICATIONS
from streams.errors import ExplainedError
from streams.records import Tick, digest
from streams.runtime.cluster import Cluster
from streams.runtime.layout import partition_of, topic_name
from streams.runtime.logs import Logs
from streams.runtime.rekey import Append
from streams.runtime.store import Batch, Store, peek
from streams.settings import Settings
from streams.topics import ARTICLES, EVENTS, MENTIONS, REJECTED, Rejected, Retried, UnreadableRecordError

TOPICS = {topic.name: topic for topic in (ARTICLES, MENTIONS, EVENTS, MATCHES, ALERTS, NOTIFICATIONS, DELIVERIES, CONTROL)}
"""What stages read, by name."""
SHOWN = 400
"""Characters of a body in a list of all that `show` tells; the whole is in the log."""


class UnknownRejectedError(ExplainedError, ValueError):
    """An id that names nothing that was set aside."""


class UnplacedError(ExplainedError, ValueError):
    """A record of which nobody knows where it belongs."""


class Box(Protocol):
    """Where what was set aside lies."""

    def read(self) -> list[bytes]:
        """Every entry of the topic `rejected`, in order."""

    def again(self, records: Sequence[Rejected], at: datetime) -> None:
        """Write the entries back into their logs, then that this was done."""


@dataclass(frozen=True)
class StoreBox:
    """In the state file; `tocsin up` must be stopped for `again`, as one process holds it."""

    settings: Settings

    def read(self) -> list[bytes]:
        return peek(self.settings.state, REJECTED.name) if self.settings.state.exists() else []

    def again(self, records: Sequence[Rejected], at: datetime) -> None:
        with closing(Store(self.settings.state)) as store:
            written = [(r.topic, r.at, r.body) for r in records]
            store.commit(Batch(records=[*written, *((REJECTED.name, at, REJECTED.encode(retried(r, at))) for r in records)]))


@dataclass(frozen=True)
class KafkaBox:
    """In the cluster. Stopped between the two writes it leaves an entry written and not noted: written twice, it changes nothing."""

    settings: Settings

    @property
    def topic(self) -> str:
        """The name of the topic there."""
        return topic_name(self.settings.kafka.prefix, REJECTED)

    def read(self) -> list[bytes]:
        with Cluster(self.settings.kafka) as cluster:
            start, end = cluster.starts(self.topic)[0], cluster.ends(self.topic)[0]
        with Logs(self.settings.kafka) as logs:
            return [record.value or b"" for record in logs.read(self.topic, 0, start, end)]

    def again(self, records: Sequence[Rejected], at: datetime) -> None:
        prefix = self.settings.kafka.prefix
        with Cluster(self.settings.kafka) as cluster:
            counts = cluster.counts(sorted({topic_name(prefix, r.topic) for r in records}))
        placed = [(topic_name(prefix, r.topic), written_again(r, counts[topic_name(prefix, r.topic)])) for r in records]
        with Logs(self.settings.kafka) as logs:
            for topic, append in placed:
                logs.append(topic, [append])
            logs.append(self.topic, [Append(0, 0, b"", REJECTED.encode(retried(r, at))) for r in records])


def written_again(record: Rejected, partitions: int) -> Append:
    """*record* in a topic of so many partitions: where its key belongs; what has no key that can be read, where it lay.

    Raises:
        UnplacedError: Neither is known, or there is no such partition any more.
    """
    entry = entry_of(record)
    if isinstance(entry, TOPICS[record.topic].records):
        key = TOPICS[record.topic].key(entry)
        return Append(partition_of(key, partitions), 0, key.encode(), record.body)
    if record.partition is None or record.partition >= partitions:
        raise UnplacedError(f"{name_of(record)}: no key can be read in it, and it does not say in which of {partitions} partitions it lay")
    return Append(record.partition, 0, b"", record.body)


def box_of(settings: Settings) -> Box:
    """Where this deployment's lies: in the cluster if brokers are named, else in the state file."""
    return KafkaBox(settings) if settings.kafka_named else StoreBox(settings)


def retried(record: Rejected, at: datetime) -> Retried:
    """That a record was written again."""
    return Retried(id=name_of(record), at=at)


def entry_of(record: Rejected) -> Any:
    """What was set aside, decoded; None if it cannot be."""
    try:
        return TOPICS[record.topic].decode(record.body)
    except (KeyError, UnreadableRecordError):
        return None


def is_moment(record: Rejected) -> bool:
    """Whether it is a tick: written again it wakes nobody, as a state on which a tick broke waits for its next record."""
    return isinstance(entry_of(record), Tick)


def name_of(record: Rejected) -> str:
    """What people call a record that was set aside: the same entry of the same log has the same name, however often it is refused."""
    return digest(REJECTED.identity(record))[:12]


def waiting(entries: Sequence[bytes]) -> dict[str, Rejected]:
    """What was set aside and not written again since, by name, the oldest first."""
    found: dict[str, Rejected] = {}
    for body in entries:
        try:
            record = REJECTED.decode(body)
        except UnreadableRecordError:
            continue  # foreign bytes among them: nothing that could be shown or written again
        if isinstance(record, Rejected):
            found.setdefault(name_of(record), record)
        elif isinstance(record, Retried):
            found.pop(record.id, None)
    return found


def listed(settings: Settings, out: TextIO, *, as_json: bool) -> int:
    """One line for each record that was set aside."""
    found = waiting(box_of(settings).read())
    for name, r in found.items():
        if as_json:
            print(msgspec.json.encode({"id": name, **shown(r)}).decode(), file=out)
        else:
            print(f"{name}  {r.at:%Y-%m-%d %H:%M:%SZ}  {r.stage}  {where(r)}  {r.reason[:SHOWN]}", file=out)
    if not as_json:
        print(f"{len(found)} set aside" + ("; `tocsin rejected show ID` tells more" if found else ""), file=out)
    return 0


def show(settings: Settings, name: str, out: TextIO) -> int:
    """All that is known of one record."""
    record = chosen(waiting(box_of(settings).read()), [name])[0]
    print(msgspec.json.format(msgspec.json.encode({"id": name, **shown(record)})).decode(), file=out)
    return 0


def retry(settings: Settings, names: Sequence[str], stage: str | None, out: TextIO) -> int:
    """Write records back into their logs: those of *names*, or all, or all of one stage."""
    box = box_of(settings)
    found = waiting(box.read())
    wanted = chosen(found, names) if names else [r for r in found.values() if stage in (None, r.stage)]
    records = [r for r in wanted if not is_moment(r)]
    if records:
        box.again(records, datetime.now(UTC))
    print(f"{len(records)} written again; those that cannot be taken this time either come back to the list", file=out)
    if moments := len(wanted) - len(records):
        print(f"{moments} left as they are: ticks, whose states go on with the next record that reaches them", file=out)
    return 0


def chosen(found: dict[str, Rejected], names: Sequence[str]) -> list[Rejected]:
    """The records of *names*.

    Raises:
        UnknownRejectedError: With each that names nothing.
    """
    if unknown := [name for name in names if name not in found]:
        raise UnknownRejectedError(f"nothing set aside is called {', '.join(unknown)}; `tocsin rejected list` says what there is")
    return [found[name] for name in names]


def where(record: Rejected) -> str:
    """``mentions[3]@1042``, as far as it is known."""
    partition = "" if record.partition is None else f"[{record.partition}]"
    return record.topic + partition + ("" if record.offset is None else f"@{record.offset}")


def shown(record: Rejected) -> dict[str, Any]:
    """A record as people read it, its body as text."""
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    return {**fields, "body": record.body.decode(errors="replace")}
