"""Settings in, what a Kafka client is given to reach the brokers and to say who we are out."""

import logging
import ssl
from typing import Any

from streams.errors import ExplainedError
from streams.settings import Kafka

WIRE = ("kafka.net.connection", "kafka.protocol.parser", "aiokafka.conn")
"""Loggers that write out every request at DEBUG: with PLAIN, one of them is the password."""
UNUSABLE = "it holds no such thing that can be read"


class CredentialsError(ExplainedError):
    """A certificate or key cannot be used; the text names the variable and the file."""


class Secret(str):
    """A string that is not shown where its holder is: clients log what they are given."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def access(kafka: Kafka) -> dict[str, Any]:
    """What every client of kafka-python is given to reach the brokers, and sees to it that none writes the password into a log.

    Raises:
        CredentialsError: As `tls`.
    """
    for name in WIRE:
        logging.getLogger(name).addFilter(above_debug)
    return connection(kafka, tls(kafka))


def above_debug(record: logging.LogRecord) -> bool:
    """Say whether *record* may be written."""
    return record.levelno > logging.DEBUG


def tls(kafka: Kafka) -> ssl.SSLContext | None:
    """The TLS that the settings ask for; None where they ask for none.

    Raises:
        CredentialsError: A file cannot be read, or holds no certificate, or not the key of the certificate.
    """
    if not kafka.protocol.endswith("SSL"):
        return None
    try:
        context = ssl.create_default_context(cafile=kafka.ca)
    except (OSError, ssl.SSLError) as error:
        raise CredentialsError(
            f"TOCSIN_KAFKA_CA is {str(kafka.ca)!r}: {reason(error)}; name a PEM file of the certificates that sign the brokers'"
        ) from error
    if kafka.certificate:
        try:
            context.load_cert_chain(kafka.certificate, kafka.key, password="")  # "": else a key with a passphrase asks the terminal for it
        except (OSError, ssl.SSLError, ValueError) as error:
            raise CredentialsError(
                f"TOCSIN_KAFKA_CERTIFICATE is {str(kafka.certificate)!r} and TOCSIN_KAFKA_KEY {str(kafka.key)!r}: {reason(error)}; "
                "name PEM files of our certificate and of its key, which has no passphrase"
            ) from error
    return context


def reason(error: Exception) -> str:
    """What is wrong with a file of TLS, in words."""
    if isinstance(error, ssl.SSLError):
        return "the key is another certificate's" if error.reason == "KEY_VALUES_MISMATCH" else UNUSABLE
    return f"it cannot be read ({error.strerror})" if isinstance(error, OSError) else UNUSABLE


def connection(kafka: Kafka, context: ssl.SSLContext | None) -> dict[str, Any]:
    """What every client of kafka-python is given; *context* comes from `tls`. Pure.

    The password is in it, but not in its repr.
    """
    given: dict[str, Any] = {"bootstrap_servers": list(kafka.servers), "client_id": kafka.prefix, "security_protocol": kafka.protocol}
    if context is not None:
        given["ssl_context"] = context
    if kafka.protocol.startswith("SASL"):
        given |= {
            "sasl_mechanism": kafka.mechanism,
            "sasl_plain_username": kafka.user,
            "sasl_plain_password": Secret(kafka.password),
        }
    return given
