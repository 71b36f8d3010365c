"""Who may work beside whom: decided from what was said in the topic, the same for everybody who reads it."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from streams.records import FORMAT
from streams.runtime.company import FORGOTTEN, LIVE, Word, differences, forgotten, myself, present, refusal, working
from streams.topics import WORKERS, Working
from tests.streams.saying import NOON

OLD, NEW = "detector 1", "detector 2"


def worker(name: str = "old", *stages: str, reader: str | None = OLD, **changes: Any) -> Working:
    """One that detects, unless stages are named."""
    known = {"worker": name, "stages": stages or ("detect",), "release": "0.1.0", "reader": reader, "at": NOON}
    return Working(**{**known, **changes})


def at(seconds: float, says: Working) -> Word:
    return Word(NOON + timedelta(seconds=seconds), says.worker, says)


def left(seconds: float, name: str = "old") -> Word:
    return Word(NOON + timedelta(seconds=seconds), name, None)


A_OLD, B_OLD, C_NEW, D_NEW = worker("a"), worker("b"), worker("c", reader=NEW), worker("d", reader=NEW)


@pytest.mark.parametrize(
    ("me", "words", "by"),
    [
        pytest.param("a", [at(0, A_OLD)], [], id="alone"),
        pytest.param("b", [at(0, A_OLD), at(5, B_OLD)], [], id="beside one of the same version"),
        pytest.param("c", [at(0, A_OLD), at(5, C_NEW)], ["a"], id="beside one of another"),
        pytest.param("c", [at(0, A_OLD), at(1, B_OLD), at(5, C_NEW)], ["a", "b"], id="beside two of another"),
        pytest.param("c", [at(0, A_OLD), left(4, "a"), at(5, C_NEW)], [], id="it has left"),
        pytest.param("c", [at(0, A_OLD), left(1, "b"), at(5, C_NEW)], ["a"], id="another has left"),
        pytest.param("c", [at(0, A_OLD), at(30, C_NEW)], ["a"], id="heard of 30 s ago"),
        pytest.param("c", [at(0, A_OLD), at(30.1, C_NEW)], [], id="dead for longer"),
        pytest.param("c", [at(0, A_OLD), at(10, A_OLD), at(35, C_NEW)], ["a"], id="heard of again"),
        pytest.param("a", [at(0, A_OLD), at(1, C_NEW), at(10, A_OLD)], [], id="whoever was first stays"),
        pytest.param("b", [at(0, A_OLD), at(1, C_NEW), at(2, B_OLD)], [], id="one that was refused keeps nobody out"),
        pytest.param("d", [at(0, A_OLD), at(1, C_NEW), left(2, "a"), at(3, D_NEW)], [], id="when the old one left, the next may"),
        pytest.param("c", [at(0, A_OLD), at(1, C_NEW), left(2, "a"), at(3, C_NEW)], [], id="who tries again, may then"),
        pytest.param("a", [at(0, A_OLD), at(31, C_NEW), at(32, A_OLD)], ["c"], id="silent for too long, it comes back to others"),
        pytest.param("b", [at(0, C_NEW), at(0, B_OLD)], ["c"], id="at one moment the first in the log"),
        pytest.param("x", [at(0, A_OLD), at(1, worker("x", "fuse", reader=None))], [], id="another stage"),
        pytest.param("x", [at(0, A_OLD), at(1, worker("x", reader=OLD, release="9"))], [], id="another release that reads alike"),
        pytest.param(
            "y", [at(0, worker("x", "fuse", "judge", reader=None)), at(1, worker("y", "judge", "route", reader=None, format=9))], ["x"],
            id="one stage in common, in another format",
        ),
        pytest.param(
            "y", [at(0, worker("x", "fuse", reader=None)), at(1, worker("y", "judge", reader=None, format=9))], [],
            id="another format, but no stage in common",
        ),
    ],
)  # fmt: skip
def test_who_keeps_a_worker_out(me: str, words: list[Word], by: list[str]) -> None:
    assert [line.split(" ")[0] for line in refusal(me, words)] == by


def test_it_is_said_who_it_is_and_what_differs() -> None:
    assert differences(C_NEW, A_OLD) == ["a (Tocsin 0.1.0) detects with detector 1; this one with detector 2"]
    both = worker("x", "fuse", "judge", reader=None, format=2, release="0.2.0"), worker("y", "judge", "fuse", reader=None)
    assert differences(*both[::-1]) == ["x (Tocsin 0.2.0) runs judge, fuse with records of format 2, this one with 1"]


def test_two_versions_without_a_stage_in_common_say_nothing_of_each_other() -> None:
    assert differences(worker("x", "fuse", reader=None), worker("y", "detect", format=7)) == []


def test_the_dead_are_forgotten_after_a_while() -> None:
    now = FORGOTTEN.total_seconds() + 60
    words = [
        at(0, worker("dead")),
        at(1, worker("gone")),
        left(2, "gone"),
        at(3, worker("alive")),
        at(now, worker("alive")),
        at(now, A_OLD),
    ]
    assert forgotten(words) == ["dead"]
    assert FORGOTTEN > LIVE


def test_a_word_of_any_version_is_understood() -> None:
    body = WORKERS.encode(A_OLD).replace(b'"v":%d' % FORMAT, b'"v":99').replace(b'"release"', b'"colour":"red","release"')
    assert working(body) == A_OLD


@pytest.mark.parametrize("value", [b"", b"\xff", b"[" * 100_000, b"null", b"{}", b'{"record":"Tick","at":"2026-01-01T00:00:00Z"}'])
def test_what_is_no_word_of_a_worker_is_none(value: bytes) -> None:
    assert working(value) is None


def test_no_two_workers_have_one_name() -> None:
    one, other = myself(["fuse"], None), myself(["fuse"], None)
    assert one.worker != other.worker
    assert one.format == FORMAT
    assert msgspec.json.decode(msgspec.json.encode(one), type=Working) == one


def test_who_is_at_work_is_who_spoke_last_not_long_ago() -> None:
    said = [at(0, A_OLD), at(5, B_OLD), left(6, "b"), at(10, C_NEW), at(20, A_OLD)]
    assert [w.worker for w in present(said, NOON + timedelta(seconds=25))] == ["a", "c"]
    assert [w.worker for w in present(said, NOON + timedelta(seconds=45))] == ["a"]
