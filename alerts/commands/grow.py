"""`tocsin topics grow`: more partitions for a river that stands still, its states moved to where its records will come.

The changelogs of all stages are given their partitions first, their inputs last and from the end of the river upwards. So, while
anything is half moved, a changelog has more partitions than its input, with which no worker and no poller starts; the cluster itself
says how far it came, and running it again finishes it.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TextIO

from alerts.commands.topics import READERS, TopicsError
from alerts.topics import CONTROL
from streams.feeds.produce import POLL
from streams.records import Tick
from streams.runtime.cluster import Cluster
from streams.runtime.layout import FEEDS, group_name, numbered, state_name, topic_name
from streams.runtime.logs import Logs
from streams.runtime.rekey import steps
from streams.settings import Settings
from streams.topics import Topic, UnreadableRecordError

LOOKED_AT = 1000
"""Entries at the end of a partition that are looked at: ticks among them need nobody to read them."""


class Bank(NamedTuple):
    """One reader of the river with the topics that must have equally many partitions, as they lie."""

    reader: str
    topic: Topic
    input: str
    changelog: str
    partitions: int
    """Of the input."""
    states: int
    """Partitions of the changelog."""


def grow(settings: Settings, partitions: int, out: TextIO) -> int:
    """Give every topic that is read by key *partitions*, and move the states; 0, as whatever hinders it is raised.

    Raises:
        TopicsError: Somebody works on the river, something waits in it, or it cannot have so many; nothing is lost, and the text says
            what to do.
    """
    with Cluster(settings.kafka) as cluster:
        prefix = settings.kafka.prefix
        banks = survey(cluster, prefix)
        if mistakes := unfit(banks, partitions):
            raise TopicsError("\n".join(mistakes))
        alone(cluster, prefix)
        drained(settings, cluster, banks)
        keyed = [bank for bank in banks if bank.topic is not CONTROL]
        for bank in keyed:
            if bank.states < partitions:
                cluster.add_partitions({bank.changelog: partitions})
        alone(cluster, prefix)  # whoever was about to start when we first looked
        with Logs(settings.kafka) as logs:
            for bank in keyed:
                moved = rekey(cluster, logs, bank.changelog, partitions)
                print(
                    f"{bank.changelog}: {numbered(partitions, 'partition')}, {numbered(moved, 'record')} written to move states", file=out
                )
        alone(cluster, prefix)
        for bank in reversed(keyed):
            if bank.partitions < partitions:
                cluster.add_partitions({bank.input: partitions})
                print(f"{bank.input}: {numbered(partitions, 'partition')}", file=out, flush=True)
    print(
        f"grown; {topic_name(prefix, FEEDS)} keeps its partitions, which only bound how many pollers share the feeds", file=out, flush=True
    )
    if settings.kafka.partitions != partitions:
        print(f"set TOCSIN_KAFKA_PARTITIONS={partitions} wherever tocsin runs, then start the workers and pollers", file=out, flush=True)
    return 0


def survey(cluster: Cluster, prefix: str) -> list[Bank]:
    """How the river lies there, in its order.

    Raises:
        TopicsError: A topic is missing.
    """
    names = [(reader, topic, topic_name(prefix, topic), state_name(prefix, reader)) for reader, topic in READERS]
    found = cluster.topics([name for _, _, *pair in names for name in pair])
    if missing := [name for _, _, *pair in names for name in pair if name not in found]:
        raise TopicsError(f"{', '.join(missing)}: missing; run `tocsin topics create`")
    return [Bank(reader, topic, i, c, found[i].partitions, found[c].partitions) for reader, topic, i, c in names]


def unfit(banks: Sequence[Bank], partitions: int) -> list[str]:
    """Why the river cannot have *partitions*; empty if it can."""
    wrong: list[str] = []
    most = max(max(bank.partitions, bank.states) for bank in banks)
    if most > partitions:
        wrong.append(f"some topics have {numbered(most, 'partition')}, and a count never shrinks; run `tocsin topics grow {most}`, or more")
    begun = {bank.states for bank in banks if bank.states > bank.partitions} - {partitions}
    if not wrong and begun:
        wrong.append(f"the river was begun to be grown to {max(begun)}; finish that with `tocsin topics grow {max(begun)}` first")
    return wrong


def alone(cluster: Cluster, prefix: str) -> None:
    """See that nobody works on the river.

    Raises:
        TopicsError: Somebody does; a line for each group.
    """
    members = cluster.members([group_name(prefix, reader) for reader in (POLL, *(reader for reader, _ in READERS))])
    if members:
        lines = [f"{group}: {numbered(len(who), 'member')} at work: {', '.join(sorted(who))}" for group, who in members.items()]
        advice = (
            "stop all pollers and workers, then run this again; one that was killed is forgotten after its session (TOCSIN_KAFKA_SESSION)"
        )
        raise TopicsError("\n".join([*lines, advice]))


def drained(settings: Settings, cluster: Cluster, banks: Sequence[Bank]) -> None:
    """See that everything was read: a record that waits would be read where its key's state no longer is.

    Raises:
        TopicsError: Something waits; a line for each topic.
    """
    with Logs(settings.kafka) as logs:
        lines = [line for bank in banks for line in behind(cluster, logs, bank)]
    if lines:
        raise TopicsError("\n".join([*lines, _advice(banks)]))


def behind(cluster: Cluster, logs: Logs, bank: Bank) -> Iterator[str]:
    """What a reader has not taken in, by its own changelog: what the group told the cluster may be older."""
    starts, ends = cluster.starts(bank.input), cluster.ends(bank.input)
    said, until = cluster.starts(bank.changelog), cluster.ends(bank.changelog)
    waiting: dict[int, int] = {}
    for p in range(bank.partitions):
        position = logs.ledger(bank.changelog, p, said[p], until[p])[0].position if p < bank.states else -1
        first = max(position + 1, starts[p])
        left = ends[p] - first
        if 0 < left <= LOOKED_AT:
            left = sum(not _is_tick(bank.topic, record.value) for record in logs.read(bank.input, p, first, ends[p]))
        if left > 0:
            waiting[p] = left
    if waiting:
        where = ", ".join(f"{count} in partition {p}" for p, count in waiting.items())
        yield f"{bank.reader}: {numbered(sum(waiting.values()), 'record')} of {bank.input} not taken in ({where})"


def _is_tick(topic: Topic, body: bytes | None) -> bool:
    try:
        return isinstance(topic.decode(body or b""), Tick)
    except UnreadableRecordError:
        return False


def _advice(banks: Sequence[Bank]) -> str:
    if not any(bank.states > bank.partitions for bank in banks):
        return (
            "stop the pollers and start the workers; when `tocsin doctor` says that nothing waits, stop the workers in the order of the "
            "river and run this again"
        )
    return (
        "the river is being grown, so no worker can read them, and none of its pollers and workers wrote them: copy those records, delete "
        "them with kafka-delete-records.sh, run this again, and write them anew when it is grown"
    )


def rekey(cluster: Cluster, logs: Logs, changelog: str, partitions: int) -> int:
    """Move the states of one stage; how many records that took."""
    starts, ends = cluster.starts(changelog), cluster.ends(changelog)
    read = [logs.ledger(changelog, p, starts[p], ends[p]) for p in range(partitions)]
    written = 0
    for step in steps([ledger for ledger, _ in read], {p: mending for p, (_, mending) in enumerate(read)}):
        logs.append(changelog, step)
        written += len(step)
    return written
