"""The state file of the embedded runtime: every topic, state and position in one SQLite database. The one door to sqlite3."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Self

import msgspec

from streams.errors import ExplainedError
from streams.records import Part

SCHEMA_VERSION = 2
SCHEMA = """
CREATE TABLE log (topic TEXT, offset INTEGER, at TEXT, body BLOB, PRIMARY KEY (topic, offset));
CREATE TABLE state (stage TEXT, key TEXT, field TEXT, entry TEXT, body BLOB, PRIMARY KEY (stage, key, field, entry)) WITHOUT ROWID;
CREATE INDEX state_head ON state (stage) WHERE field = '';
CREATE TABLE position (reader TEXT PRIMARY KEY, offset INTEGER, control BLOB) WITHOUT ROWID;
CREATE TABLE memory (owner TEXT, key TEXT, body BLOB, PRIMARY KEY (owner, key)) WITHOUT ROWID;
"""
STATE = SCHEMA[SCHEMA.index("CREATE TABLE state") : SCHEMA.index("CREATE TABLE position")]
FROM_1 = """
ALTER TABLE state RENAME TO old;
DROP INDEX state_due;
{STATE}
INSERT INTO state SELECT stage, key, '', '',
    CAST('[' || coalesce('"' || due || '"', 'null') || ',' || CAST(body AS TEXT) || ']' AS BLOB) FROM old;
