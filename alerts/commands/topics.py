"""The verbs about the river in a Kafka cluster: make its topics, check them, and say for `tocsin doctor` how it flows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TextIO

from alerts.desk import STAGES
from alerts.topics import CONTROL, DELIVERIES
from streams.errors import ExplainedError
from streams.events.fuse import FUSE
from streams.runtime.cluster import Cluster, Lag
from streams.runtime.company import present, read_words
from streams.runtime.layout import Bed, Found, differences, group_name, hinders, layout, numbered, state_name, topic_name
from streams.runtime.logs import Logs
from streams.settings import Settings
from streams.topics import ARTICLES, WORKERS, Topic, Working

READERS: tuple[tuple[str, Topic], ...] = (
    ("detect", ARTICLES),
    (FUSE.name, FUSE.input),
    *((stage.name, stage.input) for stage in STAGES),
    ("send", DELIVERIES),
    ("control", CONTROL),
)
"""Who reads what and keeps states of it: every stage, named without loading what detects, the sender, and whoever copies control."""
LATE_SECONDS = 60
"""A record that waits longer is a fault: officers are promised seconds."""


class TopicsError(ExplainedError):
    """The river does not lie or flow in the cluster as it should; a line for each thing, with what to do."""


def beds(settings: Settings) -> tuple[Bed, ...]:
    """Every topic that the settings ask for."""
    kafka = settings.kafka
    return layout(kafka.prefix, READERS, partitions=kafka.partitions, replication=kafka.replication, retention=settings.retention)


def create(settings: Settings, out: TextIO) -> int:
    """Make the topics that are missing, and say what is otherwise with those that were there; 1 if nobody can work on one of them."""
    wanted = beds(settings)
    with Cluster(settings.kafka) as cluster:
        made = set(cluster.create(wanted))
        for bed in wanted:
            how = "made" if bed.name in made else "there"
            print(f"{how} {bed.name}: {numbered(bed.partitions, 'partition')}; {bed.why}", file=out)
        found = cluster.topics([bed.name for bed in wanted])
        tell(compare(wanted, found), out)
        return 1 if any(hinders(bed, found.get(bed.name)) for bed in wanted) else 0


def check(settings: Settings, out: TextIO) -> int:
    """Compare the topics with what they should be; 1 if one is otherwise."""
    wanted = beds(settings)
    with Cluster(settings.kafka) as cluster:
        wrong = compare(wanted, cluster.topics([bed.name for bed in wanted]))
    if not wrong:
        print(f"{len(wanted)} topics of {settings.kafka.prefix} are as they should be", file=out)
    return tell(wrong, out)


def tell(wrong: list[str], out: TextIO) -> int:
    """Print what is wrong; the exit status."""
    for line in wrong:
        print(f"BAD  {line}", file=out)
    return 1 if wrong else 0


def compare(wanted: Sequence[Bed], found: Mapping[str, Found]) -> list[str]:
    """Every difference between the topics and what they should be."""
    return [line for bed in wanted for line in differences(bed, found.get(bed.name))]


def checks(settings: Settings) -> Iterator[tuple[str, Callable[[], str]]]:
    """What `tocsin doctor` looks at in the cluster; what cannot be looked at, as something before it is missing, is left out."""
    opened: list[Cluster] = []
    yield "kafka", partial(_reach, settings, opened)
    if not opened:
        return
    with opened[0] as cluster:
        found: dict[str, Found] = {}
        yield "topics", partial(_describe, cluster, beds(settings), found)
        prefix = settings.kafka.prefix
        there = [(reader, topic_name(prefix, topic)) for reader, topic in READERS if topic_name(prefix, topic) in found]
        for reader, topic in there:
            yield f"lag of {reader}", partial(_flow, settings, cluster, reader, topic)
        if topic_name(prefix, WORKERS) in found:
            yield "workers", partial(_workers, settings)
        if there:
            yield "groups", partial(_commit, cluster, group_name(prefix, "doctor"), there[0][1])


def _reach(settings: Settings, opened: list[Cluster]) -> str:
    opened.append(Cluster(settings.kafka))
    return f"{numbered(opened[0].brokers(), 'broker')} at {','.join(settings.kafka.servers)}"


def _describe(cluster: Cluster, wanted: Sequence[Bed], found: dict[str, Found]) -> str:
    found |= cluster.topics([bed.name for bed in wanted])
    if wrong := compare(wanted, found):
        raise TopicsError("\n".join(wrong))
    return f"{len(wanted)}, as they should be"


def _flow(settings: Settings, cluster: Cluster, reader: str, topic: str) -> str:
    prefix = settings.kafka.prefix
    lag = cluster.lag(group_name(prefix, reader), topic)
    if lag.records:
        lag = cluster.lag(lag.group, topic, taken_in(settings, cluster, state_name(prefix, reader)))
    told, late = told_of(reader, lag, now=datetime.now(UTC))
    if late:
        raise TopicsError(told)
    return told


def taken_in(settings: Settings, cluster: Cluster, changelog: str) -> dict[int, int]:
    """The offset from which a reader goes on, by partition, as its changelog says; nothing where that is missing.

    That is what holds. What the group told the cluster, and Kafka's own tools show, comes up to a second after, is not told
    by who is killed, and is forgotten some days after the last member has left.
    """
    if changelog not in cluster.topics([changelog]):
        return {}
    starts, ends = cluster.starts(changelog), cluster.ends(changelog)
    with Logs(settings.kafka) as logs:
        positions = {p: logs.position(changelog, p, starts[p], ends[p]) for p in starts}
    return {p: position + 1 for p, position in positions.items() if position >= 0}


def told_of(reader: str, lag: Lag, *, now: datetime) -> tuple[str, bool]:
    """What to say of how far *reader* is behind, and whether that is too far."""
    if not lag.records:
        return ("nothing waits" if lag.begun else f"nothing waits, and group {lag.group} has never read"), False
    seconds = None if lag.oldest is None else max(0.0, (now - lag.oldest).total_seconds())
    age = "" if seconds is None else f", the oldest for {seconds:.0f} s"
    told = f"{numbered(lag.records, 'record')} of {lag.topic} not read{age}"
    if seconds is not None and seconds <= LATE_SECONDS:
        return told, False
    never = "" if lag.begun else f"; group {lag.group} has never read"
    return f"{told}{never}; see that a worker with {reader} runs, or start another", True


def _workers(settings: Settings) -> str:
    with Logs(settings.kafka) as logs:
        workers = present(read_words(settings.kafka, logs), datetime.now(UTC))
    return told_of_workers(workers)


def told_of_workers(workers: Sequence[Working]) -> str:
    """Who works, on what and of which version, a line each, and which stage nobody runs."""
    idle = [reader for reader, _ in READERS if reader != "control" and not any(reader in w.stages for w in workers)]
    lines = [f"{w.worker}, Tocsin {w.release}: {', '.join(w.stages)}{f'; reads with {w.reader}' if w.reader else ''}" for w in workers]
    return "\n".join([numbered(len(workers), "worker") + (f"; nobody runs {', '.join(idle)}" if idle else ""), *lines])


def _commit(cluster: Cluster, group: str, topic: str) -> str:
    cluster.prove_writable(group, topic)
    return f"offsets can be kept, as tried with {group}"
