"""The river's topics in a real Kafka: made once, checked, read and committed; and what is said where that cannot be."""

import io
import logging
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ACLResourcePatternType, KafkaAdminClient, ResourcePattern, ResourceType
from kafka.structs import OffsetAndMetadata

from alerts.commands import topics
from streams.errors import ExplainedError
from streams.runtime.cluster import REACH_SECONDS, Cluster, ClusterError
from streams.runtime.credentials import access
from streams.runtime.ledger import Ledger
from streams.runtime.logs import Logs
from streams.runtime.rekey import Append
from streams.settings import Kafka, Settings, read_settings
from tests.real.kafka import AnyBroker, need_jars
from tests.real.kafka import Cluster as Nodes
from tests.real.secured import GUEST, PASSWORD, USER, SecuredBroker


def settings(kafka: Kafka, **changes: object) -> Settings:
    """Those of a program that reaches *kafka*, with few partitions."""
    return msgspec.structs.replace(
        read_settings({}), kafka=msgspec.structs.replace(kafka, **{"partitions": 2, **changes}), kafka_named=True
    )


def run(verb: str, given: Settings) -> tuple[int, list[str]]:
    """`tocsin topics VERB`: its status and what it said."""
    out = io.StringIO()
    return getattr(topics, verb)(given, out), out.getvalue().splitlines()


def write(kafka: Kafka, topic: str, count: int, partition: int = 0) -> None:
    """Write some records, acknowledged by every copy."""
    producer = KafkaProducer(**access(kafka))
    for future in [producer.send(topic, b"x", partition=partition) for _ in range(count)]:
        future.get(30)
    producer.close()


def commit(kafka: Kafka, group: str, topic: str, offsets: dict[int, int]) -> None:
    """What a worker of *group* would have committed."""
    admin = KafkaAdminClient(**access(kafka))
    admin.alter_group_offsets(group, {TopicPartition(topic, p): OffsetAndMetadata(at, "", None) for p, at in offsets.items()})
    admin.close()


def doctor(given: Settings) -> dict[str, str]:
    """What `tocsin doctor` says of the cluster, by what it looked at."""
    told = {}
    for name, look in topics.checks(given):
        try:
            told[name] = look()
        except ExplainedError as error:
            told[name] = f"BAD {error}"
    return told


def test_topics_are_made_once_and_are_then_as_they_should_be(kafka_settings: Kafka) -> None:
    given = settings(kafka_settings)
    status, said = run("create", given)
    assert status == 0, said
    assert all(line.startswith(f"made {kafka_settings.prefix}.") for line in said)
    assert len(said) == 19
    status, again = run("create", given)
    assert (status, again) == (0, [line.replace("made", "there", 1) for line in said])
    assert run("check", given) == (0, [f"19 topics of {kafka_settings.prefix} are as they should be"])


def test_only_what_is_missing_is_made(kafka_settings: Kafka) -> None:
    given = settings(kafka_settings)
    run("create", given)
    lost = f"{kafka_settings.prefix}.events"
    admin = KafkaAdminClient(**access(kafka_settings))
    admin.delete_topics([lost])
    admin.close()
    while (checked := run("check", given))[0] == 0:
        time.sleep(0.1)  # brokers forget a topic a moment after they said so
    assert checked == (1, [f"BAD  {lost}: missing; run `tocsin topics create`"])
    status, said = run("create", given)
    assert status == 0
    assert [line for line in said if line.startswith("made")] == [f"made {lost}: 2 partitions; kept as long as TOCSIN_RETENTION says"]


def test_another_number_of_partitions_is_found_by_both_verbs(kafka_settings: Kafka) -> None:
    run("create", settings(kafka_settings))
    for verb in ("check", "create"):
        status, said = run(verb, settings(kafka_settings, partitions=3))
        wrong = [line for line in said if line.startswith("BAD")]
        assert (status, len(wrong)) == (1, 14)  # feeds keep theirs
        assert wrong[0].startswith(f"BAD  {kafka_settings.prefix}.articles: has 2 partitions, but should have 3; where all")


def test_another_retention_is_found(kafka_settings: Kafka) -> None:
    given = settings(kafka_settings)
    run("create", given)
    status, said = run("check", msgspec.structs.replace(given, retention=timedelta(days=1)))
    assert status == 1
    assert len(said) == 8  # seven topics of the river, and what was rejected
    assert all("retention.ms is 2592000000, but should be 86400000" in line for line in said)


