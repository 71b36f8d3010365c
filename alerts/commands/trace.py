"""`tocsin trace`: reads what the river has kept, in the state file or in the cluster, and tells the way of one article. Reads only."""

from collections.abc import Iterator
from typing import Any

import click
import msgspec

from alerts.topics import ALERTS, DELIVERIES, NOTIFICATIONS
from alerts.trace import Passed, River, trace
from streams.runtime.cluster import Cluster
from streams.runtime.layout import topic_name
from streams.runtime.logs import Logs
from streams.runtime.store import StoreError, peek
from streams.settings import Settings
from streams.topics import ARTICLES, EVENTS, MENTIONS, Topic, UnreadableRecordError

TOPICS: tuple[Topic, ...] = (ARTICLES, MENTIONS, EVENTS, ALERTS, NOTIFICATIONS, DELIVERIES)


def run(settings: Settings, name: str, *, as_json: bool) -> None:
    """Print the way of *name*.

    Raises:
        UnknownIdError: Nothing is called so, or several things are.
        StoreError, ClusterError: Nothing can be read.
    """
    river = River()
    for topic in TOPICS:
        for body in entries(settings, topic):
            if (record := decoded(topic, body)) is not None:
                river.take(record)
    for passed in trace(river, name):
        click.echo(msgspec.json.encode(passed).decode() if as_json else line(passed))


def entries(settings: Settings, topic: Topic) -> Iterator[bytes]:
    """What lies in a topic: in the cluster if brokers are named, else in the state file, which `tocsin up` may be using."""
    if not settings.kafka_named:
        if not settings.state.exists():
            raise StoreError(
                f"{settings.state}: there is no state file; name the one of `tocsin up` by TOCSIN_STATE, or brokers by TOCSIN_KAFKA"
            )
        yield from peek(settings.state, topic.name)
        return
    name = topic_name(settings.kafka.prefix, topic)
    with Cluster(settings.kafka) as cluster:
        starts, ends = cluster.starts(name), cluster.ends(name)
    with Logs(settings.kafka) as logs:
        for partition, end in ends.items():
            yield from (record.value or b"" for record in logs.read(name, partition, starts[partition], end))


def decoded(topic: Topic, body: bytes) -> Any:
    """The record; None for what cannot be read, of which `tocsin rejected` knows."""
    try:
        return topic.decode(body)
    except UnreadableRecordError:
        return None


def line(passed: Passed) -> str:
    """One station for people."""
    return f"{passed.at:%Y-%m-%d %H:%M:%S.%f}"[:-3] + f"Z  {passed.kind:12}  {passed.id}  {passed.text}"
