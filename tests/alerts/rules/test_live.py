"""The tests in rule files run what runs live: each shipped one, through the stages on a state file, comes to the same alerts."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from alerts.commands.configuration import StoreBoard
from alerts.commands.rules import alerts_of_case
from alerts.desk import STAGES
from alerts.records import Alert, RulesInForce
from alerts.rules.cases import START, Case, load_cases
from alerts.rules.load import load_rules
from alerts.topics import ALERTS
from streams.records import EPOCH
from streams.runtime.local import Local
from streams.runtime.replay import AFTERMATH
from streams.runtime.store import Batch, Store, peek
from streams.topics import EVENTS

SHIPPED = Path(__file__).parents[3] / "deploy" / "rules"
RULES = load_rules(SHIPPED)
CASES = [case for case in load_cases(SHIPPED, RULES) if case.given and not case.reads]


class Live:
    """The stages of the desk on a state file, with a clock that is set."""

    def __init__(self, store: Store) -> None:
        self._store, self._now = store, START
        self._local = Local(STAGES, store, lambda: self._now)

    def at(self, now: datetime, *records: bytes) -> None:
        """Let it be *now*, and take events in."""
        self._now = now
        self._store.commit(Batch(records=[(EVENTS.name, now, record) for record in records]))
        while self._local.turn():
            pass


def alerts_live(case: Case, path: Path) -> list[Alert]:
    with Store(path) as store:
        chosen = tuple(rule for rule in RULES if rule.id in case.rules)
        asyncio.run(StoreBoard(store, STAGES).enforce(RulesInForce(at=EPOCH, rules=chosen)))
        live = Live(store)
        for given in case.given:
            live.at(START + given.at, EVENTS.encode(given.record))
        live.at(START + (case.until or case.given[-1].at + AFTERMATH))
    found = [record for body in peek(path, ALERTS.name) if isinstance(record := ALERTS.decode(body), Alert)]
    return sorted(found, key=lambda a: (a.at, a.rule, a.id, a.revision))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_test_of_rules_is_what_live_says(case: Case, tmp_path: Path) -> None:
    assert alerts_live(case, tmp_path / "s.db") == alerts_of_case(case, RULES, None)
