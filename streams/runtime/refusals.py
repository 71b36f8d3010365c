"""Errors of a Kafka client in, what is wrong and what to do out. Knows them by name, so that it serves whichever client made them."""

from collections.abc import Sequence

from streams.settings import Kafka

EXPLANATIONS = (
    (
        "SaslAuthenticationFailed",
        "{who} is refused; check TOCSIN_KAFKA_USER, TOCSIN_KAFKA_PASSWORD and TOCSIN_KAFKA_MECHANISM",
    ),
    ("UnsupportedSaslMechanism", "{mechanism} is not taken there; set TOCSIN_KAFKA_MECHANISM to what the brokers are configured with"),
    (
        "IllegalSaslState",
        "nobody is asked for a user there; set TOCSIN_KAFKA_PROTOCOL to {anonymous}, or TOCSIN_KAFKA to another port",
    ),
    ("TopicAuthorizationFailed", "{who} may not do this to topics; {acl} --topic {prefix}. --operation All"),
    ("GroupAuthorizationFailed", "{who} may not do this to groups; {acl} --group {prefix}. --operation All"),
    ("ClusterAuthorizationFailed", "{who} may not do this to the cluster; allow it with kafka-acls.sh --add --cluster --operation All"),
    ("CERTIFICATE_VERIFY_FAILED", "the brokers' certificate is not trusted: {verification}; set TOCSIN_KAFKA_CA to who signs it"),
    ("CERTIFICATE", "our certificate is refused, or missing; set TOCSIN_KAFKA_CERTIFICATE and TOCSIN_KAFKA_KEY to what the brokers trust"),
    ("[SSL", "no TLS is spoken there; set TOCSIN_KAFKA_PROTOCOL to {plain}, or TOCSIN_KAFKA to the port that speaks TLS"),
    ("InvalidReceive", "it is no Kafka without TLS that speaks there; set TOCSIN_KAFKA_PROTOCOL to {tls}, or TOCSIN_KAFKA to another port"),
    (
        "InvalidReplicationFactor",
        "fewer brokers are up than TOCSIN_KAFKA_REPLICATION={replication}; start more, or set it to their number",
    ),
    ("NotEnoughReplicas", "too few brokers that have a copy are up; start those that are down"),
    ("UnknownTopicOrPartition", "a topic is missing; run `tocsin topics create`"),
    ("DNS", "there is no such host; check TOCSIN_KAFKA"),
    ("ECONNREFUSED", "nobody listens there; check TOCSIN_KAFKA, and that the brokers run"),
    ("socket disconnected", "the brokers hang up on {protocol}; check TOCSIN_KAFKA_PROTOCOL{login}"),
    ("Timeout", "no answer; check TOCSIN_KAFKA, that the brokers run, and that no firewall is between"),
)
"""What is found in an error's classes or words, and what it means; the first that is found is the most telling."""


def explain(errors: Sequence[BaseException], kafka: Kafka) -> str:
    """Say what *errors* mean and what to do, going by the most telling of them. Never shows a password.

    A client that fails to reach the brokers tries again and again, and meets several errors; one that names a cause says most.
    """
    told = [f"{' '.join(kind.__name__ for kind in type(error).__mro__)} {error}" for error in errors]
    for telling, text in EXPLANATIONS:
        for words in told:
            if telling in words:
                return text.format(**facts(kafka, words))
    return f"{type(errors[-1]).__name__}: {str(errors[-1])[:200]}; the brokers' own log says more"


def facts(kafka: Kafka, words: str) -> dict[str, object]:
    """What an explanation may speak of."""
    return {
        "who": f"user {kafka.user!r}" if kafka.protocol.startswith("SASL") else "whoever comes so",
        "mechanism": kafka.mechanism,
        "protocol": kafka.protocol,
        "login": ", _MECHANISM, _USER and _PASSWORD" if kafka.protocol.startswith("SASL") else ", and whether the brokers ask for a user",
        "anonymous": kafka.protocol.removeprefix("SASL_"),
        "plain": "SASL_PLAINTEXT" if kafka.protocol.startswith("SASL") else "PLAINTEXT",
        "tls": "SASL_SSL" if kafka.protocol.startswith("SASL") else "SSL",
        "prefix": kafka.prefix,
        "replication": kafka.replication,
        "acl": "allow it with kafka-acls.sh --add --resource-pattern-type prefixed",
        "verification": words.partition("certificate verify failed: ")[2].partition(" (_ssl")[0] or "no reason is given",
    }
