"""What a client's errors mean, and what to do: a table of what the brokers really did to us, and of words that must not be in it."""

import ssl

import pytest
from kafka import errors as kafka

from streams.runtime.refusals import explain
from streams.settings import Kafka

PLAIN = Kafka(servers=("kafka-1:9092",), prefix="t", replication=3)
SECURED = Kafka(servers=("kafka-1:9093",), prefix="t", protocol="SASL_SSL", user="tocsin", password="swordfish")
GAVE_UP = kafka.KafkaTimeoutError("Unable to bootstrap from kafka-1:9092")
HUNG_UP = kafka.KafkaConnectionError("socket disconnected")
UNTRUSTED = "Handshake failed: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in chain (_ssl.c:1006)"
NO_TLS = "Handshake failed: [SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol (_ssl.c:1006)"
BAD_CERTIFICATE = ssl.SSLError(1, "[SSL: SSLV3_ALERT_BAD_CERTIFICATE] sslv3 alert bad certificate (_ssl.c:2580)")


@pytest.mark.parametrize(
    ("settings", "error", "meaning", "remedy"),
    [
        (SECURED, kafka.SaslAuthenticationFailedError("invalid credentials"), "user 'tocsin' is refused", "TOCSIN_KAFKA_PASSWORD"),
        (SECURED, kafka.UnsupportedSaslMechanismError(), "SCRAM-SHA-512 is not taken there", "TOCSIN_KAFKA_MECHANISM"),
        (SECURED, kafka.IllegalSaslStateError(), "nobody is asked for a user there", "TOCSIN_KAFKA_PROTOCOL to SSL,"),
        (SECURED, kafka.TopicAuthorizationFailedError("t.x"), "user 'tocsin' may not do this to topics", "--topic t. --operation All"),
        (PLAIN, kafka.GroupAuthorizationFailedError("t.x"), "whoever comes so may not do this to groups", "--group t. --operation All"),
        (PLAIN, kafka.ClusterAuthorizationFailedError(), "may not do this to the cluster", "--cluster"),
        (SECURED, kafka.KafkaConnectionError(UNTRUSTED), "not trusted: self-signed certificate in chain;", "set TOCSIN_KAFKA_CA"),
        (SECURED, kafka.KafkaConnectionError(BAD_CERTIFICATE), "our certificate is refused, or missing", "TOCSIN_KAFKA_CERTIFICATE"),
        (SECURED, kafka.KafkaConnectionError(NO_TLS), "no TLS is spoken there", "TOCSIN_KAFKA_PROTOCOL to SASL_PLAINTEXT"),
        (PLAIN, kafka.InvalidReceiveError("Invalid frame length: 352518912"), "no Kafka without TLS", "TOCSIN_KAFKA_PROTOCOL to SSL"),
        (PLAIN, kafka.InvalidReplicationFactorError(), "fewer brokers are up than TOCSIN_KAFKA_REPLICATION=3", "start more"),
        (PLAIN, kafka.NotEnoughReplicasError(), "too few brokers that have a copy are up", "start those that are down"),
        (PLAIN, kafka.UnknownTopicOrPartitionError(), "a topic is missing", "`tocsin topics create`"),
        (PLAIN, kafka.KafkaConnectionError("DNS Resolution failure"), "no such host", "check TOCSIN_KAFKA"),
        (PLAIN, kafka.KafkaConnectionError("111 ECONNREFUSED"), "nobody listens there", "check TOCSIN_KAFKA"),
        (PLAIN, HUNG_UP, "the brokers hang up on PLAINTEXT", "TOCSIN_KAFKA_PROTOCOL, and whether the brokers ask for a user"),
        (SECURED, HUNG_UP, "the brokers hang up on SASL_SSL", "check TOCSIN_KAFKA_PROTOCOL, _MECHANISM, _USER and _PASSWORD"),
        (PLAIN, kafka.KafkaTimeoutError(), "no answer", "firewall"),
        (PLAIN, kafka.PolicyViolationError("no names with dots"), "PolicyViolationError: [Error 44]", "the brokers' own log says more"),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, Exception) else None,
)
def test_an_error_is_told_with_what_to_do(settings: Kafka, error: Exception, meaning: str, remedy: str) -> None:
    told = explain([error], settings)
    assert meaning in told
    assert remedy in told
    assert "swordfish" not in told


def test_of_several_errors_the_one_that_names_a_cause_is_told_wherever_it_stands() -> None:
    refused = kafka.SaslAuthenticationFailedError("invalid credentials")
    for errors in ([GAVE_UP, HUNG_UP, refused], [GAVE_UP, refused, HUNG_UP]):
        assert explain(errors, SECURED).startswith("user 'tocsin' is refused")
    assert explain([GAVE_UP, HUNG_UP], PLAIN).startswith("the brokers hang up")