DROP TABLE old;
UPDATE position SET control = CAST('[-1,' || CAST(control AS TEXT) || ']' AS BLOB) WHERE control IS NOT NULL;
""".replace("{STATE}", STATE)
"""Format 1 kept a state whole, with its due time beside it; a state read from there is written in rows when it changes."""

JOURNAL_BYTES = 64 * 2**20
"""To which the write-ahead log shrinks again after a burst."""
Entry = tuple[int, datetime, bytes]
"""Offset, time and bytes of an entry of a log."""
PRUNED_AT_ONCE = 2000
"""Entries dropped in one transaction: others wait for it."""


MOVED = ("moved", "kafka")
"""Owner and key of the memory that says where the file was carried to."""


class StoreError(ExplainedError, RuntimeError):
    """The state file cannot be used; the text says which, why, and what to do. Nothing in it was changed."""


@dataclass
class Batch:
    """What is to be committed together."""

    records: list[tuple[str, datetime, bytes]] = field(default_factory=list)
    """Topic, time and bytes, in order."""
    states: dict[tuple[str, str, str, str], bytes | None] = field(default_factory=dict)
    """Rows of states, by stage, key, field and entry; None forgets."""
    positions: dict[str, int] = field(default_factory=dict)
    """By reader: the offset of the next entry to read."""
    controls: dict[str, bytes] = field(default_factory=dict)
    """By reader: its control after the batch."""
    memory: dict[tuple[str, str], bytes | None] = field(default_factory=dict)
    """By owner and key: whatever an acting part must remember with the records."""


class Moved(Part, frozen=True, kw_only=True):
    """That a state file was carried into Kafka, where the river goes on."""

    servers: tuple[str, ...]
    prefix: str
    """Of the topics there."""
    done: bool = False
    """Whether all is there."""

    def __str__(self) -> str:
        return f"the topics {self.prefix}.* of Kafka at {','.join(self.servers)}"


class Store:
    """One file, one process. Threads may share it.

    Raises:
        StoreError: The file is in use by another process, unwritable, damaged, of a newer version, carried into Kafka, or the disk is full.
    """

    def __init__(self, path: Path, *, durable: bool = True, moving: bool = False) -> None:
        """Open or create the state file.

        Args:
            durable: Survive a loss of power, not only of the process, at the price of a disk flush a batch.
            moving: Also one that was begun to be carried into Kafka.
        """
        self.path = path
        self._lock = threading.RLock()
        self.appended = threading.Condition(self._lock)
        self.listeners: list[Callable[[], None]] = []
        """Called after each commit that appended something, in the thread that committed; they must not block."""
        self._guard = _claim(path)
        try:
            with _explained(path):
                self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                self._db.execute(f"PRAGMA journal_size_limit={JOURNAL_BYTES}")
                self._create()
                self._next = self._ends()
            self._stay(moving=moving)
        except StoreError:
            self._guard.close()
            raise

    def _stay(self, *, moving: bool) -> None:
        """See that the river does not go on elsewhere: two that go on from one file tell everything twice."""
        moved = self.moved
        if moved is None or (moving and not moved.done):
            return
        if moved.done:
            raise StoreError(
                f"{self.path}: was carried into {moved}, and the river goes on there: start `tocsin work`, `deliver` and `poll`; or name "
                "another file with TOCSIN_STATE (docs/operations.md, From one machine to Kafka)"
            )
        raise StoreError(
            f"{self.path}: was begun to be carried into {moved}; finish that with `tocsin migrate`, or go back to the copy that was made "
            "before (docs/operations.md, From one machine to Kafka)"
        )

    @property
    def moved(self) -> Moved | None:
        """Where the file was carried to, or begun to be; None if it was not."""
        owner, key = MOVED
        body = self.memories(owner).get(key)
        return None if body is None else msgspec.json.decode(body, type=Moved)

    def move(self, to: Moved) -> None:
        """Say that the file is carried to *to*."""
        self.commit(Batch(memory={MOVED: msgspec.json.encode(to)}))

    def _create(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self.path}: written by a newer Tocsin (format {version}, this one reads {SCHEMA_VERSION}); use that one, or another file"
            )
        if version == 0:
            self._db.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
        elif version == 1:
            self._db.executescript(f"BEGIN; {FROM_1} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")

    def _ends(self) -> dict[str, int]:
        """Where each topic goes on, also one whose entries were all pruned."""
        ends: dict[str, int] = dict(self._db.execute("SELECT topic, MAX(offset) + 1 FROM log GROUP BY topic").fetchall())
        for reader, offset in self._db.execute("SELECT reader, offset FROM position WHERE reader LIKE 'end:%'"):
            topic = reader.removeprefix("end:")
            ends[topic] = max(offset, ends.get(topic, 0))
        return ends

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and give it free."""
        with self._lock:
            self._db.close()
            self._guard.close()

    def commit(self, batch: Batch) -> None:
        """Write everything in *batch*, or nothing."""
        with self._lock, _explained(self.path), self._transaction():
            for topic, at, body in batch.records:
                offset = self._next.get(topic, 0)
                self._db.execute("INSERT INTO log VALUES (?, ?, ?, ?)", (topic, offset, stamp(at), body))
                self._next[topic] = offset + 1
            for row, body_or_none in batch.states.items():
                self._put("state", ("stage", "key", "field", "entry"), row, body_or_none)
            for reader, offset in batch.positions.items():
                self._db.execute(
                    "INSERT INTO position VALUES (?, ?, ?) ON CONFLICT (reader) "
                    "DO UPDATE SET offset = excluded.offset, control = coalesce(excluded.control, control)",
                    (reader, offset, batch.controls.get(reader)),
                )
            for name, body_or_none in batch.memory.items():
                self._put("memory", ("owner", "key"), name, body_or_none)
            if batch.records:
                self.appended.notify_all()
        for listener in self.listeners if batch.records else ():
            listener()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        before = dict(self._next)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._next = before
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _put(self, table: str, names: tuple[str, ...], key: tuple[str, ...], body: bytes | None) -> None:
        if body is None:
            self._db.execute(f"DELETE FROM {table} WHERE {' AND '.join(f'{n} = ?' for n in names)}", key)  # noqa: S608  constants of this module
        else:
            marks = ", ".join("?" * (len(key) + 1))
            self._db.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", (*key, body))  # noqa: S608  constants of this module

    def read(self, topic: str, start: int = 0, limit: int = -1) -> list[tuple[int, bytes]]:
        """Entries of *topic* from offset *start* on, in order, at most *limit* (-1: all)."""
        with self._lock, _explained(self.path):
            return self._db.execute(
                "SELECT offset, body FROM log WHERE topic = ? AND offset >= ? ORDER BY offset LIMIT ?", (topic, start, limit)
            ).fetchall()

    def entries(self, topic: str, start: int, limit: int) -> list[Entry]:
        """As `read`, with the time at which each was made."""
        with self._lock, _explained(self.path):
            rows = self._db.execute(
                "SELECT offset, at, body FROM log WHERE topic = ? AND offset >= ? ORDER BY offset LIMIT ?", (topic, start, limit)
            ).fetchall()
            return [(offset, unstamp(at), body) for offset, at, body in rows]

    def end(self, topic: str) -> int:
        """The offset that the next record of *topic* will have."""
        return self._next.get(topic, 0)

    def position(self, reader: str) -> tuple[int, bytes | None]:
        """Where *reader* goes on, and its control."""
        with self._lock, _explained(self.path):
            row = self._db.execute("SELECT offset, control FROM position WHERE reader = ?", (reader,)).fetchone()
            return row or (0, None)

    def state(self, stage: str, key: str) -> dict[tuple[str, str], bytes]:
        """The rows of one key, by field and entry."""
        with self._lock, _explained(self.path):
            rows = self._db.execute("SELECT field, entry, body FROM state WHERE stage = ? AND key = ?", (stage, key)).fetchall()
            return {(name, entry): body for name, entry, body in rows}

    def heads(self, stage: str) -> list[tuple[tuple[str, str, str], bytes]]:
        """The heads of all states of *stage*, by their rows' names."""
        with self._lock, _explained(self.path):
            found = self._db.execute("SELECT key, body FROM state WHERE stage = ? AND field = ''", (stage,)).fetchall()
            return [((key, "", ""), body) for key, body in found]

    def rows(self, stage: str) -> Iterator[tuple[tuple[str, str, str], bytes]]:
        """All rows of the states of *stage*, with their names, in the order of these."""
        with self._lock, _explained(self.path):
            found = self._db.execute("SELECT key, field, entry, body FROM state WHERE stage = ? ORDER BY key, field, entry", (stage,))
            yield from (((key, name, entry), body) for key, name, entry, body in found)

    def names(self) -> dict[str, set[str]]:
        """Who and what the file knows, by kind: stages, readers, topics, and owners of memories."""
        asked = {"stage": "state", "reader": "position", "topic": "log", "owner": "memory"}
        with self._lock, _explained(self.path):
            found = {kind: {name for (name,) in self._db.execute(f"SELECT DISTINCT {kind} FROM {table}")} for kind, table in asked.items()}  # noqa: S608  constants
        found["reader"] = {name for name in found["reader"] if not name.startswith("end:")}
        return found

    def count(self, stage: str, field: str) -> int:
        """How many entries the large field of all states of *stage* has."""
        with self._lock, _explained(self.path):
            found: tuple[int] = self._db.execute("SELECT count(*) FROM state WHERE stage = ? AND field = ?", (stage, field)).fetchone()
            return found[0]

    def memories(self, owner: str) -> dict[str, bytes]:
        """Whatever *owner* remembers, by key."""
        with self._lock, _explained(self.path):
            return dict(self._db.execute("SELECT key, body FROM memory WHERE owner = ?", (owner,)))

    def prune(self, before: datetime, readers: Iterable[tuple[str, str]]) -> int:
        """Drop entries older than *before* that every reader is past; say how many.

        Args:
            readers: Pairs of reader and topic; a topic that nobody reads is pruned by age alone.
        """
        limits: dict[str, int] = {}
        for reader, topic in readers:
            limits[topic] = min(limits.get(topic, self.end(topic)), self.position(reader)[0])
        return sum(self._prune_topic(topic, limits.get(topic, end), before) for topic, end in list(self._next.items()))

    def _prune_topic(self, topic: str, read: int, before: datetime) -> int:
        """Drop the old entries of one topic, a few at a time, so that nobody waits long."""
        dropped, more = 0, True
        while more:
            with self._lock, _explained(self.path), self._transaction():
                rows = self._db.execute(
                    "SELECT offset, at FROM log WHERE topic = ? AND offset < ? ORDER BY offset LIMIT ?", (topic, read, PRUNED_AT_ONCE)
                ).fetchall()
                old = [offset for offset, at in rows if at < stamp(before)]
                more = bool(rows) and len(old) == PRUNED_AT_ONCE
                self._db.executemany("DELETE FROM log WHERE topic = ? AND offset = ?", [(topic, offset) for offset in old])
                self._db.execute("INSERT OR REPLACE INTO position VALUES (?, ?, NULL)", (f"end:{topic}", self.end(topic)))
                dropped += len(old)
        return dropped


