"""Which memories are worth a write."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from streams.feeds.memory import FeedMemory, Seen, Validators, reason_to_keep

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEPT = FeedMemory(
    url="https://wire.example.org/rss",
    validators=Validators(etag='"1"'),
    body="b1",
    seen={"a": Seen(content="1"), "b": Seen(content="2")},
    current=("a", "b"),
    last_asked=NOON,
    last_full=NOON,
    due=NOON + timedelta(minutes=5),
)
LATER = {"last_asked": NOON + timedelta(minutes=5), "due": NOON + timedelta(minutes=10)}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"seen": {**KEPT.seen, "c": Seen(content="3")}}, "other entries were seen", id="a new entry"),
        pytest.param({"seen": {**KEPT.seen, "a": Seen(content="9")}}, "other entries were seen", id="a changed entry"),
        pytest.param({"shared_names": True}, "other entries were seen", id="guids turn out to be shared"),
        pytest.param({"url": "https://new.example.org/rss"}, "other entries were seen", id="another address"),
        pytest.param({"failures": 1}, "it began, went on or ceased to fail", id="a failure"),
        pytest.param({"due": NOON + timedelta(hours=3)}, "its server asked for a long silence", id="Retry-After of hours"),
        pytest.param({"last_asked": NOON + timedelta(hours=1), "due": None}, "what is kept is old", id="an hour old"),
        pytest.param({}, None, id="only asked again"),
        pytest.param({"validators": Validators(etag='"2"'), "body": "b2"}, None, id="other bytes, the same entries"),
        pytest.param({"seen": dict(reversed(KEPT.seen.items()))}, None, id="the same entries in another order"),
    ],
)
def test_a_memory_is_written_if_something_would_be_told_twice_without_it(changes: dict[str, Any], reason: str | None) -> None:
    assert reason_to_keep(KEPT, msgspec.structs.replace(KEPT, **{**LATER, **changes})) == reason


def test_a_first_memory_is_written() -> None:
    assert reason_to_keep(None, KEPT) == "nothing is kept yet"
