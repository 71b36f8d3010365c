"""What one changelog partition says: its records in, the rows of a stage's states and the position they are of out. Pure.

A batch is made to last by one *commit* record that holds all rows it changes and the last input offset it took in; then each
row follows by itself, under its own key, so that compaction keeps the newest of each. Whoever reads the changelog takes the
rows as they come and lays the last commit over them: rows of a batch that was broken off are in its commit, or not there at
all. So a batch counts whole or not at all, although the cluster writes one record at a time.

Rows that are too many for one record lie in *parts* before the commit, under keys of their own, and count with it. A part that a
later batch has written over is missed by nobody: before that batch began, all rows of this one followed by themselves.

Every record bears the *epoch* of its writer, counted up each time the partition changes hands. Records of a lower epoch than one
before them come from a writer that had lost the partition and did not know yet; they are passed over.
"""

from collections.abc import Iterator, Mapping

import msgspec

from streams.records import Part
from streams.runtime.states import Row

EPOCH = "epoch"
"""Header of every record: the epoch of its writer, in digits."""
COMMIT = b"commit"
"""Key of the commit records, and what the keys of their parts begin with; of each partition compaction keeps the last."""
PART_BYTES = 4 * 2**20
"""Of rows in one record of a commit; a larger row goes by itself."""
CONTROL: Row = ("", "control", "")
"""The row of the stage's control."""

Write = tuple[bytes, bytes | None]
"""Key and value of a record to append; the value None deletes."""


class Commit(Part, frozen=True, kw_only=True, array_like=True):
    """One batch."""

    epoch: int
    position: int
    """Offset of the last entry of the input log that it took in."""
    rows: list[tuple[Row, bytes | None]]
    parts: int = 0
    """How many parts with more of its rows lie before it; of a part, how many lie before that one."""
    number: int = 0
    """Of the batch, counted within the epoch."""