def contents(path: Path) -> dict[str, int]:
    """How many entries lie in each topic of a state file, which another process may be using.

    Raises:
        StoreError: It cannot be read.
    """
    with _explained(path), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:
            return {}  # begun, and nothing written yet
        return dict(db.execute("SELECT topic, COUNT(*) FROM log GROUP BY topic ORDER BY topic").fetchall())


def peek(path: Path, topic: str) -> list[bytes]:
    """The entries of one topic of a state file, in order, which another process may be using.

    Raises:
        StoreError: It cannot be read.
    """
    with _explained(path), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:
            return []  # begun, and nothing written yet
        return [body for (body,) in db.execute("SELECT body FROM log WHERE topic = ? ORDER BY offset", (topic,))]


def back_up(path: Path, to: Path) -> int:
    """Copy a state file, which another process may be using and writing, as it is at one moment; say how many bytes that are.

    The copy is whole or it is not there: it is written beside its place, checked, and moved in.

    Raises:
        StoreError: It cannot be read, or the copy cannot be written, or is there already.
    """
    if not path.exists():
        raise StoreError(f"{path}: there is no state file; name it with TOCSIN_STATE")
    if to.exists():
        raise StoreError(f"{to}: is there already, and is not written over; name another file, or move it away")
    beside = to.with_name(f"{to.name}.part")
    with _explained(path), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source:
        try:
            beside.unlink(missing_ok=True)
            with closing(sqlite3.connect(beside)) as copy:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, to be carried away
                found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        except (OSError, sqlite3.Error) as error:
            beside.unlink(missing_ok=True)
            raise StoreError(f"{to}: the copy cannot be written ({error}); make room, or name another place") from error
    if found != "ok":
        beside.unlink(missing_ok=True)
        raise StoreError(f"{path}: is damaged ({found}); go on from the last copy that is whole")
    beside.replace(to)
    return to.stat().st_size


