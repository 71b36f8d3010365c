"""Rule and receiver files put in force, at the start and whenever they change; with mistakes in them, what was in force stays."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from alerts.commands.river import routes_of, rules_of
from alerts.records import Receiver, RoutesInForce, RulesInForce
from alerts.rules.load import RulesError
from alerts.topics import CONTROL
from streams.records import EPOCH
from streams.runtime.local import copies
from streams.runtime.store import Batch, Store
from streams.settings import Settings
from streams.stages import Stage

LOOK_EVERY = 2.0
"""Seconds between two looks at the files."""
MEMORY = "control"


class Configuration:
    """The files that decide who hears of what.

    Args:
        tell: Told in lines what was put in force, and what could not be.
        also: Receivers of this run that get everything, such as the sample's.
    """

    def __init__(
        self, settings: Settings, store: Store, stages: Sequence[Stage], tell: Callable[[str], None], clock: Callable[[], datetime]
    ) -> None:
        self._settings, self._store, self._stages, self._tell, self._clock = settings, store, stages, tell, clock
        self.also: Sequence[Receiver] = ()
        self._seen = self._fingerprint()

    def check(self) -> None:
        """Read the files without putting them in force.

        Raises:
            RulesError: They have mistakes, and nothing is in force from an earlier run.
        """
        known = self._store.memories(MEMORY)
        for kind, read in self._files():
            try:
                read()
            except RulesError:
                if kind.__name__ not in known:
                    raise

    def enforce(self) -> None:
        """Put in force whatever differs from what is; tell the mistakes of what cannot be read."""
        known = self._store.memories(MEMORY)
        for kind, read in self._files():
            try:
                record = read()
            except RulesError as error:
                for mistake in error.mistakes:
                    self._tell(f"not in force: {mistake}")
                self._tell(f"{len(error.mistakes)} mistake{'s' if len(error.mistakes) > 1 else ''}; what was in force stays")
                continue
            content = msgspec.json.encode(msgspec.structs.replace(record, at=EPOCH))
            if known.get(kind.__name__) != content:
                entries = [(CONTROL.name, record.at, CONTROL.encode(record)), *copies(self._stages, record)]
                self._store.commit(Batch(records=entries, memory={(MEMORY, kind.__name__): content}))
                self._tell(_in_force(record))

    async def watch(self) -> None:
        """Look at the files until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            now = await asyncio.to_thread(self._fingerprint)
            if now != self._seen:
                self._seen = now
                await asyncio.to_thread(self.enforce)

    def _files(self) -> tuple[tuple[type, Callable[[], RulesInForce | RoutesInForce]], ...]:
        return (
            (RulesInForce, lambda: rules_of(self._settings, at=self._clock())),
            (RoutesInForce, lambda: routes_of(self._settings, at=self._clock(), also=self.also)),
        )

    def _fingerprint(self) -> tuple[tuple[str, int, int], ...]:
        """What shows that a file changed: name, time and size of each."""
        folder = self._settings.rules
        files = sorted([*folder.glob("*.y*ml"), self._settings.receivers])
        return tuple((str(path), *_state(path)) for path in files)


def _state(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _in_force(record: RulesInForce | RoutesInForce) -> str:
    if isinstance(record, RulesInForce):
        return f"in force: {len(record.rules)} rules"
    return f"in force: {len(record.receivers)} receivers ({', '.join(r.id for r in record.receivers)})"
