"""Frozen samples of every record and state, as each version wrote them: a line for each version, in files beside this module.

A line is never changed, only added: whoever changes what a record or state looks like runs `python -m tests.golden.samples`, which
adds a line wherever this version writes something else than the last line says.
"""

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from alerts.commands.river import river
from alerts.commands.work import Elsewhere
from alerts.topics import ALERTS, CONTROL, DELIVERIES, MATCHES, NOTIFICATIONS
from streams.records import Record, Tick
from streams.runtime.states import RowStates
from streams.stages import InForce, Stage
from streams.topics import ARTICLES, EVENTS, MENTIONS, REJECTED, WORKERS, ControlCopy, Topic

FOLDER = Path(__file__).parent
TOPICS = (ARTICLES, MENTIONS, EVENTS, MATCHES, ALERTS, NOTIFICATIONS, DELIVERIES, CONTROL, REJECTED, WORKERS)
KINDS: Mapping[str, tuple[type[Record], Topic]] = {kind.__name__: (kind, topic) for topic in TOPICS for kind in topic.records} | {
    "Tick": (Tick, ARTICLES),
    "ControlCopy": (ControlCopy, MATCHES),
}
"""Every kind of record, with a topic that it may lie in."""
STAGES: Mapping[str, Stage] = {stage.name: stage for stage in river(Elsewhere())}
WHEN = datetime(2026, 3, 2, 12, 30, 15, 250000, tzinfo=UTC)


def filled(kind: Any, name: str = "") -> Any:
    """Something of *kind* in which no field is left out: text is the field's name, of several possibilities it is the first."""
    return _filled(kind if isinstance(kind, inspect.Type) else inspect.type_info(kind), name)


def _filled(kind: inspect.Type, name: str) -> Any:
    match kind:
        case inspect.StructType(cls=cls, fields=fields):
            return cls(**{field.name: _filled(field.type, field.name) for field in fields})
        case inspect.UnionType(types=types):
            return _filled(next(t for t in types if not isinstance(t, inspect.NoneType)), name)
        case inspect.LiteralType(values=values):
            return sorted(values)[0]
        case inspect.TupleType(item_types=types):
            return tuple(_filled(t, name) for t in types)
        case inspect.VarTupleType(item_type=item):
            return (_filled(item, name),)
        case inspect.ListType(item_type=item):
            return [_filled(item, name)]
        case inspect.FrozenSetType(item_type=item):
            return frozenset({_filled(item, name)})
        case inspect.DictType(key_type=key, value_type=value):
            return {_filled(key, name): _filled(value, name)}
        case _:
            return PLAIN[type(kind)](name)


PLAIN: Mapping[type[inspect.Type], Callable[[str], Any]] = {
    inspect.StrType: lambda name: name,
    inspect.BoolType: lambda _: True,
    inspect.IntType: lambda _: 7,
    inspect.FloatType: lambda _: 0.25,
    inspect.BytesType: lambda name: name.encode(),
    inspect.DateTimeType: lambda _: WHEN,
    inspect.TimeDeltaType: lambda _: timedelta(hours=36),
    inspect.RawType: lambda name: msgspec.Raw(b'{"raw":"%s"}' % name.encode()),
}


def record_line(name: str) -> bytes:
    """What this version writes of a kind of record."""
    kind, topic = KINDS[name]
    return topic.encode(filled(kind))


def state_line(name: str) -> bytes:
    """What this version keeps of a state, in rows, and of the control of its stage."""
    stage = STAGES[name]
    states = RowStates(stage, lambda _: {})
    states.put("key", filled(stage.state), WHEN)
    rows = [[field, entry, (body or b"").decode()] for (_, field, entry), body in states.changes().items()]
    control = None if stage.initial is None else stage.control_bytes(InForce(filled(type(stage.initial)), 7)).decode()
    return msgspec.json.encode({"rows": rows, "control": control})


def lines_of(folder: str, name: str) -> list[bytes]:
    """The samples of a kind of record or of a stage's state, oldest first."""
    path = FOLDER / folder / f"{name}.jsonl"
    return path.read_bytes().splitlines() if path.exists() else []


def add() -> list[str]:
    """Add what this version writes where it is not what the last line says; the names of what was added."""
    added = []
    for folder, names, line_of in (("records", KINDS, record_line), ("states", STAGES, state_line)):
        for name in names:
            line, before = line_of(name), lines_of(folder, name)
            if before[-1:] != [line]:
                (FOLDER / folder / f"{name}.jsonl").write_bytes(b"".join(part + b"\n" for part in (*before, line)))
                added.append(f"{folder}/{name}")
    return added


if __name__ == "__main__":
    sys.stdout.writelines(f"added to {name}\n" for name in add())
