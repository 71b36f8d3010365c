"""Names in the receivers file that are no rule's: each is a silence that nobody would see."""

from pathlib import Path

import pytest

from alerts.rules.receivers import load_receivers, strangers, unrouted
from tests.alerts.saying import a_rule

RULES = [a_rule(id="new-airbase-under-attack"), a_rule(id="mass-casualty-attack")]
RECEIVERS = "receivers:\n  - {id: officer, channel: terminal}\n  - {id: spare, channel: terminal}\n"


def found(tmp_path: Path, rest: str) -> tuple[list[str], list[str]]:
    """What is strange, and who is in no route."""
    (tmp_path / "r.yaml").write_text(RECEIVERS + rest)
    addressing = load_receivers(tmp_path / "r.yaml")
    return strangers(addressing, RULES), unrouted(addressing)


ALL = "routes:\n  - {receivers: officer}\n"


@pytest.mark.parametrize(
    ("rest", "strange"),
    [
        (ALL, []),
        (ALL.replace("officer", "officer, rules: [mass-casualty-attack]"), []),
        (
            ALL.replace("officer", "officer, rules: [new-airbase-under-atack]"),
            ["the route to officer", "'new-airbase-under-atack'", "did you mean 'new-airbase-under-attack'?"],
        ),
        (
            f"{ALL}silences:\n  - {{id: drill, from: 2026-12-01T06:00Z, until: 2026-12-01T07:00Z, by: me, reason: drill, rules: mass}}\n",
            ["the silence drill", "'mass'"],
        ),
        (
            f"{ALL}inhibit:\n  - {{by: [nonesuch], rules: [mass-casualty-attack]}}\n",
            ["an inhibition of mass-casualty-attack", "'nonesuch'", "`tocsin rules check` lists those that there are"],
        ),
    ],
)
def test_a_name_that_is_no_rules_is_told_with_what_may_be_meant(tmp_path: Path, rest: str, strange: list[str]) -> None:
    told, spare = found(tmp_path, rest)
    assert spare == ["spare"]
    assert len(told) == bool(strange)
    assert all(words in told[0] for words in strange)
