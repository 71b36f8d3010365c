"""`tocsin migrate`: the state file of `tocsin up` carried into a Kafka cluster, where the river goes on as it would have here.

Changelogs are written before the logs that they are of: while a log is shorter than its reader says to have read, that reader does not
start. The same file makes the same records in the same order, so a run that was broken off is gone on with behind what lies there,
once that has been seen to be the beginning of it. From the first record on the file says where it went, and nothing else opens it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TextIO

import msgspec

from alerts.commands import configuration
from alerts.commands.grow import alone
from alerts.commands.rejected import TOPICS
from alerts.commands.topics import READERS, beds, compare
from alerts.commands.work import STAGES
from alerts.delivery.dispatch import READER as SEND
from alerts.topics import CONTROL
from streams.errors import ExplainedError
from streams.feeds.memory import OWNER as FEED
from streams.runtime.carry import Dealt, Place, Seal, Standing, beyond, by_partition, changelog, deal, replaced, seals, standing
from streams.runtime.cluster import Cluster
from streams.runtime.layout import FEEDS, group_name, hinders, numbered, partition_of, state_name, topic_name
from streams.runtime.ledger import CONTROL as IN_FORCE
from streams.runtime.ledger import done_row
from streams.runtime.logs import Logs
from streams.runtime.rekey import Append, Rows
from streams.runtime.states import read_head
from streams.runtime.store import MOVED, Moved, Store, StoreError
from streams.settings import Settings
from streams.topics import REJECTED, Rejected, Topic, UnreadableRecordError

READ = 500
"""Entries of the file in memory at once."""
AT_ONCE_BYTES = 4 * 2**20
AT_ONCE = 1000
"""Records that are under way together."""
ANEW = (
    "to begin again: delete all topics of this prefix, or take another (TOCSIN_KAFKA_PREFIX), run `tocsin topics create`, put back the "
    "copy of the state file that was made before, and run this again"
)


class MigrateError(ExplainedError, RuntimeError):
    """The state file cannot be carried there; the text says what is in the way, where, and what to do."""


@dataclass(frozen=True)
class Filling:
    """One topic and what is to lie in it, the same whenever it is asked for."""

    name: str
    """In the cluster."""
    records: Callable[[], Iterator[Append]]
    told: str = ""
    """For people, behind how many they are."""


def migrate(settings: Settings, out: TextIO) -> int:
    """Carry the state file into Kafka; 0, as whatever hinders it is raised.

    Raises:
        StoreError: The file is not there, in use, or was carried away before.
        MigrateError, TopicsError: It holds what this version does not know, or the cluster is not ready for it; nothing was written that
            a further run does not go on with.
    """
    if not settings.kafka_named:
        raise MigrateError("TOCSIN_KAFKA is not set, and says where to carry the state file to; name some brokers, kafka-1:9092")
    if not settings.state.exists():
        raise StoreError(f"{settings.state}: there is no state file; name it with --state or TOCSIN_STATE")
    prefix = settings.kafka.prefix
    with Store(settings.state, moving=True) as store, Cluster(settings.kafka) as cluster:
        to = Moved(servers=settings.kafka.servers, prefix=prefix)
        if store.moved not in (None, to):
            raise MigrateError(f"{store.path}: was begun to be carried into {store.moved}; name that cluster and prefix again, or {ANEW}")
        if mistakes := unknown(store):
            raise MigrateError("\n".join(mistakes))
        counts = laid(settings, cluster)
        alone(cluster, prefix)
        plan = Plan(store, prefix, counts)
        fillings = plan.fillings()
        with Logs(settings.kafka) as logs:
            there = {filling.name: cluster.ends(filling.name) for filling in fillings}
            if mistakes := [line for filling in fillings for line in foreign(filling, there[filling.name], cluster, logs)]:
                raise MigrateError("\n".join([*mistakes, f"a state file is carried into topics of its own; {ANEW}"]))
            store.move(to)
            written = {filling.name: fill(filling, there[filling.name], logs, out) for filling in fillings}
        alone(cluster, prefix)  # whoever was about to start when we first looked
        for name, lengths in written.items():
            if (ends := {p: end for p, end in cluster.ends(name).items() if end}) != lengths:
                raise MigrateError(f"{name}: others wrote into it meanwhile: it ends at {ends}, and should at {lengths}; {ANEW}")
        for reader, topic in READERS:
            read = {p: position + 1 for p, position in enumerate(plan.standings[topic.name].positions) if position >= 0}
            cluster.commit(group_name(prefix, reader), topic_name(prefix, topic), read)
        store.move(msgspec.structs.replace(to, done=True))
    print(f"{settings.state} is carried into {to}; it goes on there: start the workers, then the pollers", file=out, flush=True)
    return 0


def unknown(store: Store) -> list[str]:
    """What lies in the file that this version cannot carry, or whoever goes on could not read; a line each."""
    readers = {reader for reader, _ in READERS} - {CONTROL.name}
    known = {
        "stage": set(STAGES),
        "reader": readers,
        "topic": {*TOPICS, REJECTED.name},
        "owner": {FEED, configuration.MEMORY, SEND, MOVED[0]},
    }
    advice = "carry it with the version that wrote it, or ask that one what it is"
    strange = [(kind, sorted(names - known[kind])) for kind, names in store.names().items()]
    wrong = [f"{store.path}: holds what this Tocsin does not know, {kind} {', '.join(names)}; {advice}" for kind, names in strange if names]
    for stage in STAGES.values():
        try:
            for _, head in store.heads(stage.name):
                read_head(stage, head)
            if (control := store.position(stage.name)[1]) is not None:
                stage.read_control(control)
        except msgspec.MsgspecError as error:
            wrong.append(f"{store.path}: the states of stage {stage.name} are of another version of Tocsin ({error}); carry it with that")
    return wrong


def laid(settings: Settings, cluster: Cluster) -> dict[str, int]:
    """How many partitions each topic has.

    Raises:
        MigrateError: One is missing, or has not as many as it should.
    """
    wanted = beds(settings)
    found = cluster.topics([bed.name for bed in wanted])
    if hindering := [bed for bed in wanted if hinders(bed, found.get(bed.name))]:
        raise MigrateError("\n".join(compare(hindering, found)))
    return {name: topic.partitions for name, topic in found.items()}


class Plan:
    """What of a state file is to lie where.

    Args:
        counts: Partitions of each topic in the cluster.
    """

    def __init__(self, store: Store, prefix: str, counts: Mapping[str, int]) -> None:
        self._store, self._prefix, self._counts = store, prefix, counts
        self._refused = {(r.topic, r.offset) for _, body in self._entries(REJECTED) if (r := _rejected(body)) and r.offset is not None}
        self._done = {int(offset) for offset in store.memories(SEND)}
        self.standings = {topic.name: self._standing(reader, topic) for reader, topic in READERS}
        """By topic, how its reader stands."""
        self._places: dict[tuple[str, int], Place] = {
            (topic, offset): place for topic, stands in self.standings.items() for offset, place in stands.places.items()
        }

    def fillings(self) -> list[Filling]:
        """All topics, in the order in which they are to be written."""
        states = [
            Filling(state_name(self._prefix, reader), partial(self._changelog, reader, topic), " of states")
            for reader, topic in READERS[::-1]
        ]
        logs = [self._log(reader, topic) for reader, topic in READERS[::-1]]
        feeds = Filling(topic_name(self._prefix, FEEDS), self._feeds, ", one for each feed that is known")
        rejected = Filling(topic_name(self._prefix, REJECTED), self._set_aside, " that were set aside")
        return [*states, feeds, rejected, *logs]

    def _log(self, reader: str, topic: Topic) -> Filling:
        waiting = self.standings[topic.name].waiting
        told = f", {waiting} of them not taken in by {reader} yet" if waiting else ""
        return Filling(topic_name(self._prefix, topic), partial(self._appends, reader, topic), told)

    def _count(self, topic: Topic | str) -> int:
        return self._counts[topic_name(self._prefix, topic)]

    def _entries(self, topic: Topic) -> Iterator[tuple[int, bytes]]:
        start = 0
        while entries := self._store.read(topic.name, start, READ):
            yield from entries
            start = entries[-1][0] + 1

    def _position(self, reader: str, topic: Topic) -> int:
        """Of the first entry not taken in; control records are copied at once when they are written."""
        return self._store.end(topic.name) if topic is CONTROL else self._store.position(reader)[0]

    def _dealt(self, reader: str, topic: Topic) -> Iterator[Dealt]:
        return deal(topic, self._entries(topic), self._count(topic), self._position(reader, topic))

    def _standing(self, reader: str, topic: Topic) -> Standing:
        named = {offset for name, offset in self._refused if name == topic.name} | (self._done if reader == SEND else set())
        return standing(self._dealt(reader, topic), self._count(topic), self._position(reader, topic), named)

    def _appends(self, reader: str, topic: Topic) -> Iterator[Append]:
        return (Append(place.partition, 0, key, value) for _, place, key, value in self._dealt(reader, topic))

    def _set_aside(self) -> Iterator[Append]:
        for _, body in self._entries(REJECTED):
            record = _rejected(body)
            yield Append(0, 0, None if record is None else REJECTED.key(record).encode(), replaced(body, self._places))

    def _feeds(self) -> Iterator[Append]:
        for name, body in sorted(self._store.memories(FEED).items()):
            yield Append(partition_of(name, self._count(FEEDS)), 0, name.encode(), body)

    def _changelog(self, reader: str, topic: Topic) -> Iterator[Append]:
        stands = self.standings[topic.name]
        return changelog(self._rows(reader, stands), stands.positions)

    def _rows(self, reader: str, stands: Standing) -> Mapping[int, Rows]:
        """The rows of a reader's changelog, by partition: its states, and what is of each partition."""
        if reader == CONTROL.name:
            return {0: {(kind, "", ""): body for kind, body in sorted(self._store.memories(configuration.MEMORY).items())}}
        rows = by_partition(self._store.rows(reader), len(stands.positions))
        control = self._store.position(reader)[1]
        for partition in rows if control is not None else ():
            rows[partition][IN_FORCE] = control
        for offset in sorted(self._done) if reader == SEND else ():
            if place := stands.places.get(offset):
                rows[place.partition][done_row(place.offset)] = b"1"
        return rows


