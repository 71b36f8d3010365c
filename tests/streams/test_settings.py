"""Variables in, settings out; or every mistake at once."""

from datetime import timedelta
from pathlib import Path

import pytest

from streams.settings import SettingsError, address, one_of, port, read_settings, shipped, span


def test_without_variables_everything_has_a_default() -> None:
    settings = read_settings({})
    assert settings.state == Path("run/tocsin.db")
    assert (settings.gazetteer, settings.sites, settings.model) == (None, None, "")
    assert settings.metrics == ("127.0.0.1", 8740)
    assert settings.retention == timedelta(days=30)
    assert (settings.mail.host, settings.mail.port, settings.mail.tls) == ("", 587, "starttls")


def test_variables_are_read() -> None:
    settings = read_settings(
        {
            "TOCSIN_STATE": "/var/lib/tocsin/state.db",
            "TOCSIN_RETENTION": "12h",
            "TOCSIN_METRICS": "0.0.0.0:0",
            "TOCSIN_WEBHOOK_ALLOW": "10.1.2.0/24:8443  192.168.1.5",
            "TOCSIN_SMTP_HOST": " mail.example.org ",
            "TOCSIN_SMTP_PORT": "25",
            "TOCSIN_SMTP_TLS": "none",
        }
    )
    assert settings.state == Path("/var/lib/tocsin/state.db")
    assert settings.retention == timedelta(hours=12)
    assert settings.metrics == ("0.0.0.0", 0)
    assert settings.webhook_allow == ("10.1.2.0/24:8443", "192.168.1.5")
    assert (settings.mail.host, settings.mail.port, settings.mail.tls) == ("mail.example.org", 25, "none")


def test_a_variable_that_is_empty_is_one_that_is_not_set() -> None:
    assert read_settings({"TOCSIN_RETENTION": "  "}).retention == timedelta(days=30)


def test_every_variable_that_cannot_be_used_is_named_with_what_it_holds_and_may_hold() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"TOCSIN_SMTP_PORT": "70000", "TOCSIN_SMTP_TLS": "ssl", "TOCSIN_METRICS": "8740", "TOCSIN_RETENTION": "a month"})
    assert str(caught.value).splitlines() == [
        "TOCSIN_SMTP_PORT is '70000': set it to a port number from 0 to 65535",
        "TOCSIN_SMTP_TLS is 'ssl': set it to one of none, starttls, tls",
        "TOCSIN_METRICS is '8740': set it to host:port, such as 127.0.0.1:8740",
        "TOCSIN_RETENTION is 'a month': set it to a span such as 30d, 12h or 45min, of at most 3650d",
    ]


def test_secrets_are_kept_by_name_and_never_shown() -> None:
    settings = read_settings({"TOCSIN_HOOK": "whsec_abc", "TOCSIN_SMTP_HOST": "mail", "TOCSIN_SMTP_PASSWORD": "swordfish", "HOME": "/root"})
    assert settings.secrets["TOCSIN_HOOK"] == "whsec_abc"
    assert "HOME" not in settings.secrets
    for shown in (repr(settings), str(settings), repr(settings.mail), f"{settings.mail}"):
        assert "whsec_abc" not in shown
        assert "swordfish" not in shown
    assert "password=set" in repr(settings.mail)


def test_without_variables_no_brokers_are_named() -> None:
    assert not read_settings({}).kafka_named
    assert not read_settings({"TOCSIN_KAFKA": " "}).kafka_named
    named = read_settings({"TOCSIN_KAFKA": "kafka-1:9092, kafka-2:9093"})
    assert named.kafka_named
    assert named.kafka.servers == ("kafka-1:9092", "kafka-2:9093")