def stamp(at: datetime) -> str:
    """A time as text that sorts as times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def unstamp(text: str) -> datetime:
    """The time back."""
    return datetime.fromisoformat(text)


def _claim(path: Path) -> IO[str]:
    """Hold the file for this process; the operating system gives it free when the process ends, however it ends."""
    lock = path.with_name(path.name + ".lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        guard = lock.open("a+")
    except OSError as error:
        raise StoreError(
            f"{path}: the state file cannot be written ({error.strerror}); make its folder writable, or name another with TOCSIN_STATE"
        ) from error
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        guard.seek(0)
        holder = guard.read().strip() or "unknown"
        guard.close()
        raise StoreError(
            f"{path}: in use by another tocsin (process {holder}); stop that one, or name another file with TOCSIN_STATE"
        ) from error
    guard.seek(0)
    guard.truncate()
    guard.write(str(os.getpid()))
    guard.flush()
    return guard


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says into what to do."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        advice = {
            "disk is full": "free some space and start again; nothing that was accepted is lost",
            "readonly": "make the file and its folder writable, or name another with TOCSIN_STATE",
            "unable to open": "make its folder exist and writable, or name another with TOCSIN_STATE",
            "not a database": "this is no state file of Tocsin; move it away, or name another with TOCSIN_STATE",
            "malformed": "the file is damaged; restore a copy, or move it away and start anew",
            "I/O error": "look at the disk; nothing that was accepted is lost",
        }
        what = next((a for sign, a in advice.items() if sign in text), "see the message")
        raise StoreError(f"{path}: {text}: {what}") from error
