"""Records and states that earlier versions wrote are read; those of a newer one are refused with a word."""

from typing import Any

import msgspec
import pytest

from streams.records import FORMAT
from streams.runtime.states import RowStates
from streams.topics import ARTICLES, UnreadableRecordError
from tests.golden.samples import KINDS, STAGES, lines_of, record_line, state_line

RECORDS = [(name, line) for name in KINDS for line in lines_of("records", name)]
STATES = [(name, line) for name in STAGES for line in lines_of("states", name)]


def numbered(samples: list[tuple[str, bytes]]) -> list[Any]:
    counted = dict.fromkeys((name for name, _ in samples), 0)
    out = []
    for name, line in samples:
        counted[name] += 1
        out.append(pytest.param(name, line, id=f"{name}-{counted[name]}"))
    return out


@pytest.mark.parametrize(("name", "line"), numbered(RECORDS))
def test_a_record_of_every_version_is_read(name: str, line: bytes) -> None:
    kind, topic = KINDS[name]
    assert isinstance(topic.decode(line), kind)


@pytest.mark.parametrize(("name", "line"), numbered(STATES))
def test_a_state_of_every_version_is_read_with_its_control(name: str, line: bytes) -> None:
    sample, stage = msgspec.json.decode(line), STAGES[name]
    rows = {(field, entry): body.encode() for field, entry, body in sample["rows"]}
    assert isinstance(RowStates(stage, lambda _: rows).get("key"), stage.state)
    if sample["control"] is not None:
        assert isinstance(stage.read_control(sample["control"].encode()).value, type(stage.initial))


@pytest.mark.parametrize("name", KINDS)
def test_what_this_version_writes_of_a_record_is_among_the_samples(name: str) -> None:
    assert lines_of("records", name)[-1] == record_line(name), "run `python -m tests.golden.samples`, and read its rule"


@pytest.mark.parametrize("name", STAGES)
def test_what_this_version_keeps_of_a_state_is_among_the_samples(name: str) -> None:
    assert lines_of("states", name)[-1] == state_line(name), "run `python -m tests.golden.samples`, and read its rule"


def test_an_unknown_newer_field_is_passed_over() -> None:
    known = b'{"v":%d,"record":"Article","id":"a","text":"t","colour":"red"}' % FORMAT
    assert ARTICLES.decode(known).id == "a"


def test_a_record_of_a_newer_format_is_refused_with_what_to_do() -> None:
    with pytest.raises(UnreadableRecordError) as caught:
        ARTICLES.decode(b'{"v":2,"record":"Article","id":"a","text":"t"}')
    assert str(caught.value).startswith("topic articles: written by a newer Tocsin (format 2; this one reads 1); upgrade this worker")


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"null", b"[" * 100_000, b'{"record":"Article","id":"a","text":"t","fetched":"2026-03-02T12:00:00"}'],
    ids=["nothing", "no text", "no record", "brackets without end", "a time without a zone"],
)
def test_bytes_that_are_no_record_are_refused_and_never_fatal(data: bytes) -> None:
    with pytest.raises(UnreadableRecordError):
        ARTICLES.decode(data)
