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


def test_a_variable_may_be_in_a_file_as_containers_are_handed_secrets(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("swordfish\n")
    (tmp_path / "hook").write_text("whsec_abc whsec_def\n")
    (tmp_path / "port").write_text("25")
    settings = read_settings(
        {
            "TOCSIN_SMTP_PASSWORD_FILE": str(tmp_path / "password"),
            "TOCSIN_SMTP_PORT_FILE": f" {tmp_path / 'port'} ",
            "TOCSIN_HOOK_FILE": str(tmp_path / "hook"),
            "OTHER_FILE": "/nowhere",
        }
    )
    assert (settings.mail.password, settings.mail.port) == ("swordfish", 25)
    assert settings.secrets["TOCSIN_HOOK"] == "whsec_abc whsec_def"
    assert "swordfish" not in repr(settings)


def test_a_file_that_is_empty_is_a_variable_that_is_not_set(tmp_path: Path) -> None:
    (tmp_path / "none").write_text("\n")
    settings = read_settings({"TOCSIN_SMTP_PASSWORD_FILE": str(tmp_path / "none"), "TOCSIN_HOOK_FILE": ""})
    assert settings.mail.password == ""
    assert "TOCSIN_SMTP_PASSWORD" not in settings.secrets
    both = read_settings({"TOCSIN_SMTP_PASSWORD_FILE": str(tmp_path / "none"), "TOCSIN_SMTP_PASSWORD": "swordfish"})
    assert both.mail.password == "swordfish"


def test_every_file_that_cannot_be_used_is_named_and_what_is_in_it_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("swordfish")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError) as caught:
        read_settings(
            {
                "TOCSIN_A_FILE": str(tmp_path / "missing"),
                "TOCSIN_B_FILE": str(tmp_path / "bytes"),
                "TOCSIN_C_FILE": str(tmp_path / "secret"),
                "TOCSIN_C": "haddock",
                "TOCSIN_SMTP_PORT_FILE": str(tmp_path / "secret"),
            }
        )
    assert str(caught.value).splitlines() == [
        f"TOCSIN_A_FILE is '{tmp_path}/missing': cannot be read (No such file or directory); name a file that this user may read",
        f"TOCSIN_B_FILE is '{tmp_path}/bytes': not text in UTF-8; name a file that holds the value of TOCSIN_B and nothing else",
        "TOCSIN_C and TOCSIN_C_FILE are both set: unset one",
        "what TOCSIN_SMTP_PORT_FILE names cannot be used: set it to a port number from 0 to 65535",
    ]


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