def test_more_copies_than_there_are_brokers_cannot_be_made(kafka: AnyBroker, kafka_settings: Kafka) -> None:
    with pytest.raises(ClusterError) as caught:
        run("create", settings(kafka_settings, replication=7))
    assert str(caught.value) == (
        f"Kafka at {kafka.address} does not make topics: "
        "fewer brokers are up than TOCSIN_KAFKA_REPLICATION=7; start more, or set it to their number"
    )


def test_an_article_of_5_megabytes_has_room_and_one_beyond_the_limit_has_not(kafka_settings: Kafka) -> None:
    run("create", settings(kafka_settings))
    producer = KafkaProducer(**access(kafka_settings), max_request_size=32_000_000)
    topic = f"{kafka_settings.prefix}.articles"
    producer.send(topic, b"x" * 5_000_000).get(30)
    with pytest.raises(Exception, match="MessageSizeTooLarge"):
        producer.send(topic, b"x" * 9_000_000).get(30)
    producer.close()


def test_lag_counts_what_a_group_has_not_read_and_knows_since_when_it_waits(kafka_settings: Kafka) -> None:
    run("create", settings(kafka_settings))
    group, topic = f"{kafka_settings.prefix}.fuse", f"{kafka_settings.prefix}.mentions"
    with Cluster(kafka_settings) as cluster:
        assert cluster.lag(group, topic).records == 0
        before = datetime.now(UTC)
        write(kafka_settings, topic, 3, partition=0)
        time.sleep(0.3)
        between = datetime.now(UTC)
        write(kafka_settings, topic, 2, partition=1)
        never = cluster.lag(group, topic)
        assert (never.records, never.begun) == (5, False)
        assert never.oldest is not None
        assert before - timedelta(seconds=0.1) < never.oldest < between
        commit(kafka_settings, group, topic, {0: 3, 1: 1})
        partly = cluster.lag(group, topic)
        assert (partly.records, partly.begun) == (1, True)
        assert partly.oldest is not None
        assert partly.oldest > between
        commit(kafka_settings, group, topic, {1: 2})
        read = cluster.lag(group, topic)
        assert (read.records, read.oldest, read.begun) == (0, None, True)
        assert (cluster.starts(topic), cluster.ends(topic)) == ({0: 0, 1: 0}, {0: 3, 1: 2})


def test_a_groups_offsets_are_proved_writable_without_leaving_a_group(kafka_settings: Kafka) -> None:
    run("create", settings(kafka_settings))
    with Cluster(kafka_settings) as cluster:
        cluster.prove_writable(f"{kafka_settings.prefix}.doctor", f"{kafka_settings.prefix}.articles")
        assert cluster.committed(f"{kafka_settings.prefix}.doctor", f"{kafka_settings.prefix}.articles") == {}


def test_the_doctor_finds_a_river_in_order(kafka_settings: Kafka) -> None:
    run("create", settings(kafka_settings))
    told = doctor(settings(kafka_settings))
    assert not [line for line in told.values() if line.startswith("BAD")]
    assert told["kafka"] == f"1 broker at {kafka_settings.servers[0]}"
    assert [name for name in told if name.startswith("lag")] == [f"lag of {reader}" for reader, _ in topics.READERS]


def test_the_doctor_tells_missing_topics_and_does_not_ask_for_their_lag(kafka_settings: Kafka) -> None:
    told = doctor(settings(kafka_settings))
    assert told.keys() == {"kafka", "topics"}
    assert len(told["topics"].splitlines()) == 19


def test_the_doctor_tells_late_records(kafka_settings: Kafka) -> None:
    run("create", settings(kafka_settings))
    write(kafka_settings, f"{kafka_settings.prefix}.articles", 4)
    assert "4 records of" in doctor(settings(kafka_settings))["lag of detect"]


def test_a_topic_that_is_missing_is_told_by_name(kafka_settings: Kafka) -> None:
    told = "does not say what lies in nothing: a topic is missing; run `tocsin topics create`"
    with Cluster(kafka_settings) as cluster, pytest.raises(ClusterError, match=told):
        cluster.ends("nothing")


