"""What was set aside in a cluster: listed, and written into its own partition again."""

import io

import msgspec

from alerts.commands import rejected
from alerts.commands.rejected import KafkaBox
from alerts.commands.topics import beds
from streams.runtime.cluster import Cluster
from streams.runtime.layout import topic_name
from streams.runtime.logs import Logs
from streams.runtime.rekey import Append
from streams.settings import Kafka, read_settings
from streams.topics import MENTIONS, REJECTED, Rejected
from tests.alerts.saying import at


def test_a_record_that_was_set_aside_is_written_into_its_partition_again(kafka_settings: Kafka) -> None:
    settings = msgspec.structs.replace(read_settings({}), kafka=msgspec.structs.replace(kafka_settings, partitions=3), kafka_named=True)
    with Cluster(settings.kafka) as cluster:
        cluster.create(beds(settings))
    refused = Rejected(stage="fuse", topic=MENTIONS.name, at=at(0), reason="no JSON", stack="", body=b"poison", partition=2, offset=0)
    with Logs(settings.kafka) as logs:
        logs.append(KafkaBox(settings).topic, [Append(0, 0, b"", REJECTED.encode(refused))])
    out = io.StringIO()
    rejected.listed(settings, out, as_json=False)
    assert "fuse  mentions[2]@0  no JSON" in out.getvalue()
    rejected.retry(settings, [], None, io.StringIO())
    name = topic_name(settings.kafka.prefix, MENTIONS)
    with Cluster(settings.kafka) as cluster, Logs(settings.kafka) as logs:
        assert cluster.ends(name) == {0: 0, 1: 0, 2: 1}
        assert [record.value for record in logs.read(name, 2, 0, 1)] == [b"poison"]
    out = io.StringIO()
    rejected.listed(settings, out, as_json=False)
    assert out.getvalue() == "0 set aside\n"
