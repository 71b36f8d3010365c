"""JSON Lines in and out: each line asked is answered, in the order asked, without waiting for the end of the input."""

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

import msgspec

BATCH = 64
"""Lines answered together when they are there: what one batch of the parser likes."""


class Line(msgspec.Struct, frozen=True):
    """One line of the input: what it asks, or what is wrong with it."""

    number: int
    asked: Any = None
    id: str | None = None
    error: str | None = None


def read_line(number: int, data: bytes, kind: Any) -> Line:
    """Read one line as *kind*."""
    try:
        return Line(number=number, asked=msgspec.json.decode(data, type=kind))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Line(number=number, id=_id(data), error=str(error))


def _id(data: bytes) -> str | None:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return found["id"] if isinstance(found, dict) and isinstance(found.get("id"), str) else None


def batches(stream: IO[bytes], kind: Any) -> Iterator[list[Line]]:
    """Lines of *stream* as they come: at least one, at most 64, empty ones passed over."""
    waiting: queue.Queue[Line | None] = queue.Queue(maxsize=4 * BATCH)

    def fill() -> None:
        for number, data in enumerate(lines_of(stream), start=1):
            if data.strip():
                waiting.put(read_line(number, data, kind))
        waiting.put(None)

    threading.Thread(target=fill, daemon=True).start()
    while (first := waiting.get()) is not None:
        batch = [first]
        while len(batch) < BATCH:
            try:
                following = waiting.get_nowait()
            except queue.Empty:
                break
            if following is None:
                waiting.put(None)
                break
            batch.append(following)
        yield batch


def lines_of(stream: IO[bytes]) -> Iterator[bytes]:
    """The lines of *stream* as they come.

    Past Python's own buffer: a thread that waits inside it would abort the interpreter when the command ends before its input.
    """
    rest = b""
    while chunk := os.read(stream.fileno(), 1 << 16):
        *whole, rest = (rest + chunk).split(b"\n") if b"\n" in chunk else (rest + chunk,)
        yield from whole
    if rest:
        yield rest


def put(answer: dict[str, Any]) -> None:
    """Write one line."""
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")


def answer(
    stream: IO[bytes],
    kind: Any,
    work: Callable[[Sequence[Any]], Sequence[Any]],
    *,
    strict: bool,
    encode: Callable[[Any], bytes] = msgspec.json.encode,
) -> int:
    """Answer every line of *stream* on standard output.

    Args:
        work: From what was asked to the answers, one each, in order.
        encode: From an answer to its bytes; what cannot be read is answered in JSON.
        strict: Stop with 2 at the first line that cannot be read.

    Returns:
        The exit status.
    """
    for batch in batches(stream, kind):
        good = iter(work([line.asked for line in batch if line.error is None]))
        for line in batch:
            if line.error is None:
                sys.stdout.buffer.write(encode(next(good)) + b"\n")
                continue
            print(f"line {line.number}: {line.error}; each line must be one JSON object as docs/contract.md says", file=sys.stderr)
            if strict:
                sys.stdout.buffer.flush()
                return 2
            put({"id": line.id, "error": line.error})
        sys.stdout.buffer.flush()
    return 0
