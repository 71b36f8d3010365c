"""The one reader of the environment: variables, and files that they name, in; settings out, or every mistake in them at once."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from streams.addresses import read_allowed
from streams.errors import ExplainedError
from streams.records import Part

SPAN = re.compile(r"([0-9]{1,7})\s*(min|h|d)")
LONGEST = timedelta(days=3650)
"""No span here means more than ten years; longer ones are slips, and would leave the calendar."""
PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What Kafka allows in a topic's name, and short enough for what follows it."""
FROM_FILE = "_FILE"
"""After a variable's name: it holds the name of a file that holds the value, as container platforms hand out secrets."""
UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


LogForm = Literal["off", "json", "console"]


class SettingsError(ExplainedError, ValueError):
    """A variable cannot be used; the text names it, what it holds, and what it may hold."""


class Mailer(Part, frozen=True, kw_only=True):
    """How mail leaves."""

    host: str = ""
    """"" where no mail server is set."""
    port: int = 587
    user: str = ""
    password: str = ""
    tls: Literal["none", "starttls", "tls"] = "starttls"
    """``none``, ``starttls``, or ``tls`` from the first byte."""
    sender: str = "tocsin@localhost"

    def __repr__(self) -> str:
        return f"Mailer({self.host}:{self.port}, user={self.user!r}, password={'set' if self.password else 'none'}, tls={self.tls})"


class Kafka(Part, frozen=True, kw_only=True):
    """Where the brokers are, and how to speak to them."""

    servers: tuple[str, ...] = ("127.0.0.1:9092",)
    """``host:port`` of some of them; the rest is learnt from these."""
    prefix: str = "tocsin"
    """Before the name of every topic and group, so that several rivers may share a cluster."""
    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    ca: Path | None = None
    """Certificates that sign the brokers', PEM; None trusts those of the system."""
    certificate: Path | None = None
    """Ours, PEM, where brokers ask for one."""
    key: Path | None = None
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    user: str = ""
    password: str = ""
    partitions: int = 12
    """Of each topic, when it is created."""
    replication: int = 1
    """Copies of each partition, when it is created."""
    session_seconds: int = 15
    """After which a worker that is not heard of loses its partitions to others."""

    def __repr__(self) -> str:
        password = "set" if self.password else "none"
        return f"Kafka({','.join(self.servers)}, {self.prefix}, {self.protocol}, user={self.user!r}, password={password})"


