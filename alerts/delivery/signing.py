"""Secrets, an id, a moment and a body in; the three headers of Standard Webhooks 1.0.0 out."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from streams.errors import ExplainedError

PREFIX = "whsec_"
FEWEST_BYTES, MOST_BYTES = 24, 64
"""Of a secret: Standard Webhooks 1.0.0, "Signature scheme"."""


class SecretError(ExplainedError, ValueError):
    """A signing secret that cannot be used; the text says which and why, and never what it is."""


def read_secrets(text: str, *, name: str) -> tuple[bytes, ...]:
    """Read the secrets of one receiver: ``whsec_…``, several separated by spaces while a new one replaces an old one.

    Args:
        name: Where the text came from, for the error.

    Raises:
        SecretError: There is none, or one is no base64 of 24 to 64 bytes.
    """
    words = text.split()
    if not words:
        raise SecretError(f"{name}: no signing secret; set it to {PREFIX} and the base64 of {FEWEST_BYTES} to {MOST_BYTES} random bytes")
    return tuple(_read(word, f"{name}: secret {n} of {len(words)}") for n, word in enumerate(words, 1))


def _read(word: str, where: str) -> bytes:
    if not word.startswith(PREFIX):
        raise SecretError(
            f"{where} does not begin with {PREFIX}; take the receiver's secret as it was given, or put {PREFIX} before its base64"
        )
    try:
        secret = base64.b64decode(word.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise SecretError(f"{where} is not base64 after {PREFIX} ({error}); copy it whole, with any = at its end") from error
    if not FEWEST_BYTES <= len(secret) <= MOST_BYTES:
        raise SecretError(f"{where} is {len(secret)} bytes long; Standard Webhooks asks for {FEWEST_BYTES} to {MOST_BYTES}: make a new one")
    return secret


def signed(secrets: Sequence[bytes], *, id: str, at: datetime, body: bytes) -> dict[str, str]:  # noqa: A002 - the standard's word
    """Headers that let the receiver check that *body* is ours, untouched and recent.

    Args:
        secrets: Each signs once; the receiver accepts any of the signatures.
        id: The same for every attempt at one delivery: by it the receiver knows a repeat.
        at: The moment of this attempt; in any time zone.

    Raises:
        ValueError: *at* has no time zone, so that nobody knows which moment it is.
    """
    if at.tzinfo is None:
        raise ValueError(f"webhook {id}: {at.isoformat()} has no time zone; give an aware datetime")
    timestamp = str(int(at.timestamp()))
    content = f"{id}.{timestamp}.".encode() + body
    signatures = [base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode() for secret in secrets]
    return {"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": " ".join(f"v1,{s}" for s in signatures)}
