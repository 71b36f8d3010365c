"""What clients are given to reach the brokers: the right thing, and never so that a password is seen."""

import logging
import ssl
from pathlib import Path

import msgspec
import pytest

from streams.runtime.credentials import CredentialsError, access, connection, tls
from streams.settings import Kafka
from tests.real.secured import Certificates


def test_without_protection_nothing_but_the_address_is_given() -> None:
    kafka = Kafka(servers=("a:1", "b:2"), prefix="t")
    assert tls(kafka) is None
    assert connection(kafka, None) == {"bootstrap_servers": ["a:1", "b:2"], "client_id": "t", "security_protocol": "PLAINTEXT"}


def test_with_a_user_the_password_is_given_and_not_shown() -> None:
    given = connection(Kafka(protocol="SASL_PLAINTEXT", mechanism="PLAIN", user="tocsin", password="swordfish"), None)
    assert (given["sasl_mechanism"], given["sasl_plain_username"], given["sasl_plain_password"]) == ("PLAIN", "tocsin", "swordfish")
    assert "swordfish" not in f"{given} {given!r} {given['sasl_plain_password']!r}"


def test_what_clients_write_of_their_requests_is_not_logged_as_one_holds_the_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert access(Kafka(servers=("a:1",)))["bootstrap_servers"] == ["a:1"]
    for name in ("kafka.net.connection", "kafka.protocol.parser", "aiokafka.conn"):
        logging.getLogger(name).debug("Request %s", b"swordfish")
        logging.getLogger(name).warning("lost %s", name)
    assert "swordfish" not in caplog.text
    assert len(caplog.records) == 3


def test_with_tls_hosts_are_checked_against_the_authority_of_the_settings(tmp_path: Path) -> None:
    made = Certificates(tmp_path / "pem").make()
    context = tls(Kafka(protocol="SSL", ca=made.ca, certificate=made.client, key=made.client_key))
    assert context is not None
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert len(context.get_ca_certs()) == 1
    assert connection(Kafka(protocol="SSL"), context)["ssl_context"] is context


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    made = Certificates(tmp_path / "pem").make()
    (tmp_path / "text").write_text("not a certificate")
    right = Kafka(protocol="SSL", ca=made.ca, certificate=made.client, key=made.client_key)
    unreadable = "it cannot be read (No such file or directory)"
    pair = f"TOCSIN_KAFKA_CERTIFICATE is '{tmp_path}/text' and TOCSIN_KAFKA_KEY '{made.client_key}'"
    for wrong, told in (
        ({"ca": tmp_path / "nowhere"}, f"TOCSIN_KAFKA_CA is '{tmp_path}/nowhere': {unreadable}; name a PEM"),
        ({"ca": tmp_path / "text"}, f"TOCSIN_KAFKA_CA is '{tmp_path}/text': it holds no such thing that can be read; name a PEM"),
        (
            {"certificate": tmp_path / "text"},
            f"{pair}: it holds no such thing",
        ),
        ({"key": tmp_path / "nowhere"}, f"TOCSIN_KAFKA_KEY '{tmp_path}/nowhere': {unreadable}"),
        ({"key": made.folder / "broker.key"}, "the key is another certificate's; name PEM files"),
    ):
        with pytest.raises(CredentialsError) as caught:
            tls(msgspec.structs.replace(right, **wrong))
        assert told in str(caught.value)


def test_a_key_with_a_passphrase_is_refused_instead_of_asking_the_terminal(tmp_path: Path) -> None:
    made = Certificates(tmp_path / "pem").make()
    made.lock("locked.key")
    with pytest.raises(CredentialsError, match="which has no passphrase"):
        tls(Kafka(protocol="SSL", ca=made.ca, certificate=made.client, key=made.folder / "locked.key"))