def test_the_way_to_the_brokers_is_read() -> None:
    kafka = read_settings(
        {
            "TOCSIN_KAFKA_PREFIX": "watch-2.test_a",
            "TOCSIN_KAFKA_PROTOCOL": "SASL_SSL",
            "TOCSIN_KAFKA_CA": "/etc/ca.pem",
            "TOCSIN_KAFKA_CERTIFICATE": "/etc/tocsin.pem",
            "TOCSIN_KAFKA_KEY": "/etc/tocsin.key",
            "TOCSIN_KAFKA_MECHANISM": "PLAIN",
            "TOCSIN_KAFKA_USER": "tocsin",
            "TOCSIN_KAFKA_PASSWORD": "swordfish",
            "TOCSIN_KAFKA_PARTITIONS": "3",
            "TOCSIN_KAFKA_REPLICATION": "2",
        }
    ).kafka
    assert (kafka.prefix, kafka.protocol, kafka.mechanism) == ("watch-2.test_a", "SASL_SSL", "PLAIN")
    assert (kafka.ca, kafka.certificate, kafka.key) == (Path("/etc/ca.pem"), Path("/etc/tocsin.pem"), Path("/etc/tocsin.key"))
    assert (kafka.user, kafka.password, kafka.partitions, kafka.replication) == ("tocsin", "swordfish", 3, 2)
    assert "swordfish" not in f"{kafka} {kafka!r}"


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"PREFIX": "a/b"}, "TOCSIN_KAFKA_PREFIX is 'a/b': set it to at most 100 letters, digits, dots, hyphens and underscores"),
        ({"PREFIX": "x" * 101}, "set it to at most 100 letters"),
        ({"PREFIX": ".."}, "beginning with a letter or digit"),
        ({"PARTITIONS": "0"}, "TOCSIN_KAFKA_PARTITIONS is '0': set it to a whole number from 1 to 1000"),
        ({"PROTOCOL": "TLS"}, "TOCSIN_KAFKA_PROTOCOL is 'TLS': set it to one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        ({"PROTOCOL": "SASL_SSL", "PASSWORD": "x"}, "TOCSIN_KAFKA_USER is not set, but TOCSIN_KAFKA_PROTOCOL is 'SASL_SSL'"),
        ({"PROTOCOL": "SASL_SSL", "USER": "x"}, "TOCSIN_KAFKA_PASSWORD is not set, but TOCSIN_KAFKA_PROTOCOL is 'SASL_SSL'"),
        ({"USER": "x"}, "TOCSIN_KAFKA_USER is set, but TOCSIN_KAFKA_PROTOCOL is 'PLAINTEXT', which sends none"),
        ({"CA": "ca.pem"}, "TOCSIN_KAFKA_CA is set, but TOCSIN_KAFKA_PROTOCOL is 'PLAINTEXT', which is without TLS"),
        ({"PROTOCOL": "SSL", "CERTIFICATE": "c"}, "TOCSIN_KAFKA_CERTIFICATE is set without TOCSIN_KAFKA_KEY; set both"),
        ({"PROTOCOL": "SSL", "KEY": "k"}, "TOCSIN_KAFKA_KEY is set without TOCSIN_KAFKA_CERTIFICATE; set both"),
    ],
    ids=lambda x: x[:40] if isinstance(x, str) else ",".join(x),
)
def test_a_way_to_the_brokers_that_cannot_be(variables: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({f"TOCSIN_KAFKA_{name}": value for name, value in variables.items()})
    (line,) = str(caught.value).splitlines()
    assert told in line


@pytest.mark.parametrize(
    ("text", "told"),
    [(",", "set it to host:port of a broker"), ("kafka", "set it to host:port"), ("kafka:0", "set it to brokers with their ports")],
)
def test_addresses_of_brokers_that_are_none(text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        read_settings({"TOCSIN_KAFKA": text})


def test_any_variable_may_be_given_as_a_file_that_holds_its_value(tmp_path: Path) -> None:
    values = {
        "TOCSIN_KAFKA_PASSWORD": "swordfish",
        "TOCSIN_SMTP_PASSWORD": "herring",
        "TOCSIN_HOOK": "whsec_x",
        "TOCSIN_RETENTION": "2d",
    }
    for name, value in values.items():
        (tmp_path / name).write_text(f"{value}\n")
    variables = {f"{name}_FILE": str(tmp_path / name) for name in values}
    settings = read_settings({**variables, "TOCSIN_KAFKA_PROTOCOL": "SASL_SSL", "TOCSIN_KAFKA_USER": "tocsin"})
    assert (settings.kafka.password, settings.mail.password, settings.secrets["TOCSIN_HOOK"]) == ("swordfish", "herring", "whsec_x")
    assert settings.retention == timedelta(days=2)


def test_files_that_give_no_value_are_named(tmp_path: Path) -> None:
    there = tmp_path
    (tmp_path / "full").write_text("there")
    (tmp_path / "picture").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError) as caught:
        read_settings(
            {
                "TOCSIN_A_FILE": f"{tmp_path}/nowhere",
                "TOCSIN_C_FILE": f"{tmp_path}/picture",
                "TOCSIN_D_FILE": f"{tmp_path}/full",
                "TOCSIN_D": "here",
                "TOCSIN_E_FILE": " ",
            }
        )
    assert str(caught.value).splitlines() == [
        f"TOCSIN_A_FILE is '{there}/nowhere': it cannot be read (No such file or directory); name a file that holds the value of TOCSIN_A",
        f"TOCSIN_C_FILE is '{there}/picture': it cannot be read (it is no text); name a file that holds the value of TOCSIN_C",
        "TOCSIN_D and TOCSIN_D_FILE are both set; keep one of them",
    ]


def test_a_file_that_is_empty_is_a_variable_that_is_not_set(tmp_path: Path) -> None:
    (tmp_path / "none").write_text("\n")
    settings = read_settings({"TOCSIN_SMTP_PASSWORD_FILE": str(tmp_path / "none"), "TOCSIN_HOOK_FILE": ""})
    assert settings.mail.password == ""
    assert "TOCSIN_SMTP_PASSWORD" not in settings.secrets
    both = read_settings({"TOCSIN_SMTP_PASSWORD_FILE": str(tmp_path / "none"), "TOCSIN_SMTP_PASSWORD": "swordfish"})
    assert both.mail.password == "swordfish"


def test_a_password_whose_file_cannot_be_read_is_told_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"TOCSIN_KAFKA_PROTOCOL": "SASL_SSL", "TOCSIN_KAFKA_USER": "tocsin", "TOCSIN_KAFKA_PASSWORD_FILE": "/nowhere"})
    assert len(str(caught.value).splitlines()) == 1