@pytest.mark.parametrize(
    ("protocol", "mechanism"),
    [
        ("SSL", "PLAIN"),
        ("SASL_PLAINTEXT", "PLAIN"),
        ("SASL_PLAINTEXT", "SCRAM-SHA-512"),
        ("SASL_SSL", "PLAIN"),
        ("SASL_SSL", "SCRAM-SHA-512"),
    ],
)
def test_every_way_in_leads_to_topics_records_and_groups(secured: SecuredBroker, protocol: str, mechanism: str, river_prefix: str) -> None:
    kafka = secured.settings(protocol, mechanism=mechanism, prefix=river_prefix)
    assert run("create", settings(kafka))[0] == 0
    write(kafka, f"{river_prefix}.articles", 1)
    told = doctor(settings(kafka))
    assert not [line for line in told.values() if line.startswith("BAD")]
    consumer = KafkaConsumer(f"{river_prefix}.articles", **access(kafka), auto_offset_reset="earliest")
    assert [r.value for records in consumer.poll(10_000).values() for r in records] == [b"x"]
    consumer.close()


@pytest.mark.parametrize(
    ("protocol", "changes", "told"),
    [
        ("SASL_SSL", {"password": "wrong-horse-8"}, f"user '{USER}' is refused; check TOCSIN_KAFKA_USER, TOCSIN_KAFKA_PASSWORD"),
        ("SASL_PLAINTEXT", {"password": "wrong-horse-8", "mechanism": "PLAIN"}, f"user '{USER}' is refused"),
        ("SASL_SSL", {"mechanism": "SCRAM-SHA-256"}, "SCRAM-SHA-256 is not taken there; set TOCSIN_KAFKA_MECHANISM"),
        ("SASL_SSL", {"protocol": "SSL"}, "the brokers hang up on SSL; check TOCSIN_KAFKA_PROTOCOL, and whether"),
        ("SASL_SSL", {"protocol": "SASL_PLAINTEXT"}, "it is no Kafka without TLS that speaks there; set TOCSIN_KAFKA_PROTOCOL to SASL_SSL"),
        ("SSL", {"protocol": "PLAINTEXT"}, "it is no Kafka without TLS that speaks there; set TOCSIN_KAFKA_PROTOCOL to SSL"),
        ("SASL_PLAINTEXT", {"protocol": "PLAINTEXT"}, "the brokers hang up on PLAINTEXT"),
        ("SASL_PLAINTEXT", {"protocol": "SASL_SSL"}, "no TLS is spoken there; set TOCSIN_KAFKA_PROTOCOL to SASL_PLAINTEXT"),
        ("SASL_SSL", {"ca": None}, "the brokers' certificate is not trusted: "),
        ("SSL", {"certificate": None, "key": None}, "our certificate is refused, or missing; set TOCSIN_KAFKA_CERTIFICATE"),
    ],
    ids=lambda x: x if isinstance(x, str) and " " not in x else ",".join(f"{k}={v}" for k, v in x.items()) if isinstance(x, dict) else "",
)
def test_a_wrong_way_in_is_told_with_the_variable_to_mend_and_without_the_password(
    secured: SecuredBroker, protocol: str, changes: dict[str, object], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    kafka = secured.settings(protocol, **changes)
    with pytest.raises(ClusterError) as caught:
        Cluster(kafka, reach_seconds=2)
    text = str(caught.value)
    hung_up = f"the brokers hang up on {kafka.protocol}; check TOCSIN_KAFKA_PROTOCOL"  # when of many tries none was answered, as may be
    assert text.startswith(tuple(f"Kafka at {secured.addresses[protocol]} cannot be reached: {words}" for words in (told, hung_up)))
    assert len(text.splitlines()) == 1
    for shown in (text, repr(caught.value), repr(kafka), caplog.text):
        assert "horse" not in shown


def test_whoever_may_do_nothing_is_told_what_to_allow(secured: SecuredBroker) -> None:
    guest = secured.settings("SASL_SSL", user=GUEST, password=PASSWORD, prefix="g")
    with pytest.raises(ClusterError, match=r"user 'guest' may not do this to topics; allow it with kafka-acls.sh .* --topic g\. "):
        run("create", settings(guest))
    told = r"group g.doctor has read: user 'guest' may not do this to groups; .* --group g\. "
    with Cluster(guest) as cluster, pytest.raises(ClusterError, match=told):
        cluster.prove_writable("g.doctor", "g.articles")


def test_with_three_brokers_one_may_be_killed_and_what_is_written_then_is_there() -> None:
    need_jars()
    with Nodes(3) as nodes:
        kafka = Kafka(servers=tuple(nodes.address.split(",")), prefix="three", replication=3)
        assert run("create", settings(kafka))[0] == 0
        assert run("check", settings(kafka))[0] == 0
        with Cluster(kafka) as cluster:
            assert {found.replication for found in cluster.topics(["three.articles", "three.control"]).values()} == {3}
        nodes.nodes[0].kill()
        for partition in (0, 1):
            write(kafka, "three.articles", 10, partition=partition)
        with Cluster(kafka) as cluster:
            assert cluster.brokers() >= 2
            assert cluster.ends("three.articles") == {0: 10, 1: 10}
            assert cluster.lag("three.detect", "three.articles").records == 20
        nodes.restart()
        with Cluster(kafka) as cluster:
            assert cluster.brokers() == 3


def test_reaching_takes_seconds_where_nobody_is() -> None:
    started = time.monotonic()
    with pytest.raises(ClusterError, match="nobody listens there"):
        Cluster(Kafka(servers=("127.0.0.1:1",)))
    assert time.monotonic() - started < REACH_SECONDS + 2


def test_the_doctor_tells_another_number_of_partitions(kafka_settings: Kafka) -> None:
    run("create", settings(kafka_settings))
    lines = doctor(settings(kafka_settings, partitions=3))["topics"].splitlines()
    assert len(lines) == 14
    assert all(
        "has 2 partitions, but should have 3; where all the river's topics have 2, set TOCSIN_KAFKA_PARTITIONS=2" in x for x in lines
    )


def test_the_doctor_tells_a_wrong_address_and_looks_no_further() -> None:
    told = doctor(settings(Kafka(servers=("127.0.0.1:1",))))
    assert told.keys() == {"kafka"}
    assert told["kafka"] == "BAD Kafka at 127.0.0.1:1 cannot be reached: nobody listens there; check TOCSIN_KAFKA, and that the brokers run"


def test_the_doctor_goes_by_what_a_reader_keeps_where_it_told_the_cluster_less(kafka_settings: Kafka) -> None:
    run("create", settings(kafka_settings))
    topic, changelog = (f"{kafka_settings.prefix}.{name}" for name in ("mentions", "fuse.state"))
    write(kafka_settings, topic, 5)
    commit(kafka_settings, f"{kafka_settings.prefix}.fuse", topic, {0: 1})
    assert doctor(settings(kafka_settings))["lag of fuse"].startswith("4 records of")
    for position, told in ((2, "2 records of"), (4, "nothing waits")):
        ledger = Ledger()
        ledger.settle()
        with Logs(kafka_settings) as logs:
            logs.append(changelog, [Append(0, position, *write) for write in ledger.commit({("k", "", ""): b"1"}, position)])
        assert doctor(settings(kafka_settings))["lag of fuse"].startswith(told)


def test_the_doctor_tells_a_group_that_may_not_be_written(secured: SecuredBroker, river_prefix: str) -> None:
    assert run("create", settings(secured.settings("SASL_SSL", prefix=river_prefix)))[0] == 0
    with KafkaAdminClient(**access(secured.settings("SASL_SSL"))) as admin:
        topics_only = ResourcePattern(ResourceType.TOPIC, river_prefix, ACLResourcePatternType.PREFIXED)
        admin.create_acls([ACL(f"User:{GUEST}", "*", ACLOperation.ALL, ACLPermissionType.ALLOW, topics_only)])
    guest = settings(secured.settings("SASL_SSL", user=GUEST, prefix=river_prefix))
    deadline = time.monotonic() + 10
    while (told := doctor(guest))["topics"] != "19, as they should be":
        assert time.monotonic() < deadline, told  # brokers heed a permission a moment after they said so
    for name in ("lag of fuse", "groups"):
        assert f"user '{GUEST}' may not do this to groups; allow it with kafka-acls.sh" in told[name]
