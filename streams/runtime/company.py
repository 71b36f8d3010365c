"""Who else works: each worker says what it runs, and joins only those that read and write as it does.

Two detectors at work on one stage would take turns: an article's revision read by the other one takes back what the first had found,
and says it anew. So the readers of one stage are of one version, and those who write and read one state are of one record format.

What they say lies in the topic `workers`, in one partition and so in one order, with the brokers' time. Whether a worker is in the
company follows from what lies before its word there (`refusal`), for it as for all others; of two that come at once the second
gives way.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import metadata
from typing import Any, NamedTuple, Self

import msgspec

from streams.errors import ExplainedError
from streams.runtime.cluster import Cluster, ClusterError
from streams.runtime.layout import topic_name
from streams.runtime.logs import Logs
from streams.runtime.rekey import Append
from streams.settings import Kafka
from streams.topics import UNREADABLE, WORKERS, Working

SAID_EVERY = 10.0
"""Seconds from one word to the next."""
LIVE = timedelta(seconds=30)
"""Whoever said nothing for so long is taken for dead: two words may be lost."""
FORGOTTEN = timedelta(minutes=10)
"""After so long its last word is taken out of the topic, by whoever joins."""
REMEDY = "stop the workers of that stage first, all of them, then start those that are to go on (docs/operations.md, Upgrade)"
LEAVE_SECONDS = 5.0
"""For the last word; without it the others wait until `LIVE` has passed."""


class CompanyError(ExplainedError, RuntimeError):
    """Others run the same stage by another version; the text says who, what differs, and what to do."""


class Word(NamedTuple):
    """One record of the topic."""

    at: datetime
    """When the brokers took it."""
    worker: str
    says: Working | None
    """None: it has left."""


def myself(stages: Sequence[str], reader: str | None) -> Working:
    """What this process says of itself."""
    now = datetime.now(UTC)
    name = f"{socket.gethostname()}:{os.getpid()}:{now:%Y%m%dT%H%M%S.%fZ}"
    return Working(worker=name, stages=tuple(stages), release=metadata.version("tocsin"), reader=reader, at=now)


def refusal(me: str, words: Iterable[Word], live: timedelta = LIVE) -> list[str]:
    """Why *me* may not work, a line for each other worker; empty if it may.

    Args:
        words: All that was said, in order, up to and with my last word.
        live: For how long a word counts.
    """
    company: dict[str, Word] = {}
    refused: list[str] = []
    for word in words:
        company = {name: known for name, known in company.items() if word.at - known.at <= live}
        if word.says is None:
            company.pop(word.worker, None)
            continue
        against: list[str] = []
        if word.worker not in company:
            others = (known.says for known in company.values())
            against = [line for other in others if other is not None for line in differences(word.says, other)]
        if not against:
            company[word.worker] = word
        if word.worker == me:
            refused = against
    return refused


def differences(one: Working, other: Working) -> list[str]:
    """What keeps *one* from working beside *other*, a line for each; empty if nothing does."""
    shared = [stage for stage in one.stages if stage in other.stages]
    who, found = f"{other.worker} (Tocsin {other.release})", list[str]()
    if shared and one.format != other.format:
        found.append(f"{who} runs {', '.join(shared)} with records of format {other.format}, this one with {one.format}")
    if one.reader and other.reader and one.reader != other.reader:
        found.append(f"{who} detects with {other.reader}; this one with {one.reader}")
    return found


def forgotten(words: Sequence[Word]) -> list[str]:
    """Workers that ended without a last word, long before the last of *words*."""
    last = {word.worker: word for word in words}
    return [name for name, word in last.items() if word.says is not None and words[-1].at - word.at > FORGOTTEN]


def present(words: Iterable[Word], at: datetime, live: timedelta = LIVE) -> list[Working]:
    """Who is at work at *at*, in the order in which they were first heard."""
    last = {word.worker: word for word in words}
    return [word.says for word in last.values() if word.says is not None and at - word.at <= live]


def read_words(kafka: Kafka, logs: Logs) -> list[Word]:
    """All that was said, in order.

    Raises:
        ClusterError: The brokers are away, or lack the topic.
    """
    topic = topic_name(kafka.prefix, WORKERS)
    with Cluster(kafka) as cluster:
        start, end = cluster.starts(topic)[0], cluster.ends(topic)[0]
    return [word for record in logs.read(topic, 0, start, end) if (word := word_of(record)) is not None]


def word_of(record: Any) -> Word | None:
    """What a record of the topic says; None if it is no word of a worker."""
    says = None if record.value is None else working(record.value)
    if record.key is None or (says is None and record.value is not None):
        return None
    return Word(datetime.fromtimestamp(record.timestamp / 1000, UTC), record.key.decode(errors="replace"), says)


def working(value: bytes) -> Working | None:
    """What a worker of any version says; None if it is no such word."""
    try:
        return msgspec.json.decode(value, type=Working)
    except UNREADABLE:
        return None


class Company:
    """This worker among the others, from its first word to its last; use it in a ``with``.

    Args:
        me: What it says, see `myself`.
        lost: Told, in another thread, that it may no longer work, as others came while it was not heard of.
        every_seconds: From one word to the next.
        live: For how long a word counts; the same for all.
    """

    def __init__(
        self,
        kafka: Kafka,
        me: Working,
        lost: Callable[[CompanyError], object],
        *,
        every_seconds: float = SAID_EVERY,
        live: timedelta = LIVE,
    ) -> None:
        self._kafka, self._me, self._lost = kafka, me, lost
        self._every, self._live = every_seconds, live
        self._topic = topic_name(kafka.prefix, WORKERS)
        self._logs: Logs
        self._heard = 0.0
        """Monotonic time of the last word that the brokers took."""
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._stay, name="company", daemon=True)  # brokers that are away hold up no end

    def __enter__(self) -> Self:
        """Join.

        Raises:
            CompanyError: Others are at work that this one cannot join.
            ClusterError: The brokers are away, or lack the topic.
        """
        with Cluster(self._kafka) as cluster:
            cluster.starts(self._topic)  # where it is missing, that is told
        self._logs = Logs(self._kafka)
        try:
            self._join()
        except BaseException:
            self._logs.close()
            raise
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        self._thread.join(LEAVE_SECONDS)

    def _join(self) -> None:
        """Say that we are here, and see whether we may be."""
        self._say(self._me)
        words = self._words()
        if against := refusal(self._me.worker, words, self._live):
            self._say(None)
            raise CompanyError("\n".join(("others are at work that this worker cannot join:", *against, REMEDY)))
        self._write(dict.fromkeys(forgotten(words)))

    def _again(self) -> None:
        """Say that we are still here; if the others may have taken us for dead, as if we came anew."""
        if time.monotonic() - self._heard > self._live.total_seconds():
            self._join()
        else:
            self._say(self._me)

    def _stay(self) -> None:
        """Say it again and again; when we leave, that we do, unless the brokers are away."""
        while not self._leaving.wait(self._every):
            try:
                self._again()
            except ClusterError:
                continue  # the brokers are away: whoever reads and writes learns more, and the next word may be heard
            except CompanyError as error:
                self._lost(error)
                return
        if time.monotonic() - self._heard < 2 * self._every:
            with suppress(ClusterError):
                self._say(None)
        self._logs.close()

    def _say(self, what: Working | None) -> None:
        self._write({self._me.worker: what})
        self._heard = time.monotonic()

    def _write(self, words: Mapping[str, Working | None]) -> None:
        self._logs.append(
            self._topic, [Append(0, 0, name.encode(), None if says is None else WORKERS.encode(says)) for name, says in words.items()]
        )

    def _words(self) -> list[Word]:
        """All that was said, up to and with our last word."""
        words = read_words(self._kafka, self._logs)
        last = max(i for i, word in enumerate(words) if word.worker == self._me.worker)
        return words[: last + 1]