class Ledger:
    """The rows of one partition.

    Args:
        part_bytes: Of rows in one record of a commit.

    Attributes:
        position: Offset of the last input entry that the rows are of; -1 if none is.
        epoch: Of whoever writes now; the highest that was read until `settle`.
        read_to: Offset of the last changelog record that was read; -1 if none was.
        passed_over: How many records of former writers were ignored.
    """

    def __init__(self, part_bytes: int = PART_BYTES) -> None:
        self.position = -1
        self.epoch = 0
        self.read_to = -1
        self.passed_over = 0
        self._heads: dict[str, bytes] = {}
        self._entries: dict[str, dict[tuple[str, str], bytes]] = {}
        self._part_bytes = part_bytes
        self._begun = 0
        """Batches of this epoch."""
        self._commits: dict[bytes, bytes] = {}
        """The last commit and its parts, and what is left of earlier parts, by key."""
        self._outdated: set[bytes] = set()

    def read(self, offset: int, key: bytes | None, value: bytes | None, epoch: int) -> None:
        """Take in one record of the changelog; they come in order."""
        self.read_to = offset
        if key is None:
            return
        if epoch < self.epoch:
            self.passed_over += 1
            self._outdated.add(key)
            return
        self.epoch = epoch
        self._outdated.discard(key)
        if not key.startswith(COMMIT):
            self._set(row_of(key), value)
        elif value is not None:
            self._commits[key] = value

    def settle(self) -> list[Write]:
        """Lay the last commit over the rows, when all was read, and begin an epoch of our own.

        Returns:
            What to append before anything else: rows that only the last commit holds, and those that a former writer wrote last.
        """
        for commit in self._last_batch():
            self.position = commit.position
            for row, body in commit.rows:
                if self._get(row) != body:  # the writer was cut off; our next commit would be all that is left of this one
                    self._outdated.add(row_key(row))
                    self._set(row, body)
        self.epoch += 1
        self._begun = 0
        mended = [(key, self._value(key)) for key in sorted(self._outdated)]
        self._outdated.clear()
        return mended

    def commit(self, rows: Mapping[Row, bytes | None], position: int) -> list[Write]:
        """Change *rows*, as of *position*.

        Returns:
            The records to append, in order: parts of the commit, the commit, and the rows.
        """
        pieces = fitting(rows, self._part_bytes)
        keys = [*map(part_key, range(len(pieces) - 1)), COMMIT]
        self._begun += 1
        written = [
            (key, msgspec.msgpack.encode(Commit(epoch=self.epoch, position=position, rows=piece, parts=n, number=self._begun)))
            for n, (key, piece) in enumerate(zip(keys, pieces, strict=True))
        ]
        self._commits = dict(written)
        self.position = position
        for row, body in rows.items():
            self._set(row, body)
        return [*written, *((row_key(row), body) for row, body in rows.items())]

    def _last_batch(self) -> list[Commit]:
        """The last commit, and those of its parts that no later batch has written over."""
        if COMMIT not in self._commits:
            return []
        last = msgspec.msgpack.decode(self._commits[COMMIT], type=Commit)
        found = [self._commits[key] for n in range(last.parts) if (key := part_key(n)) in self._commits]
        parts = [msgspec.msgpack.decode(part, type=Commit) for part in found]
        return [*(p for p in parts if (p.epoch, p.number) == (last.epoch, last.number)), last]

    def of(self, key: str) -> dict[tuple[str, str], bytes]:
        """The rows of one key, by field and entry."""
        head = self._heads.get(key)
        return ({} if head is None else {("", ""): head}) | self._entries.get(key, {})

    def state_keys(self) -> Iterator[str]:
        """The key of every state. What has the key "" is of the partition: the control, and what is done beyond the position."""
        return (key for key in self._heads.keys() | self._entries.keys() if key)

    def heads(self) -> Iterator[tuple[Row, bytes]]:
        """The head of every state."""
        return (((key, "", ""), body) for key, body in self._heads.items())

    def rows(self) -> Iterator[tuple[Row, bytes]]:
        """Everything, the control included."""
        yield from self.heads()
        for key, entries in self._entries.items():
            yield from (((key, *piece), body) for piece, body in entries.items())

    @property
    def control(self) -> bytes | None:
        """The stage's control in this partition."""
        return self._get(CONTROL)

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._heads) + sum(map(len, self._entries.values()))

    def _value(self, key: bytes) -> bytes | None:
        if key.startswith(COMMIT):
            return self._commits.get(key)
        return self._get(row_of(key))

    def _get(self, row: Row) -> bytes | None:
        key, name, entry = row
        return self._heads.get(key) if name == "" else self._entries.get(key, {}).get((name, entry))

    def _set(self, row: Row, body: bytes | None) -> None:
        key, name, entry = row
        if name == "":
            if body is None:
                self._heads.pop(key, None)
            else:
                self._heads[key] = body
        elif body is not None:
            self._entries.setdefault(key, {})[name, entry] = body
        elif (entries := self._entries.get(key)) is not None:
            entries.pop((name, entry), None)
            if not entries:
                del self._entries[key]


def fitting(rows: Mapping[Row, bytes | None], most_bytes: int) -> list[list[tuple[Row, bytes | None]]]:
    """Cut *rows* into pieces of at most so many bytes, or of one row; at least one piece, which may be empty."""
    pieces: list[list[tuple[Row, bytes | None]]] = [[]]
    size = 0
    for row, body in rows.items():
        length = len(body or b"") + sum(map(len, row))
        if pieces[-1] and size + length > most_bytes:
            pieces.append([])
            size = 0
        pieces[-1].append((row, body))
        size += length
    return pieces


def done_row(offset: int) -> Row:
    """The row that says that an input entry beyond the position is done."""
    return ("", "done", str(offset))


def part_key(number: int) -> bytes:
    """The key of a commit's part."""
    return COMMIT + b"-%d" % number


def row_key(row: Row) -> bytes:
    """The key of a row's records."""
    return msgspec.msgpack.encode(row)


def row_of(key: bytes) -> Row:
    """The row back."""
    row: Row = msgspec.msgpack.decode(key, type=Row)
    return row
