"""The state file: all or nothing, one process at a time, and a clear word when it cannot be used."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from streams.runtime.states import RowStates, waiting_in
from streams.runtime.store import Batch, Store, StoreError, back_up, contents, peek
from tests.streams.runtime.test_states import SHELF, Shelf, shelf
from tests.streams.saying import NOON


def entry(text: str, topic: str = "t", hours: float = 0) -> Batch:
    return Batch(records=[(topic, NOON + timedelta(hours=hours), text.encode())])


def test_what_was_committed_is_there_after_reopening(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store:
        store.commit(
            Batch(
                records=[("t", NOON, b"one")],
                states={("s", "k", "", ""): b"head", ("s", "k", "f", "e"): b"row"},
                positions={"s": 1},
                controls={"s": b"c"},
            )
        )
    with Store(tmp_path / "s.db") as store:
        assert store.read("t") == [(0, b"one")]
        assert store.state("s", "k") == {("", ""): b"head", ("f", "e"): b"row"}
        assert store.heads("s") == [(("k", "", ""), b"head")]
        assert store.position("s") == (1, b"c")
        store.commit(entry("two"))
        assert store.read("t", 1) == [(1, b"two")]


def test_a_failed_commit_leaves_nothing(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store:
        bad = Batch(records=[("t", NOON, b"one"), ("t", NOON, object())])  # type: ignore[list-item]
        with pytest.raises(StoreError):
            store.commit(bad)
        assert store.read("t") == []
        store.commit(entry("one"))
        assert store.read("t") == [(0, b"one")]


def test_a_second_process_on_the_same_file_is_refused_with_the_holders_number(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with Store(path):
        code = f"from pathlib import Path; from streams.runtime.store import Store; Store(Path({str(path)!r}))"
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert f"in use by another tocsin (process {os.getpid()}); stop that one, or name another file with TOCSIN_STATE" in run.stderr


def test_the_file_is_free_again_after_closing(tmp_path: Path) -> None:
    Store(tmp_path / "s.db").close()
    Store(tmp_path / "s.db").close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file/s.db: the state file cannot be written .*TOCSIN_STATE"):
        Store(tmp_path / "file" / "s.db")


def test_a_file_that_is_no_state_file_is_said_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_text("a diary, " * 200)
    with pytest.raises(StoreError, match="no state file of Tocsin"):
        Store(path)
    assert path.read_text().startswith("a diary")


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    Store(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(StoreError, match="written by a newer Tocsin"):
        Store(path)


def test_a_full_disk_is_said_and_what_was_accepted_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with Store(path) as store:
        store.commit(entry("kept"))
        store._db.execute(f"PRAGMA max_page_count={store._db.execute('PRAGMA page_count').fetchone()[0]}")
        with pytest.raises(StoreError, match="full: free some space"):
            store.commit(entry("x" * 1_000_000))
        assert store.read("t") == [(0, b"kept")]
    with Store(path) as store:
        store.commit(entry("after"))
        assert [body for _, body in store.read("t")] == [b"kept", b"after"]


def test_pruning_drops_what_is_old_and_read_and_offsets_go_on(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store:
        for hours in range(4):
            store.commit(entry(str(hours), hours=hours))
        store.commit(Batch(positions={"reader": 2}))
        assert store.prune(NOON + timedelta(hours=3), [("reader", "t")]) == 2
        assert store.read("t") == [(2, b"2"), (3, b"3")]
        store.commit(Batch(positions={"reader": 4}))
        assert store.prune(NOON + timedelta(hours=9), [("reader", "t")]) == 2
    with Store(tmp_path / "s.db") as store:
        store.commit(entry("next"))
        assert store.read("t") == [(4, b"next")]


def test_listeners_hear_of_every_append(tmp_path: Path) -> None:
    heard = list[int]()
    with Store(tmp_path / "s.db") as store:
        store.listeners.append(lambda: heard.append(1))
        store.commit(entry("one"))
        store.commit(Batch(positions={"reader": 1}))
    assert heard == [1]


def test_the_contents_are_told_while_another_holds_the_file(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store:
        store.commit(entry("one"))
        assert contents(tmp_path / "s.db") == {"t": 1}


def test_a_file_that_was_only_begun_has_no_contents(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "s.db").execute("PRAGMA journal_mode=WAL")
    assert contents(tmp_path / "s.db") == {}


def test_a_file_of_format_1_is_taken_over_with_states_due_times_and_control(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with sqlite3.connect(path) as db:
        db.executescript(
            """
            CREATE TABLE log (topic TEXT, offset INTEGER, at TEXT, body BLOB, PRIMARY KEY (topic, offset));
            CREATE TABLE state (stage TEXT, key TEXT, due TEXT, body BLOB, PRIMARY KEY (stage, key));
            CREATE INDEX state_due ON state (stage, due) WHERE due IS NOT NULL;
            CREATE TABLE position (reader TEXT PRIMARY KEY, offset INTEGER, control BLOB) WITHOUT ROWID;
            CREATE TABLE memory (owner TEXT, key TEXT, body BLOB, PRIMARY KEY (owner, key)) WITHOUT ROWID;
            PRAGMA user_version = 1;
            """
        )
        db.execute("INSERT INTO state VALUES ('shelf', 'k', ?, ?)", (NOON.isoformat(timespec="microseconds"), b'{"items":{"a":{"n":1}}}'))
        db.execute("INSERT INTO state VALUES ('shelf', 'l', NULL, ?)", (b'{"label":"old"}',))
        db.execute("INSERT INTO position VALUES ('shelf', 7, ?)", (b'{"rules":[]}',))
    with Store(path) as store:
        states = RowStates(SHELF, lambda key: store.state("shelf", key), waiting_in(store.heads("shelf")))
        assert states.next_due() == (NOON, "k")
        assert states.get("k") == shelf(a=1)
        assert states.get("l") == Shelf(label="old")
        assert store.position("shelf") == (7, b'[-1,{"rules":[]}]')
    Store(path).close()


WRITING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from streams.runtime.store import Batch, Store
with Store(Path(sys.argv[1]), durable=False) as store:
    print("begun", flush=True)
    while True:
        end = store.end("t")
        store.commit(Batch(records=[("t", datetime.now(UTC), b"x" * 5000)], positions={"reader": end + 1}))
"""


