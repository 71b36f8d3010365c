"""One signed POST to a receiver's webhook. The only door of this package to aiohttp."""

import ssl
from collections.abc import Iterable, Sequence
from datetime import datetime

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    NonHttpUrlClientError,
    ServerDisconnectedError,
    TCPConnector,
)

from alerts.delivery.answers import Answer, of_status
from alerts.delivery.guard import AddressRefusedError, dialler
from alerts.delivery.signing import signed
from alerts.records import Notification
from alerts.redaction import without_secrets
from streams.addresses import Allowed
from streams.names import PatientResolver

Session = ClientSession
"""So that a caller can name it without a door of its own."""
TIMEOUT_SECONDS = 15.0
"""For the whole attempt: Standard Webhooks 1.0.0 asks for 15 to 30."""
CONNECT_SECONDS = 5.0
MOST_BODY = 1024
"""Bytes that are read of a refusal, for its reason. An endless answer costs no more."""


def open_session(allowed: Iterable[Allowed] = (), *, seconds: float = TIMEOUT_SECONDS) -> Session:
    """A session that dials only public addresses and those *allowed*, keeps no cookies and heeds no proxy settings."""
    return ClientSession(
        connector=TCPConnector(resolver=PatientResolver(), socket_factory=dialler(allowed), limit=0),
        timeout=ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS),
        cookie_jar=DummyCookieJar(),
        headers={"User-Agent": "tocsin", "Content-Type": "application/json", "Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=False,
    )


async def post(session: Session, notification: Notification, *, secrets: Sequence[bytes], at: datetime) -> Answer:
    """Post *notification* once, and say how it went. Raises nothing for a receiver's fault."""
    body = bytes(notification.payload)
    headers = signed(secrets, id=notification.id, at=at, body=body)
    url = notification.receiver.url or ""
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            refusal = "" if response.ok else without_secrets(await _reason(response), url)
            return of_status(response.status, refusal, retry_after=response.headers.get("Retry-After"), at=at)
    except (ClientError, OSError, ValueError) as error:
        return Answer(ok=False, detail=in_words(error, seconds=session.timeout.total))


async def _reason(response: ClientResponse) -> str:
    """The beginning of the answer's body; "" where it cannot be read, as the status alone says enough."""
    try:
        return (await response.content.read(MOST_BODY)).decode("utf-8", "replace")
    except (ClientError, OSError):
        return ""


def in_words(error: Exception, *, seconds: float | None = TIMEOUT_SECONDS) -> str:
    """What went wrong, for an operator. Never the whole URL: its path may be a secret."""
    match error:
        case TimeoutError():
            return f"no answer within {seconds:g} s" if seconds else "no answer in time"
        case ClientConnectorDNSError():
            return f"host {error.host} has no address: {error.os_error.strerror or error.os_error}"
        case ClientConnectorCertificateError():
            return f"the certificate of {error.host} is not accepted: {error.certificate_error}"
        case ClientConnectorError(os_error=AddressRefusedError() as refused):
            return str(refused)
        case ClientConnectorError(os_error=ConnectionRefusedError()):
            return f"connection refused by {error.host} port {error.port}"
        case ClientConnectorError(os_error=ssl.SSLError() as failed):
            return f"no TLS with {error.host}: {failed.reason or failed}"
        case ClientConnectorError():
            return f"no connection to {error.host} port {error.port}: {error.os_error.strerror or error.os_error}"
        case ServerDisconnectedError():
            return "the receiver closed the connection without an answer"
        case InvalidURL() | NonHttpUrlClientError():
            return "the receiver's url is not one; write https://host/path"
        case _:
            return f"the exchange broke off: {type(error).__name__}"
