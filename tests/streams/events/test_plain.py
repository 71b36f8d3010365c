"""What is kept beside the memory never shows: fuse writes what it wrote when each step worked everything out anew."""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.events.fuse import FUSE, fuse_step, next_waking
from streams.events.memory import Fused
from streams.records import Mention, Record, Tick, Withdrawn
from streams.runtime.replay import outputs_of
from tests.streams.events.plain import PLAIN
from tests.streams.events.test_fuse import a_week, reports, withdrawn
from tests.streams.flow import Flow
from tests.streams.saying import NOON


def stirred(mentions: Sequence[Mention], seed: int) -> list[Any]:
    """A log of *mentions* out of order, some of them halves of articles, twice, withdrawn or withdrawn and told again, ticks between."""
    draw, log = random.Random(seed), list[Any]()
    for m in sorted(mentions, key=lambda m: m.fetched + timedelta(hours=draw.choice((0, 0, 0, 1, 5.9)))):
        log.append(msgspec.structs.replace(m, more=draw.choice((0, 0, 0, 1))))
        if draw.random() < 0.1:
            log.append(withdrawn(draw.choice(mentions), later_hours=draw.choice((-1, 0, 0.5))))
        if draw.random() < 0.1:
            again, text = draw.choice(mentions), draw.choice(mentions).signature
            log.append(msgspec.structs.replace(again, fetched=again.fetched + timedelta(hours=draw.choice((0, 1))), signature=text))
        if draw.random() < 0.1:
            log.append(Tick(at=m.fetched + timedelta(hours=draw.choice((0, 1, 50)))))
    return log


FLOWS = {
    "places that are told of now and then": Flow(400, places=30, keys=3, hours=200, revised=0.1),
    "one busy place": Flow(300, places=1, hours=60, copied=0.5),
    "one base, and a wire that all copy": Flow(160, places=1, hours=20, copied=0.95, revised=0.0),
    "few places over days": Flow(300, places=3, hours=150),
}


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
@pytest.mark.parametrize("seed", range(3))
def test_a_flow_gives_what_it_gave_when_each_step_worked_everything_out(flow: Flow, seed: int) -> None:
    log = stirred(list(flow), seed)
    assert outputs_of(FUSE, log) == outputs_of(PLAIN, log)


@settings(max_examples=200, deadline=None)
@given(st.one_of(reports(), a_week()), st.integers(0, 10_000))
def test_any_log_gives_what_it_gave_when_each_step_worked_everything_out(mentions: list[Mention], seed: int) -> None:
    log = stirred(mentions, seed)
    assert outputs_of(FUSE, log) == outputs_of(PLAIN, log)


def in_a_new_process(state: Fused | None) -> Fused | None:
    """*state* from its bytes: nothing is kept beside it, and its dicts are in another order."""
    if state is None:
        return None
    read = msgspec.json.decode(msgspec.json.encode(state), type=Fused)
    turned = {name: dict(reversed(getattr(read, name).items())) for name in ("held", "withdrawn", "events")}
    return msgspec.structs.replace(read, **turned)


def steps(log: Sequence[Any]) -> Iterator[tuple[Fused | None, Any]]:
    """Each state of a log of one key, and the record that meets it."""
    state: Fused | None = None
    for record in log:
        yield state, record
        state, _ = fuse_step(state, record, None)


def seen(answer: tuple[Fused | None, list[Record]]) -> Any:
    """What a step gives, as bytes would carry it, with what it waits for."""
    state, out = answer
    return msgspec.to_builtins(state), out, next_waking(state) if state else None


@pytest.mark.parametrize("flow", [Flow(250, places=2, hours=120, copied=0.5), Flow(120, places=1, hours=10)], ids=["days", "hours"])
def test_a_step_gives_the_same_in_a_new_process(flow: Flow) -> None:
    for state, record in steps(stirred(list(flow), 1)):
        assert seen(fuse_step(in_a_new_process(state), record, None)) == seen(fuse_step(state, record, None))


def test_a_step_taken_twice_from_one_state_gives_the_same_and_leaves_the_state_as_it_was() -> None:
    for state, record in steps(stirred(list(Flow(150, places=2, hours=120)), 2)):
        before = msgspec.to_builtins(state)
        assert seen(fuse_step(state, record, None)) == seen(fuse_step(state, record, None))
        assert msgspec.to_builtins(state) == before


def test_what_does_not_change_stays_the_same_object() -> None:
    for state, record in steps(stirred(list(Flow(250, places=2, hours=120, revised=0.2)), 3)):
        after, _ = fuse_step(state, record, None)
        if state is None or after is None:
            continue
        for name in ("held", "withdrawn", "events"):
            old, new = getattr(state, name), getattr(after, name)
            assert all(new[i] is old[i] for i in old.keys() & new.keys() if new[i] == old[i])
            assert new is old or new != old


def test_a_record_that_changes_nothing_copies_nothing() -> None:
    mention = next(iter(Flow(1, places=1)))
    state, _ = fuse_step(None, mention, None)
    again, out = fuse_step(state, mention, None)
    assert out == []
    assert state is not None
    assert again is not None
    assert (again.held is state.held, again.events is state.events, again.withdrawn is state.withdrawn) == (True, True, True)


def test_a_withdrawal_of_what_nobody_knows_is_remembered() -> None:
    one = next(iter(Flow(1, places=1)))
    gone = Withdrawn(id=one.id, article=one.article, key=one.key, fetched=one.fetched)
    state, _ = fuse_step(None, gone, None)
    assert state is not None
    assert state.withdrawn == {one.id: NOON}