@contextmanager
def being_written(path: Path) -> Iterator[None]:
    """A state file into which another process writes without a pause."""
    with subprocess.Popen([sys.executable, "-c", WRITING, str(path)], stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"begun\n"
            yield
        finally:
            writer.kill()


def test_a_copy_of_a_file_that_is_being_written_is_of_one_moment(tmp_path: Path) -> None:
    with being_written(tmp_path / "s.db"):
        sizes = [back_up(tmp_path / "s.db", tmp_path / f"copy-{i}.db") for i in range(5)]
    assert sizes == [(tmp_path / f"copy-{i}.db").stat().st_size for i in range(5)]
    for i in range(5):
        with Store(tmp_path / f"copy-{i}.db") as copy:
            assert copy.position("reader")[0] == copy.end("t")
    assert not list(tmp_path.glob("*.part"))


def test_a_copy_put_in_place_of_the_file_goes_on_from_its_moment(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with Store(path) as store:
        store.commit(entry("one"))
        back_up(path, tmp_path / "copy.db")
        store.commit(entry("two"))
    for file in tmp_path.glob("s.db*"):
        file.unlink()
    (tmp_path / "copy.db").rename(path)
    with Store(path) as store:
        assert store.read("t") == [(0, b"one")]
        store.commit(entry("three"))
        assert store.read("t", 1) == [(1, b"three")]


def test_a_copy_that_was_cut_short_is_not_there_and_the_next_is(tmp_path: Path) -> None:
    path, to = tmp_path / "s.db", tmp_path / "copy.db"
    with Store(path, durable=False) as store:
        for _ in range(20):
            store.commit(Batch(records=[("t", NOON, os.urandom(1_000_000))]))
    code = "import sys, pathlib, streams.runtime.store as s; print(1, flush=True); s.back_up(*map(pathlib.Path, sys.argv[1:]))"
    with subprocess.Popen([sys.executable, "-c", code, str(path), str(to)], stdout=subprocess.PIPE) as copying:
        assert copying.stdout is not None
        copying.stdout.readline()
        copying.kill()
    if not to.exists():  # it may have been quicker than the kill
        assert back_up(path, to) > 20_000_000
    assert len(peek(to, "t")) == 20


def test_no_copy_is_written_over_and_no_file_is_no_copy(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"s\.db: there is no state file; name it with TOCSIN_STATE"):
        back_up(tmp_path / "s.db", tmp_path / "copy.db")
    with Store(tmp_path / "s.db") as store:
        store.commit(entry("one"))
    (tmp_path / "copy.db").write_bytes(b"older")
    with pytest.raises(StoreError, match=r"copy\.db: is there already, and is not written over"):
        back_up(tmp_path / "s.db", tmp_path / "copy.db")
    with pytest.raises(StoreError, match=r"gone/copy\.db: the copy cannot be written"):
        back_up(tmp_path / "s.db", tmp_path / "gone" / "copy.db")