def _rejected(body: bytes) -> Rejected | None:
    """The record of what was set aside; None if it is another, or none."""
    try:
        record = REJECTED.decode(body)
    except UnreadableRecordError:
        return None
    return record if isinstance(record, Rejected) else None


def foreign(filling: Filling, there: Mapping[int, int], cluster: Cluster, logs: Logs) -> Iterator[str]:
    """What lies in a topic that we would not have written there; a line for each partition.

    Args:
        there: By partition: where it ends.
    """
    lengths = {partition: end for partition, end in there.items() if end}
    if not lengths:
        return
    ours, starts = seals(filling.records(), lengths), cluster.starts(filling.name)
    for partition, end in lengths.items():
        found = Seal()
        for record in logs.read(filling.name, partition, 0, end) if starts[partition] == 0 else ():
            found.add(record.key, record.value)
        if ours.get(partition) != found:
            yield f"{filling.name}: partition {partition} is not empty, and what lies there is not the beginning of what is to be carried"


def fill(filling: Filling, there: Mapping[int, int], logs: Logs, out: TextIO) -> dict[int, int]:
    """Write what is not there yet; how many records then lie in each partition that has any."""
    lengths = {partition: end for partition, end in there.items() if end}
    for chunk in chunks(beyond(filling.records(), there)):
        logs.append(filling.name, chunk)
        for record in chunk:
            lengths[record.partition] = lengths.get(record.partition, 0) + 1
    print(f"{filling.name}: {numbered(sum(lengths.values()), 'record')}{filling.told}", file=out, flush=True)
    return lengths


def chunks(records: Iterator[Append]) -> Iterator[Sequence[Append]]:
    """Cut *records* into what is sent at once."""
    chunk, size = list[Append](), 0
    for record in records:
        chunk.append(record)
        size += len(record.value or b"")
        if size > AT_ONCE_BYTES or len(chunk) == AT_ONCE:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
