"""Rule and receiver files put in force, at the start and whenever they change; with mistakes in them, what was in force stays."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from alerts import canary
from alerts.commands.river import routes_of, rules_of
from alerts.records import Receiver, RoutesInForce, Rule, RulesInForce
from alerts.rules.load import RulesError
from alerts.topics import CONTROL
from streams import metrics
from streams.runtime.local import copies
from streams.runtime.store import Batch, Store
from streams.settings import Settings
from streams.stages import Stage
from streams.topics import content_of

_Named = TypeVar("_Named", Rule, Receiver)
LOOK_EVERY = 2.0
"""Seconds between two looks at the files."""
MEMORY = "control"


class Board(Protocol):
    """Where what is in force is written."""

    @property
    def ours(self) -> bool:
        """Whether it is for this process to say what is in force; of several only one may."""

    def in_force(self, kind: str) -> bytes | None:
        """The last control record of a kind, as `content_of` gives it; None if there was none."""

    async def enforce(self, record: Any) -> None:
        """Put a control record in force."""


class StoreBoard:
    """A `Board` in the state file: the record and its copies in one transaction."""

    ours = True

    def __init__(self, store: Store, stages: Sequence[Stage]) -> None:
        self._store, self._stages = store, stages

    def in_force(self, kind: str) -> bytes | None:
        return self._store.memories(MEMORY).get(kind)

    async def enforce(self, record: Any) -> None:
        entries = [(CONTROL.name, record.at, CONTROL.encode(record)), *copies(self._stages, record)]
        batch = Batch(records=entries, memory={(MEMORY, type(record).__name__): content_of(record)})
        await asyncio.to_thread(self._store.commit, batch)


class Configuration:
    """The files that decide who hears of what.

    Args:
        tell: Told in lines what was put in force, and what could not be.
        also: Receivers of this run that get everything, such as the sample's.
    """

    def __init__(self, settings: Settings, board: Board, tell: Callable[[str], None], clock: Callable[[], datetime]) -> None:
        self._settings, self._board, self._tell, self._clock = settings, board, tell, clock
        self.also: Sequence[Receiver] = ()
        self.canary = False
        """Whether the canary's rule and receiver are in force beside those of the files."""
        self._seen: tuple[tuple[str, int, int], ...] | None = None

    def check(self) -> None:
        """Read the files without putting them in force.

        Raises:
            RulesError: They have mistakes, and nothing is in force from an earlier run.
        """
        for _, kind, read in self._files():
            try:
                read()
            except RulesError:
                if self._board.in_force(kind.__name__) is None:
                    raise

    async def enforce(self) -> None:
        """Put in force whatever differs from what is; tell the mistakes of what cannot be read."""
        self._seen = await asyncio.to_thread(self._fingerprint)
        for what, kind, read in self._files():
            metrics.RELOAD_TIME.labels(what).set(self._clock().timestamp())
            try:
                record = await asyncio.to_thread(read)
            except RulesError as error:
                metrics.RELOAD_SUCCESS.labels(what).set(0)
                for mistake in error.mistakes:
                    self._tell(f"not in force: {mistake}")
                self._tell(f"{len(error.mistakes)} mistake{'s' if len(error.mistakes) > 1 else ''}; what was in force stays")
                continue
            except Exception as error:  # noqa: BLE001  no file may end the watch
                metrics.RELOAD_SUCCESS.labels(what).set(0)
                self._tell(f"not in force: the {what} cannot be read ({type(error).__name__}: {error}); what was in force stays")
                continue
            before = self._board.in_force(kind.__name__)
            if before != content_of(record):
                await self._board.enforce(record)
                self._tell(_in_force(record, before))
            metrics.RELOAD_SUCCESS.labels(what).set(1)
            for receiver in _written(record.receivers) if isinstance(record, RoutesInForce) else ():
                metrics.DEAD_LETTERS.labels(receiver.id)  # from 0 on, so that the first is seen to be one more

    async def watch(self) -> None:
        """Look at the files until cancelled, while the board is ours."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if not self._board.ours:
                self._seen = None
            elif await asyncio.to_thread(self._fingerprint) != self._seen:
                await self.enforce()

    def _files(self) -> tuple[tuple[str, type, Callable[[], RulesInForce | RoutesInForce]], ...]:
        """What is read: by the name that ops teams see, with its record and its reader."""
        return (("rules", RulesInForce, self._rules), ("receivers", RoutesInForce, self._routes))

    def _rules(self) -> RulesInForce:
        found = rules_of(self._settings, at=self._clock())
        return msgspec.structs.replace(found, rules=(*found.rules, canary.RULE)) if self.canary else found

    def _routes(self) -> RoutesInForce:
        found = routes_of(self._settings, at=self._clock(), also=self.also)
        return msgspec.structs.replace(found, receivers=(*found.receivers, canary.RECEIVER)) if self.canary else found

    def _fingerprint(self) -> tuple[tuple[str, int, int], ...]:
        """What shows that a file changed: name, time and size of each, fences and watch lists included."""
        files = sorted([*(path for path in self._settings.rules.rglob("*") if path.is_file()), self._settings.receivers])
        return tuple((str(path), *_state(path)) for path in files)


def _state(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _in_force(record: RulesInForce | RoutesInForce, before: bytes | None) -> str:
    if isinstance(record, RulesInForce):
        return f"in force: {len(_written(record.rules))} rules{_changes(record, before)}"
    receivers = _written(record.receivers)
    quiet = "".join(f"; silence {s.id} until {s.end:%Y-%m-%d %H:%MZ}" for s in record.silences if s.end > record.at)
    return f"in force: {len(receivers)} receivers ({', '.join(r.id for r in receivers)}){quiet}"


def _written(found: "Sequence[_Named]") -> "list[_Named]":
    """Those that somebody wrote into a file: not the canary's."""
    return [one for one in found if one.id != canary.NAME]


def _changes(record: RulesInForce, before: bytes | None) -> str:
    """What is new, changed and gone, by name; "" at the first start, and where only lines moved.

    A rule is remembered by its id and by what it counts by: one that is changed keeps what it knows, one that is new or counts by
    something else starts without.
    """
    if before is None:
        return ""
    was, now = ({r.id: _meaning(r) for r in rules} for rules in (_written(CONTROL.decode(before).rules), _written(record.rules)))
    groups = (
        ("new, without memory", [i for i in now if i not in was]),
        ("counting by something else, without memory", [i for i in now if i in was and now[i].by != was[i].by]),
        ("changed", [i for i in now if i in was and now[i].by == was[i].by and now[i] != was[i]]),
        ("gone", [i for i in was if i not in now]),
    )
    return "".join(f"; {what}: {', '.join(ids)}" for what, ids in groups if ids)


def _meaning(rule: Rule) -> Rule:
    return msgspec.structs.replace(rule, file="", line=0)
