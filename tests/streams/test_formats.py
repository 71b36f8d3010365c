"""Records and states that earlier versions wrote are read; those of a newer one are refused with a word."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.records import FORMAT, Article, Record
from streams.runtime.local import Local
from streams.runtime.replay import Replay, outputs_of
from streams.runtime.states import RowStates
from streams.runtime.store import Batch, Store
from streams.stages import Stage, decode
from streams.topics import ARTICLES, MENTIONS, REJECTED, Rejected, UnreadableRecordError
from tests.golden.samples import KINDS, STAGES, WHEN, lines_of, record_line, state_line
from tests.streams.saying import said

RECORDS = [(name, line) for name in KINDS for line in lines_of("records", name)]
REMEDY = "what is added needs a default, and nothing may go or take other values; see `streams.records.Record`"
STATES = [(name, line) for name in STAGES for line in lines_of("states", name)]


def numbered(samples: list[tuple[str, bytes]]) -> list[Any]:
    counted = dict.fromkeys((name for name, _ in samples), 0)
    out = []
    for name, line in samples:
        counted[name] += 1
        out.append(pytest.param(name, line, id=f"{name}-{counted[name]}"))
    return out


def assert_kept(before: Any, after: Any, where: str) -> None:
    """Everything that was said before is said after."""
    if isinstance(before, dict):
        for name, value in before.items():
            assert name in after, f"{where}.{name} is gone; {REMEDY}"
            assert_kept(value, after[name], f"{where}.{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for i, (one, other) in enumerate(zip(before, after, strict=True)):
            assert_kept(one, other, f"{where}[{i}]")
    else:
        assert before == after, f"{where} was {before!r} and is {after!r}; {REMEDY}"


def assert_same_bytes_say(before: str | bytes, after: bytes, where: str) -> None:
    assert_kept(msgspec.json.decode(before), msgspec.json.decode(after), where)


@pytest.mark.parametrize(("name", "line"), numbered(RECORDS))
def test_a_record_of_every_version_is_read_and_nothing_it_says_is_lost(name: str, line: bytes) -> None:
    kind, topic = KINDS[name]
    record = topic.decode(line)
    assert isinstance(record, kind)
    assert_same_bytes_say(line, topic.encode(record), name)


@pytest.mark.parametrize(("name", "line"), numbered(STATES))
def test_a_state_of_every_version_is_read_with_its_control_and_nothing_it_says_is_lost(name: str, line: bytes) -> None:
    sample, stage = msgspec.json.decode(line), STAGES[name]
    rows = {(field, entry): body.encode() for field, entry, body in sample["rows"]}
    state = RowStates(stage, lambda _: rows).get("key")
    assert isinstance(state, stage.state)
    fresh = RowStates(stage, lambda _: {})
    fresh.put("key", state, WHEN)
    again = {(field, entry): body or b"" for (_, field, entry), body in fresh.changes().items()}
    for (field, entry), body in rows.items():
        assert_same_bytes_say(body, again[field, entry], f"{name}.{field or 'head'}")
    if sample["control"] is not None:
        control = stage.read_control(sample["control"].encode())
        assert isinstance(control.value, type(stage.initial))
        assert_same_bytes_say(sample["control"], stage.control_bytes(control), f"control of {name}")


def test_the_samples_leave_no_kind_of_record_out() -> None:
    ours = {kind.__name__ for kind in subclasses(Record) if kind.__module__.startswith(("streams.", "alerts."))}
    assert ours == KINDS.keys()


def subclasses(kind: type) -> set[type]:
    """Of it, and of those."""
    return {c for direct in kind.__subclasses__() for c in (direct, *subclasses(direct))}


@pytest.mark.parametrize("name", KINDS)
def test_what_this_version_writes_of_a_record_is_among_the_samples(name: str) -> None:
    assert lines_of("records", name)[-1] == record_line(name), "run `python -m tests.golden.samples`, and read its rule"


@pytest.mark.parametrize("name", STAGES)
def test_what_this_version_keeps_of_a_state_is_among_the_samples(name: str) -> None:
    assert lines_of("states", name)[-1] == state_line(name), "run `python -m tests.golden.samples`, and read its rule"


def test_an_unknown_newer_field_is_passed_over() -> None:
    known = b'{"v":%d,"record":"Article","id":"a","text":"t","colour":"red"}' % FORMAT
    assert ARTICLES.decode(known).id == "a"


NEWER = b'{"v":2,"record":"Article","id":"a","text":"t"}'


@pytest.mark.parametrize(
    "data",
    [NEWER, b'{"v":2,"record":"Comet"}', b'{"record":"Article","id":"a","text":["another","form"],"v":2}'],
    ids=["like ours", "of a kind that is not known yet", "in another form"],
)
def test_a_record_of_a_newer_format_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(UnreadableRecordError) as caught:
        ARTICLES.decode(data)
    assert str(caught.value).startswith("topic articles: written by a newer Tocsin (format 2; this one reads 1); upgrade this worker")


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"null", b"[" * 100_000, b'{"record":"Article","id":"a","text":"t","fetched":"2026-03-02T12:00:00"}'],
    ids=["nothing", "no text", "no record", "brackets without end", "a time without a zone"],
)
def test_bytes_that_are_no_record_are_refused_and_never_fatal(data: bytes) -> None:
    with pytest.raises(UnreadableRecordError):
        ARTICLES.decode(data)


GOOD = Article(id="b", text="t", fetched=WHEN)
ECHO = Stage(name="echo", input=ARTICLES, outputs=(MENTIONS,), step=lambda state, article, control: (state, [said()]), state=Article)


def assert_set_aside(record: Any, offset: int | None) -> None:
    assert isinstance(record, Rejected)
    assert (record.stage, record.topic, record.body, record.offset) == ("echo", "articles", NEWER, offset)
    assert "written by a newer Tocsin (format 2; this one reads 1); upgrade this worker, then `tocsin rejected retry`" in record.reason


def test_in_memory_a_newer_record_is_set_aside_and_the_river_flows_on() -> None:
    log = [decode(ECHO, NEWER, WHEN), GOOD]
    replay = Replay([ECHO])
    for entry in log:
        replay.put(ARTICLES, entry)
    (refused,) = replay.logs[REJECTED.name]
    assert_set_aside(refused, None)
    assert replay.logs[MENTIONS.name] == [said()]
    assert outputs_of(ECHO, log) == [refused, said()]


def test_in_a_state_file_a_newer_record_is_set_aside_with_its_place_and_the_river_flows_on(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store:
        store.commit(Batch(records=[(ARTICLES.name, WHEN, body) for body in (ARTICLES.encode(GOOD), NEWER, ARTICLES.encode(GOOD))]))
        Local([ECHO], store, lambda: WHEN).turn()
        ((_, refused),) = store.read(REJECTED.name)
        assert_set_aside(REJECTED.decode(refused), 1)
        assert len(store.read(MENTIONS.name)) == 2
