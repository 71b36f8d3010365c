"""Applying one entry of a log to a stage: time fires what is due, first and in order; poison is set aside."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from streams.records import Record, Tick, Verdict
from streams.runtime.replay import outputs_of
from streams.stages import Stage
from streams.topics import REJECTED, Rejected, Topic, UnreadableRecordError, copy_of
from tests.streams.saying import NOON


class Note(Record, frozen=True, kw_only=True):
    """A record of these tests."""

    key: str
    at: datetime
    text: str = ""


class Waiting(msgspec.Struct, frozen=True):
    """A state that wants to be woken once."""

    due: datetime | None


NOTES = Topic("notes", (Note,), key=lambda n: n.key, identity=lambda n: n.text)
ECHOES = Topic("echoes", (Note,), key=lambda n: n.key, identity=lambda n: n.text)


def step(state: Waiting | None, record: Note | Tick, control: tuple[str, ...]) -> tuple[Waiting | None, list[Record]]:
    """Echo a note ten seconds later, under the control of then."""
    if isinstance(record, Tick):
        return Waiting(due=None), [Note(key="echo", at=record.at, text=",".join(control))]
    if record.text == "poison":
        raise ValueError("cannot take it")
    return Waiting(due=record.at + timedelta(seconds=10)), []


ECHO = Stage(
    name="echo",
    input=NOTES,
    outputs=(ECHOES,),
    step=step,
    state=Waiting,
    due=lambda s: s.due,
    controls=(Verdict,),
    initial=(),
    fold=lambda control, record: (*control, record.event),
)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def verdict(event: str, seconds: float) -> Any:
    return copy_of(Verdict(event=event, accepted=False, by="watch", at=at(seconds)))


def echoes(*log: Any) -> list[tuple[float, str]]:
    return [((n.at - NOON).total_seconds(), n.text) for n in outputs_of(ECHO, log) if isinstance(n, Note)]


def test_the_spacing_of_ticks_never_shows() -> None:
    notes = (Note(key="a", at=at(0)), Note(key="b", at=at(1)))
    often = [Tick(at=at(s)) for s in range(2, 40)]
    assert echoes(*notes, Tick(at=at(40))) == echoes(*notes, *often) == [(10, ""), (11, "")]


def test_what_is_due_fires_in_order_of_due_time_then_key() -> None:
    log = (Note(key="b", at=at(0)), Note(key="a", at=at(0)), Note(key="c", at=at(-5)), Tick(at=at(60)))
    assert [s for s, _ in echoes(*log)] == [5, 10, 10]


def test_a_record_first_fires_what_its_key_waited_for() -> None:
    assert echoes(Note(key="a", at=at(0)), Note(key="a", at=at(30))) == [(10, "")]


def test_a_control_record_takes_effect_from_its_place_in_the_log_on_and_lets_time_pass_up_to_it() -> None:
    early = (Note(key="a", at=at(0)), verdict("x", 5), Tick(at=at(20)))
    late = (Note(key="a", at=at(0)), verdict("x", 15), Tick(at=at(20)))
    assert echoes(*early) == [(10, "x")]
    assert echoes(*late) == [(10, "")]


def test_a_control_record_of_another_kind_changes_nothing() -> None:
    other = copy_of(Note(key="a", at=at(5), text="no control"))
    assert echoes(Note(key="a", at=at(0)), other, Tick(at=at(20))) == [(10, "")]


def test_a_poison_record_goes_to_rejected_with_its_reason_and_the_river_flows_on() -> None:
    out = outputs_of(ECHO, [Note(key="a", at=at(0), text="poison"), Note(key="a", at=at(1)), Tick(at=at(20))])
    refused = next(r for r in out if isinstance(r, Rejected))
    assert (refused.stage, refused.topic, refused.reason) == ("echo", "notes", "ValueError: cannot take it")
    assert NOTES.decode(refused.body) == Note(key="a", at=at(0), text="poison")
    assert REJECTED.decode(REJECTED.encode(refused)) == refused
    assert any(isinstance(r, Note) for r in out)


def test_a_state_that_is_due_again_at_once_is_set_aside_instead_of_turning_forever() -> None:
    stuck = Stage(
        name="stuck", input=NOTES, outputs=(ECHOES,), state=Waiting, due=lambda s: s.due, step=lambda _s, r, _c: (Waiting(due=r.at), [])
    )
    out = outputs_of(stuck, [Note(key="a", at=at(0)), Tick(at=at(1)), Tick(at=at(2)), Note(key="a", at=at(3)), Note(key="a", at=at(4))])
    assert [type(r) for r in out] == [Rejected] * 3


def test_a_control_record_that_cannot_be_folded_is_set_aside() -> None:
    def refuse(control: object, record: object) -> object:
        raise ValueError("no")

    stage = Stage(name="s", input=NOTES, outputs=(ECHOES,), step=step, state=Waiting, due=lambda s: s.due, controls=(Verdict,), fold=refuse)
    assert [type(r) for r in outputs_of(stage, [verdict("x", 1), Note(key="a", at=at(2))])] == [Rejected]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"not json", "malformed", id="no JSON"),
        pytest.param(b'{"record":"Later","at":"2026-01-01T00:00:00Z"}', "Invalid value", id="an unknown kind"),
        pytest.param(b'{"record":"Note","key":"a"}', "missing required field", id="a missing field"),
    ],
)
def test_unreadable_bytes_say_topic_and_reason(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableRecordError, match=f"topic notes: .*{why}"):
        NOTES.decode(data)


def test_an_unknown_newer_field_is_passed_over() -> None:
    assert NOTES.decode(b'{"record":"Note","key":"a","at":"2026-03-02T12:00:00Z","colour":"red"}') == Note(key="a", at=NOON)


def test_a_numbered_copy_of_a_control_record_that_comes_again_changes_nothing() -> None:
    copies = [msgspec.structs.replace(verdict(name, n), number=n) for n, name in enumerate("ab")]
    note = Note(key="k", at=at(2))
    out = outputs_of(ECHO, [*copies, *copies, note, Tick(at=at(20))])
    assert [r.text for r in out] == ["a,b"]
