"""A broker that asks who is there: listeners with TLS, with passwords, and with both; certificates of our own, made at test time."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from streams.settings import Kafka
from tests.real.kafka import Broker

USER, PASSWORD = "tocsin", "correct-horse-7"
GUEST = "guest"
"""Who may log in, with the same password, and may do nothing."""
JAAS = "org.apache.kafka.common.security"
LISTENERS = {"SSL": "SSL", "SASL_PLAINTEXT": "SASL_PLAINTEXT", "SASL_SSL": "SASL_SSL"}


@dataclass(frozen=True)
class Certificates:
    """PEM files in *folder*, made there."""

    folder: Path

    def make(self) -> "Certificates":
        """Make an authority, a broker's certificate for 127.0.0.1, and a client's."""
        if shutil.which("openssl") is None:
            pytest.skip("needs openssl, to make certificates")
        self.folder.mkdir(parents=True)
        self._openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tests -keyout ca.key -out ca.pem")
        (self.folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        for name in ("broker", USER):
            self._openssl(f"req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr")
            self._openssl(f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out {name}.pem")
        (self.folder / "keystore.pem").write_text((self.folder / "broker.key").read_text() + (self.folder / "broker.pem").read_text())
        return self

    @property
    def ca(self) -> Path:
        """Who signed them all."""
        return self.folder / "ca.pem"

    @property
    def client(self) -> Path:
        """The client's certificate."""
        return self.folder / f"{USER}.pem"

    @property
    def client_key(self) -> Path:
        """The client's key."""
        return self.folder / f"{USER}.key"

    def lock(self, name: str) -> None:
        """Write the client's key once more, under a passphrase."""
        self._openssl(f"pkcs8 -topk8 -in {USER}.key -passout pass:open-sesame -out {name}")

    def _openssl(self, words: str) -> None:
        subprocess.run(["openssl", *words.split()], cwd=self.folder, check=True, capture_output=True)


class SecuredBroker(Broker):
    """One node that is reached in four ways; who comes by the plain one may do all, as nothing but the tests does."""

    def __init__(self, certificates: Certificates) -> None:
        super().__init__(properties=secured(certificates), listeners=LISTENERS, users={USER: PASSWORD, GUEST: PASSWORD})
        self.certificates = certificates

    def settings(self, protocol: str, /, **changes: object) -> Kafka:
        """The right settings for one of the listeners, but for *changes*."""
        right = Kafka(servers=(self.addresses[protocol],), prefix="secured")
        with_tls = {"ca": self.certificates.ca} if "SSL" in protocol else {}
        with_name = {"user": USER, "password": PASSWORD} if "SASL" in protocol else {}
        with_key = {"certificate": self.certificates.client, "key": self.certificates.client_key} if protocol == "SSL" else {}
        return msgspec.structs.replace(right, **{"protocol": protocol, **with_tls, **with_name, **with_key, **changes})


def secured(certificates: Certificates) -> dict[str, object]:
    """The properties of such a broker."""
    properties: dict[str, object] = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": certificates.folder / "keystore.pem",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": certificates.ca,
        "listener.name.ssl.ssl.client.auth": "required",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:ANONYMOUS;User:{USER};User:CN={USER}",
    }
    for listener in ("sasl_ssl", "sasl_plaintext"):
        properties |= {
            f"listener.name.{listener}.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            f"listener.name.{listener}.scram-sha-512.sasl.jaas.config": f"{JAAS}.scram.ScramLoginModule required;",
            f"listener.name.{listener}.plain.sasl.jaas.config": f'{JAAS}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";',
        }
    return properties
