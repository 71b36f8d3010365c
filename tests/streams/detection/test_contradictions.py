"""What one sentence says, and what another party says against it in the same breath: two claims, each with its claimant."""

from datetime import UTC, datetime

import pytest

from streams.detection.detector import Detector
from tests.builders import an_article

PUBLISHED = datetime(2023, 3, 15, 9, tzinfo=UTC)


def told(detector: Detector, text: str) -> set[tuple[str, str | None, str | None]]:
    """Status, outcome and source of each kinetic or territorial mention."""
    article = an_article(title=None, text=text, published=PUBLISHED, fetched=PUBLISHED)
    return {(m.status, m.outcome, m.source) for m in detector.read([article])[0] if m.type != "claim_attribution"}


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        (
            "Kyiv said its drones hit the Engels air base; Moscow said all of them were shot down.",
            {("claimed", None, "Kyiv"), ("claimed", "intercepted", "Moscow")},
        ),
        (
            "Kyiv said its drones hit the Engels air base. Moscow said all were shot down.",
            {("claimed", None, "Kyiv"), ("claimed", "intercepted", "Moscow")},
        ),
        (
            "Rebels said they shot down a jet over Idlib; the ministry denied it.",
            {("claimed", None, "Rebels"), ("denied", None, "ministry")},
        ),
        (
            "Ukraine said its forces struck an airfield at Dzhankoi, a claim Russia rejected.",
            {("claimed", None, "Ukraine"), ("denied", None, "Russia")},
        ),
        ("The army denied that it shelled the town of Kadugli.", {("denied", None, "army")}),
    ],
)
def test_each_party_has_its_own_claim(detector: Detector, text: str, claims: set[tuple[str, str | None, str | None]]) -> None:
    assert told(detector, text) == claims
