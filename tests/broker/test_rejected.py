"""What was set aside in a cluster: listed, and written into its own partition again."""

import asyncio
import io
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from kafka import KafkaAdminClient

from alerts.commands import rejected
from alerts.commands.rejected import KafkaBox, name_of
from alerts.commands.topics import beds
from streams.events.fuse import FUSE
from streams.records import Mention
from streams.runtime.agents.stage import StageAgent
from streams.runtime.agents.worker import Worker
from streams.runtime.cluster import Cluster
from streams.runtime.credentials import access
from streams.runtime.layout import partition_of, topic_name
from streams.runtime.logs import Logs
from streams.runtime.rekey import Append
from streams.settings import Kafka, Settings, read_settings
from streams.stages import Stage
from streams.topics import EVENTS, MENTIONS, REJECTED, Rejected
from tests.alerts.saying import at
from tests.builders import a_mention, an_event
from tests.real.workers import records_of, write_records


def test_a_record_that_was_set_aside_is_written_into_its_partition_again(kafka_settings: Kafka) -> None:
    settings = msgspec.structs.replace(read_settings({}), kafka=msgspec.structs.replace(kafka_settings, partitions=3), kafka_named=True)
    with Cluster(settings.kafka) as cluster:
        cluster.create(beds(settings))
    refused = Rejected(stage="fuse", topic=MENTIONS.name, at=at(0), reason="no JSON", stack="", body=b"poison", partition=2, offset=0)
    mention = a_mention(id="of an earlier version")
    unplaced = msgspec.structs.replace(refused, body=MENTIONS.encode(mention), partition=None, offset=None)
    with Logs(settings.kafka) as logs:
        logs.append(KafkaBox(settings).topic, [Append(0, 0, b"", REJECTED.encode(r)) for r in (refused, unplaced)])
    out = io.StringIO()
    rejected.listed(settings, out, as_json=False)
    assert "fuse  mentions[2]@0  no JSON" in out.getvalue()
    its_own = partition_of(MENTIONS.key(mention), 3)
    rejected.retry(settings, [], None, io.StringIO())
    name = topic_name(settings.kafka.prefix, MENTIONS)
    with Cluster(settings.kafka) as cluster, Logs(settings.kafka) as logs:
        assert cluster.ends(name) == {0: 0, 1: 0, 2: 1} | {its_own: 1}
        assert [record.value for record in logs.read(name, 2, 0, 1)] == [b"poison"]
    out = io.StringIO()
    rejected.listed(settings, out, as_json=False)
    assert out.getvalue() == "0 set aside\n"


def broken(state: None, mention: Any, control: None) -> tuple[None, list[Any]]:
    """A step with a mistake in it."""
    if isinstance(mention, Mention) and mention.killed:
        raise ZeroDivisionError("nobody counts like that")
    return None, [an_event(id=mention.id, key="")]


def mended(state: None, mention: Any, control: None) -> tuple[None, list[Any]]:
    return None, [an_event(id=mention.id, key="")]


def stage_with(step: Callable[..., Any]) -> Stage:
    """What stands for fuse."""
    return Stage(name=FUSE.name, input=MENTIONS, outputs=(EVENTS,), step=step, state=type(None))


async def run(kafka: Kafka, step: Callable[..., Any], until: Callable[[], bool]) -> None:
    """Have a worker run fuse with this *step* until something happened."""
    worker = Worker(kafka, lambda: datetime.now(UTC))
    worker.members.append(StageAgent(stage_with(step), worker.around, read=None, heard=lambda *_: None))
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    deadline = time.monotonic() + 60
    while not await asyncio.to_thread(until):
        assert time.monotonic() < deadline
        assert not running.done(), running.result()
        await asyncio.sleep(0.2)
    stop.set()
    assert await running == []


async def test_what_a_step_broke_on_is_listed_shown_mended_written_again_and_flows(kafka_settings: Kafka) -> None:
    settings = msgspec.structs.replace(read_settings({}), kafka=msgspec.structs.replace(kafka_settings, partitions=3), kafka_named=True)
    kafka = settings.kafka
    with Cluster(kafka) as cluster:
        cluster.create(beds(settings))
    good, bad = a_mention(id="good"), a_mention(id="bad", killed=(3, 3))
    newer = MENTIONS.encode(a_mention(id="newer")).replace(b'"v":1', b'"v":2')
    write_records(kafka, MENTIONS, [bad, good], 3)
    partition = partition_of(MENTIONS.key(bad), 3)
    with Logs(kafka) as logs:
        logs.append(topic_name(kafka.prefix, MENTIONS), [Append(partition, 0, b"", newer)])
    await run(kafka, broken, lambda: len(records_of(kafka, REJECTED)) == 2)
    newer_told = "topic mentions: written by a newer Tocsin (format 2; this one reads 1); upgrade this worker, then `tocsin rejected retry`"
    assert told(settings) == [
        f"mentions[{partition}]@0  ZeroDivisionError: nobody counts like that",
        f"mentions[{partition}]@2  {newer_told}",
    ]
    name = name_of(records_of(kafka, REJECTED)[0])
    out = io.StringIO()
    rejected.show(settings, name, out)
    assert "in broken" in out.getvalue()
    assert "nobody counts like that" in out.getvalue()

    rejected.retry(settings, [], None, io.StringIO())
    assert told(settings) == []
    await run(kafka, mended, lambda: len(told(settings)) == 1 and len(records_of(kafka, EVENTS)) == 2)
    assert {e.id for e in records_of(kafka, EVENTS)} == {"good", "bad"}
    assert told(settings) == [f"mentions[{partition}]@4  {newer_told}"]  # that one needs another Tocsin


async def test_a_topic_that_was_made_anew_under_what_was_taken_in_of_it_is_told(kafka_settings: Kafka) -> None:
    kafka = msgspec.structs.replace(kafka_settings, partitions=1)
    settings = msgspec.structs.replace(read_settings({}), kafka=kafka, kafka_named=True)
    with Cluster(kafka) as cluster:
        cluster.create(beds(settings))
    write_records(kafka, MENTIONS, [a_mention(id="one"), a_mention(id="two")], 1)
    await run(kafka, mended, lambda: len(records_of(kafka, EVENTS)) == 2)
    name = topic_name(kafka.prefix, MENTIONS)
    admin = KafkaAdminClient(**access(kafka))
    admin.delete_topics([name])
    admin.close()
    with Cluster(kafka) as cluster:
        while cluster.topics([name]):  # noqa: ASYNC110  brokers forget a topic a moment after they said so
            await asyncio.sleep(0.1)
        cluster.create(beds(settings))
    worker = Worker(kafka, lambda: datetime.now(UTC))
    worker.members.append(StageAgent(stage_with(mended), worker.around, read=None, heard=lambda *_: None))
    failed = await asyncio.wait_for(worker.run(asyncio.Event()), 60)
    assert [str(error).split(":")[0] for error in failed] == [
        f"{name}[0] ends at 0, but {kafka.prefix}.fuse.state says that it was taken in up to 2"
    ]


def told(settings: Settings) -> list[str]:
    """Place and reason of all that is listed."""
    out = io.StringIO()
    rejected.listed(settings, out, as_json=False)
    return [line.split("  fuse  ")[1] for line in out.getvalue().splitlines()[:-1]]