def test_what_a_file_holds_is_not_shown_even_where_it_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("swordfish")
    with pytest.raises(SettingsError) as caught:
        read_settings({"TOCSIN_SMTP_PORT_FILE": f"{tmp_path}/secret"})
    assert str(caught.value) == f"TOCSIN_SMTP_PORT is what {tmp_path}/secret holds: set it to a port number from 0 to 65535"


@pytest.mark.parametrize(
    ("text", "length"),
    [("30d", timedelta(days=30)), ("12h", timedelta(hours=12)), ("45min", timedelta(minutes=45)), ("3 d", timedelta(days=3))],
)
def test_spans(text: str, length: timedelta) -> None:
    assert span(text) == length


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5h", "30D", "1w", "5m", "3651d", "99999999999d", "٣d", "1d2h"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(ValueError, match="set it to a span such as 30d, 12h or 45min, of at most 3650d"):
        span(text)


def test_addresses_have_a_host_and_a_port() -> None:
    assert address("127.0.0.1:8740") == ("127.0.0.1", 8740)
    assert address("[::1]:0") == ("::1", 0)
    for text in ("8740", ":8740"):
        with pytest.raises(ValueError, match="set it to host:port"):
            address(text)
    with pytest.raises(ValueError, match="set it to a port number"):
        address("localhost:http")


def test_ports_end_at_65535() -> None:
    assert port("65535") == 65535
    for text in ("65536", "-1", "²"):
        with pytest.raises(ValueError, match="set it to a port number from 0 to 65535"):
            port(text)


def test_one_of_a_few_words() -> None:
    assert one_of("a", "b")("b") == "b"
    with pytest.raises(ValueError, match="set it to one of a, b"):
        one_of("a", "b")("c")


def test_the_working_folders_own_configuration_comes_before_the_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shipped("receivers.yaml").is_absolute()
    assert shipped("receivers.yaml").exists()
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "receivers.yaml").touch()
    assert shipped("receivers.yaml") == Path("deploy/receivers.yaml")
    assert shipped("nothing.toml") == Path("deploy/nothing.toml")
