"""What is kept beside a memory never shows: a step gives what it gives in a new process, and what does not change stays as it is."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from alerts.delivery.deliver import DELIVER, Outbox
from alerts.judge import JUDGE
from alerts.memory import Known
from alerts.records import Match, Route, Rule, Threshold
from alerts.routes import ROUTE, Region
from streams.records import Event, Tick
from streams.stages import Stage
from streams.topics import ControlCopy
from tests.alerts.delivery.test_deliver import a_notification, ended
from tests.alerts.saying import DAY, HOUR, a_rule, a_verdict, again, happened, in_force, matched, tick, two_owners
from tests.alerts.saying import at as after
from tests.alerts.test_routes import a_silence, an_alert_at, routes
from tests.builders import a_claim, a_passage

SEEDS = range(12)


def judged(seed: int) -> Iterator[Any]:
    """A place with attacks over months: revisions, mergers, verdicts, edited rules."""
    draw, hours, known = random.Random(seed), 0, dict[str, Event]()
    yield in_force(_any_rule(draw))
    for n in range(100):
        hours += draw.choice((0, 1, 1, 2, 5, 30, 60))
        now = after(hours=hours)
        match draw.randrange(12):
            case 0:
                yield in_force(*[_any_rule(draw)][: draw.choice((0, 1, 1))], since=now)
            case 1 if known:
                yield a_verdict(draw.choice(list(known.values())), now, accepted=draw.random() < 0.5)
            case 2:
                yield tick(now)
            case 3 | 4 | 5 | 6 if known:
                event = _another(draw, now, known)
                known[event.id] = event
                yield matched(event, gone=draw.random() < 0.1)
            case _:
                event = happened(f"e{n}", now - draw.choice((0, 5, 20, 100)) * HOUR, told=now, owners=draw.choice((1, 2)))
                known[event.id] = event
                yield matched(event)
    yield tick(after(hours=hours, days=90))


def _any_rule(draw: random.Random) -> Rule:
    return a_rule(
        novelty=draw.choice((None, DAY, 30 * DAY)),
        cooldown=draw.choice((timedelta(0), HOUR, 6 * HOUR)),
        confirm=draw.choice((None, two_owners())),
        threshold=Threshold(owners=draw.choice((1, 1, 2))),
        max_age=draw.choice((3 * DAY, DAY)),
    )


def _another(draw: random.Random, now: Any, known: dict[str, Event]) -> Event:
    last = draw.choice(list(known.values())[-8:])
    if draw.random() < 0.2:
        gone = {"evidence": (), "owners": 0, "articles": 0, "merged_into": draw.choice((None, *known))}
        return msgspec.structs.replace(last, revision=last.revision + 1, at=now, **gone)
    claims = (a_claim("killed", str(draw.randint(1, 4))),)
    owners = last.owners + draw.choice((0, 1))
    return again(last, now, last_reported=now, claims=claims, owners=owners, merged_into=None, evidence=(a_passage(),))


def routed(seed: int) -> Iterator[Any]:
    """Alerts of one region, told and taken back, through silences that begin and end."""
    draw, hours, revisions = random.Random(seed), 0.0, dict[int, int]()
    yield routes(Route(receivers=("watch",)), Route(receivers=("boss",), severity=("flash",)))
    for n in range(80):
        hours += draw.choice((0.0, 0.5, 3.0, 300.0 if n % 20 == 0 else 1.0))
        now = after(hours=hours)
        if draw.random() < 0.2:
            yield a_silence(now, now + draw.choice((1, 5)) * HOUR, id=f"s{n}", at=now)
        which = draw.randrange(15)
        revisions[which] = revisions.get(which, 0) + 1
        change = "new" if revisions[which] == 1 else draw.choice(("update", "retraction", "retraction"))
        yield an_alert_at(now, revisions[which], change, id=f"alert{which}", severity=draw.choice(("urgent", "flash")))
    yield tick(after(hours=hours, days=90))


def delivered(seed: int) -> Iterator[Any]:
    """Notifications to one receiver who is often down."""
    draw, seconds, under_way = random.Random(seed), 0, dict[str, Any]()
    for n in range(120):
        seconds += draw.choice((0, 1, 5, 40, 4000))
        now = after(hours=seconds / 3600)
        if draw.random() < 0.5 or not under_way:
            note = a_notification(revision=n, when=now)
            under_way[note.id] = note
            yield note
        elif draw.random() < 0.8:
            note = draw.choice(list(under_way.values()))
            yield ended(note, attempt=draw.choice((1, 1, 2, 3)), when=now, ok=draw.random() < 0.4)
        else:
            yield tick(now)
    yield tick(after(hours=seconds / 3600, days=8))


ROOMS: dict[str, tuple[Stage, Any]] = {"judge": (JUDGE, judged), "route": (ROUTE, routed), "deliver": (DELIVER, delivered)}
each_room = pytest.mark.parametrize(("stage", "log"), ROOMS.values(), ids=ROOMS)


def steps(stage: Stage, log: Iterator[Any]) -> Iterator[tuple[Any, Any, Any]]:
    """State, record and control of each step of a log of one key, due ticks included."""
    state, control = None, stage.initial
    for entry in log:
        if isinstance(entry, ControlCopy):
            control = stage.fold(control, stage.decode_control(entry))
            continue
        while state is not None and (due := stage.due(state)) is not None and due <= entry.at:
            yield state, Tick(at=due), control
            state, _ = stage.step(state, Tick(at=due), control)
        yield state, entry, control
        state, _ = stage.step(state, entry, control)


def in_a_new_process(state: Any) -> Any:
    """*state* from its bytes: nothing is kept beside it, and what may be stored entry by entry is in another order."""
    if state is None:
        return None
    read = msgspec.json.decode(msgspec.json.encode(state), type=type(state))
    turned = {name: dict(reversed(value.items())) for name in read.__struct_fields__ if isinstance(value := getattr(read, name), dict)}
    return msgspec.structs.replace(read, **turned)


def given(stage: Stage, state: Any, record: Any, control: Any) -> Any:
    """What a step gives, as bytes would carry it, with what it waits for."""
    after_it, out = stage.step(state, record, control)
    return msgspec.json.decode(msgspec.json.encode((after_it, out))), None if after_it is None else stage.due(after_it)


@each_room
@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_gives_the_same_in_a_new_process(stage: Stage, log: Any, seed: int) -> None:
    for state, record, control in steps(stage, log(seed)):
        assert given(stage, in_a_new_process(state), record, control) == given(stage, state, record, control)


@each_room
def test_what_does_not_change_stays_the_same_object(stage: Stage, log: Any) -> None:
    for state, record, control in steps(stage, log(1)):
        later, _ = stage.step(state, record, control)
        for name in state.__struct_fields__ if state is not None and later is not None else ():
            old, new = getattr(state, name), getattr(later, name)
            if isinstance(old, dict):
                assert all(new[i] is old[i] for i in old.keys() & new.keys() if new[i] == old[i]), (name, record)


def test_the_logs_reach_every_kind_of_memory() -> None:
    kinds = {type(state) for stage, log in ROOMS.values() for state, _, _ in steps(stage, log(1))}
    assert {Known, Region, Outbox} <= kinds
    assert any(isinstance(record, Match) and record.gone for record in judged(1))
