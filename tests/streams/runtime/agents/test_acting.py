"""Whoever acts gives an entry back to the cluster when it is done, also if that was before a restart."""

from types import SimpleNamespace
from typing import Any

from streams.runtime.agents.acting import ActingAgent, PartitionLog
from streams.runtime.ledger import Ledger


def an_agent(position: int) -> ActingAgent:
    """A reader whose ledger says that everything up to *position* is done."""
    agent: Any = ActingAgent.__new__(ActingAgent)
    ledger = Ledger()
    ledger.position = position
    agent._logs, agent._taken = {0: PartitionLog(agent, 0, ledger)}, {}
    return agent  # type: ignore[no-any-return]


class Event:
    """What the cluster delivers."""

    def __init__(self, offset: int) -> None:
        self.message = SimpleNamespace(offset=offset)
        self.given_back = False

    def ack(self) -> None:
        self.given_back = True


def test_what_was_done_before_a_restart_is_given_back_at_once_and_what_was_not_waits() -> None:
    events = [Event(offset) for offset in range(3, 7)]
    an_agent(4).acknowledge(0, events)
    assert [e.given_back for e in events] == [True, True, False, False]


def test_an_entry_behind_one_that_is_not_done_waits_with_it() -> None:
    agent, first, second = an_agent(4), Event(5), Event(4)
    agent.acknowledge(0, [first])
    agent.acknowledge(0, [second])
    assert not first.given_back
    assert not second.given_back
