"""Signatures by Standard Webhooks, with the standard's own package as the judge."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks.webhooks import Webhook

from alerts.delivery.signing import SecretError, read_secrets, signed

BODY = json.dumps({"place": "Dayr az-Zawr, دير الزور"}, ensure_ascii=False).encode()


def secret(fill: bytes, length: int = 32) -> str:
    return f"whsec_{base64.b64encode(fill * length).decode()}"


def test_a_receiver_with_either_secret_believes_it_during_rotation() -> None:
    old, new = secret(b"o"), secret(b"n")
    headers = signed(read_secrets(f"{new} {old}", name="HOOK"), id="d1", at=datetime.now(UTC), body=BODY)
    assert len(headers["webhook-signature"].split()) == 2
    for held in (old, new):
        assert Webhook(held).verify(BODY, headers) == json.loads(BODY)


def test_the_time_zone_of_the_clock_does_not_matter() -> None:
    now = datetime.now(UTC)
    elsewhere = now.astimezone(timezone(timedelta(hours=3)))
    secrets = read_secrets(secret(b"s"), name="HOOK")
    assert signed(secrets, id="d1", at=elsewhere, body=BODY) == signed(secrets, id="d1", at=now, body=BODY)


def test_a_clock_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"webhook d1: .* has no time zone"):
        signed((), id="d1", at=datetime(2016, 12, 13), body=BODY)  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("length", [24, 64])
def test_the_shortest_and_the_longest_secret_are_taken(length: int) -> None:
    assert read_secrets(secret(b"s", length), name="HOOK") == (b"s" * length,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(" ", "HOOK: no signing secret; set it to whsec_", id="none"),
        pytest.param("c2VjcmV0", "secret 1 of 1 does not begin with whsec_", id="no prefix"),
        pytest.param("whsec_***", "secret 1 of 1 is not base64 after whsec_", id="no base64"),
        pytest.param(secret(b"s", 23), "secret 1 of 1 is 23 bytes long; Standard Webhooks asks for 24 to 64", id="too short"),
        pytest.param(f"{secret(b's')} {secret(b's', 65)}", "secret 2 of 2 is 65 bytes long", id="too long, the second"),
    ],
)
def test_a_bad_secret_is_told_apart_without_being_told(text: str, words: str) -> None:
    with pytest.raises(SecretError, match=words) as refused:
        read_secrets(text, name="HOOK")
    assert not text.strip() or text.split()[-1] not in str(refused.value)
