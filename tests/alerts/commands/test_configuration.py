"""Rules that are put in force: what changed is said by name."""

from pathlib import Path
from typing import Any

import msgspec

from alerts.commands.configuration import Configuration
from streams.settings import read_settings
from streams.topics import content_of
from tests.alerts.saying import at

RULE = "  - id: {id}\n    title: {title}\n    severity: urgent\n"


class Wall:
    """A board in memory."""

    ours = True

    def __init__(self) -> None:
        self.last: dict[str, bytes] = {}

    def in_force(self, kind: str) -> bytes | None:
        return self.last.get(kind)

    async def enforce(self, record: Any) -> None:
        self.last[type(record).__name__] = content_of(record)


async def test_what_is_new_changed_and_gone_is_named_and_moved_lines_are_not(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    settings = msgspec.structs.replace(read_settings({}), rules=tmp_path)
    told: list[str] = []
    configuration = Configuration(settings, Wall(), told.append, lambda: at(0))

    async def put(text: str) -> str | None:
        rules.write_text(text, encoding="utf-8")
        told.clear()
        await configuration.enforce()
        return next((line for line in told if line.startswith("in force") and "rules" in line), None)

    one, two = RULE.format(id="one", title="One"), RULE.format(id="two", title="Two")
    assert await put(f"rules:\n{one}{two}") == "in force: 2 rules"
    assert await put(f"# moved down\nrules:\n{one}{two}") == "in force: 2 rules"
    assert await put(f"rules:\n{one.replace('One', 'The one')}{two}") == "in force: 2 rules; changed: one"
    assert await put(f"rules:\n{two}{RULE.format(id='three', title='Three')}") == "in force: 2 rules; new, without memory: three; gone: one"
    spike = f"{two}    by: country\n    spike: {{within: 24h, events: 5}}\n"
    assert await put(f"rules:\n{spike}") == "in force: 1 rules; counting by something else, without memory: two; gone: three"
    assert await put(f"rules:\n{two.replace('urgent', 'loud')}") is None
    assert any("what was in force stays" in line for line in told)