class Settings(Part, frozen=True, kw_only=True):
    """Everything that a deployer sets. Paths are relative to the folder that `tocsin` is started in."""

    state: Path
    feeds: Path
    rules: Path
    receivers: Path
    gazetteer: Path | None = None
    """A gazetteer built elsewhere; None is the one beside the code."""
    sites: Path | None = None
    """A TSV of the deployer's own places, read beside the gazetteer."""
    model: str = ""
    """spaCy pipeline; "" takes the best that is installed."""
    metrics: tuple[str, int] = ("127.0.0.1", 8740)
    """Address of the metrics page; port 0 takes any free one."""
    retention: timedelta = timedelta(days=30)
    """How long publishers' texts and the rest of the log are kept."""
    log: LogForm = "off"
    """The log of decisions on standard error."""
    canary: timedelta | None = timedelta(minutes=5)
    """Between two canaries; None sends none."""
    webhook_allow: tuple[str, ...] = ()
    """Internal networks that webhooks may reach, as ``10.1.2.0/24:8443``."""
    mail: Mailer = Mailer()
    kafka: Kafka = Kafka()
    kafka_named: bool = False
    """Whether the deployer named brokers; without, everything runs on this machine."""
    secrets: dict[str, str] = {}
    """By name: every variable that begins with ``TOCSIN_``, also by file, where receivers' secrets are. Never logged."""

    def __repr__(self) -> str:
        return f"Settings(state={self.state}, feeds={self.feeds}, rules={self.rules}, receivers={self.receivers})"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from *environment*.

    Any variable ``TOCSIN_X`` may be given as ``TOCSIN_X_FILE``, a file that holds it; an empty one is a variable that is not set.

    Raises:
        SettingsError: Names every variable that cannot be used.
    """
    given, files, mistakes = with_files(environment)

    def take(name: str, read: Callable[[str], Any], default: Any) -> Any:
        text = environment.get(name, "").strip() or given.get(name, "")
        if not text:
            return default
        try:
            return read(text)
        except ValueError as error:
            what = f"{name} is {text!r}" if name not in files else f"{name} is what {files[name]} holds"
            mistakes.append(f"{what}: {error}")
            return default

    mail = Mailer(
        host=take("TOCSIN_SMTP_HOST", str, ""),
        port=take("TOCSIN_SMTP_PORT", port, 587),
        user=take("TOCSIN_SMTP_USER", str, ""),
        password=take("TOCSIN_SMTP_PASSWORD", str, ""),
        tls=take("TOCSIN_SMTP_TLS", one_of("none", "starttls", "tls"), "starttls"),
        sender=take("TOCSIN_MAIL_FROM", str, "tocsin@localhost"),
    )
    kafka = Kafka(
        servers=take("TOCSIN_KAFKA", servers, ("127.0.0.1:9092",)),
        prefix=take("TOCSIN_KAFKA_PREFIX", prefix, "tocsin"),
        protocol=take("TOCSIN_KAFKA_PROTOCOL", one_of("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"), "PLAINTEXT"),
        ca=take("TOCSIN_KAFKA_CA", Path, None),
        certificate=take("TOCSIN_KAFKA_CERTIFICATE", Path, None),
        key=take("TOCSIN_KAFKA_KEY", Path, None),
        mechanism=take("TOCSIN_KAFKA_MECHANISM", one_of("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"), "SCRAM-SHA-512"),
        user=take("TOCSIN_KAFKA_USER", str, ""),
        password=take("TOCSIN_KAFKA_PASSWORD", str, ""),
        partitions=take("TOCSIN_KAFKA_PARTITIONS", count, 12),
        replication=take("TOCSIN_KAFKA_REPLICATION", count, 1),
        session_seconds=take("TOCSIN_KAFKA_SESSION", count, 15),
    )
    settings = Settings(
        state=take("TOCSIN_STATE", Path, Path("run/tocsin.db")),
        feeds=take("TOCSIN_FEEDS", Path, shipped("feeds.toml")),
        rules=take("TOCSIN_RULES", Path, shipped("rules")),
        receivers=take("TOCSIN_RECEIVERS", Path, shipped("receivers.yaml")),
        gazetteer=take("TOCSIN_GAZETTEER", Path, None),
        sites=take("TOCSIN_SITES", Path, None),
        model=take("TOCSIN_MODEL", str, ""),
        metrics=take("TOCSIN_METRICS", address, ("127.0.0.1", 8740)),
        retention=take("TOCSIN_RETENTION", span, timedelta(days=30)),
        canary=take("TOCSIN_CANARY", lambda text: None if text == "off" else span(text), timedelta(minutes=5)),
        log=take("TOCSIN_LOG", one_of("off", "json", "console"), "off"),
        webhook_allow=take("TOCSIN_WEBHOOK_ALLOW", networks, ()),
        mail=mail,
        kafka=kafka,
        kafka_named=bool(take("TOCSIN_KAFKA", str, "")),
        secrets={k: v for k, v in environment.items() if k.startswith("TOCSIN_")} | given,
    )
    unread = {name for name in files if not given.get(name)}
    mistakes += [line for line in contradictions(kafka) if line.split()[0] not in unread]
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return settings


def with_files(environment: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """Read the files that stand for values.

    Returns:
        The values by variable; the file's name by the variable that it gave; and what was wrong.
    """
    given, files, mistakes = dict[str, str](), dict[str, str](), list[str]()
    for variable, path in environment.items():
        if not (variable.startswith("TOCSIN_") and variable.endswith(FROM_FILE) and path.strip()):
            continue
        name = variable.removesuffix(FROM_FILE)
        files[name] = path
        try:
            text = Path(path.strip()).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            mistakes.append(f"{variable} is {path!r}: it cannot be read ({why}); name a file that holds the value of {name}")
            continue
        if text and environment.get(name, "").strip():
            mistakes.append(f"{name} and {variable} are both set; keep one of them")
        elif text:  # an empty file is a variable that is not set, as a container is handed where there is no secret
            given[name] = text
    return given, files, mistakes


def contradictions(kafka: Kafka) -> list[str]:
    """What in *kafka* does not go together."""
    found: list[str] = []
    protocol = f"TOCSIN_KAFKA_PROTOCOL is {kafka.protocol!r}"
    asks_name, has_tls = kafka.protocol.startswith("SASL"), kafka.protocol.endswith("SSL")
    for variable, value in (("TOCSIN_KAFKA_USER", kafka.user), ("TOCSIN_KAFKA_PASSWORD", kafka.password)):
        if asks_name and not value:
            found.append(f"{variable} is not set, but {protocol}, which asks for user and password; set both")
        if value and not asks_name:
            found.append(f"{variable} is set, but {protocol}, which sends none; set it to SASL_SSL")
    for variable, file in (("CA", kafka.ca), ("CERTIFICATE", kafka.certificate), ("KEY", kafka.key)):
        if file and not has_tls:
            found.append(f"TOCSIN_KAFKA_{variable} is set, but {protocol}, which is without TLS; set it to SSL or SASL_SSL")
    if bool(kafka.certificate) != bool(kafka.key):
        one, other = ("CERTIFICATE", "KEY") if kafka.certificate else ("KEY", "CERTIFICATE")
        found.append(f"TOCSIN_KAFKA_{one} is set without TOCSIN_KAFKA_{other}; set both, or neither where brokers ask for no certificate")
    return found


def shipped(name: str) -> Path:
    """A file of the default configuration: in ``deploy`` of the working folder, of the source tree, or of the installed package."""
    here, source = Path("deploy"), Path(__file__).parents[1]
    for folder in (here, source / "deploy", source / "alerts" / "defaults"):
        if (folder / name).exists():
            return folder / name
    return here / name


def port(text: str) -> int:
    """A port number."""
    if text.isdecimal() and int(text) < 65536:
        return int(text)
    raise ValueError("set it to a port number from 0 to 65535")


def address(text: str) -> tuple[str, int]:
    """``127.0.0.1:8740``."""
    host, _, number = text.rpartition(":")
    if not host:
        raise ValueError("set it to host:port, such as 127.0.0.1:8740")
    return host.strip("[]"), port(number)


def servers(text: str) -> tuple[str, ...]:
    """``kafka-1:9092,kafka-2:9092``."""
    found = tuple(one.strip() for one in text.split(",") if one.strip())
    for one in found:
        if address(one)[1] == 0:
            raise ValueError("set it to brokers with their ports, such as kafka-1:9092,kafka-2:9092")
    if not found:
        raise ValueError("set it to host:port of a broker, or of several with commas between")
    return found


def prefix(text: str) -> str:
    """What topics' and groups' names begin with: ``tocsin``."""
    if PREFIX.fullmatch(text):
        return text
    raise ValueError("set it to at most 100 letters, digits, dots, hyphens and underscores, beginning with a letter or digit")


def count(text: str) -> int:
    """A whole number from 1 to 1000."""
    if text.isdecimal() and 1 <= int(text) <= 1000:
        return int(text)
    raise ValueError("set it to a whole number from 1 to 1000")


def span(text: str) -> timedelta:
    """``30d``, ``12h``, ``45min``; at most ten years.

    Raises:
        ValueError: It is none; the text says what to do.
    """
    found = SPAN.fullmatch(text)
    if not found or (length := int(found[1]) * UNITS[found[2]]) > LONGEST:
        raise ValueError(f"set it to a span such as 30d, 12h or 45min, of at most {LONGEST.days}d")
    return length


def networks(text: str) -> tuple[str, ...]:
    """``10.1.2.0/24:8443 192.168.0.0/16``."""
    lines = tuple(text.split())
    read_allowed(lines)
    return lines


def one_of(*words: str) -> Callable[[str], str]:
    """One of a few words."""

    def read(text: str) -> str:
        if text in words:
            return text
        raise ValueError(f"set it to one of {', '.join(words)}")

    return read
