"""Faust's recovery of tables, made quick, and with its races mended: some lost entries, one never ended."""

import asyncio
from typing import Any

from faust.tables import TableManager
from faust.tables.recovery import Recovery
from faust.types import TP


class Forgetful(dict[TP, int | None]):
    """Stands for Faust's memory of what it has read, by which it drops entries that it believes to have handed on already.

    It is written by whatever was under way before a seek, and then what was sought is dropped. A ledger knows better what is new.
    """

    def __getitem__(self, key: TP) -> None:
        return None

    def __setitem__(self, key: TP, value: int | None) -> None:
        """Forget it."""

    def update(self, *_: Any, **__: Any) -> None:
        """Forget them."""


class Flowing(set[TP]):
    """The partitions that flow. That there are none is not to be taken for leave to fetch from all.

    Else a fetch that is under way when all are paused brings entries that nobody takes, and the consumer stands behind them.
    """

    def __bool__(self) -> bool:
        return True


class Ended(asyncio.Event):
    """Says that a recovery has ended, until the next begins.

    Faust sets its own and clears it at once: whoever begins to wait a moment later waits for ever.
    """

    def clear(self) -> None:
        """Keep what was said; `begin` takes it back."""

    def begin(self) -> None:
        """A recovery begins."""
        super().clear()


class OrderlyRecovery(Recovery):
    """Goes on reading entries in an order in which none is lost.

    Faust seeks to where entries are to be read from and then empties the queues: what came in between is gone, and the consumer
    stands behind it. It also passes over entries of a partition that flows not yet, which a fetch that was under way brings: so
    the place is sought last, when the queues are emptied and everything flows. What comes before that is of an earlier place;
    whoever takes entries in knows by their offsets.
    """

    @property
    def signal_recovery_end(self) -> asyncio.Event:
        if self._signal_recovery_end is None:
            self._signal_recovery_end = Ended()
        return self._signal_recovery_end

    def _set_recovery_started(self) -> None:
        super()._set_recovery_started()
        ended: Any = self.signal_recovery_end
        ended.begin()

    async def _build_offsets(self, consumer: Any, tps: set[TP], destination: Any, title: str) -> None:
        """Find from where Faust is to read changelogs: behind what the tables read by themselves, in bulk."""
        if title == "active":
            for table in self.tables.values():
                ledgered: Any = table
                ends = {tp: self.active_highwaters[tp] for tp in tps if self.tp_to_table[tp] is table}
                for tp, offset in (await ledgered.catch_up(ends)).items():
                    destination[tp] = offset  # not `update`: a `Counter` adds
        await super()._build_offsets(consumer, tps, destination, title)

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        app: Any = self.app
        consumer = app.consumer
        if self.should_stop or self.signal_recovery_start.is_set() or app.consumer_generation_id != generation_id:
            return  # broken off, which Faust takes for the end; another rebalance recovers anew
        await app.on_rebalance_complete.send()
        self._set_recovery_ended()
        for table in self.tables.values():
            await table.on_recovery_completed(self.actives_for_table[table], self.standbys_for_table[table])
        self.completed.set()
        app.flow_control.resume()
        consumer.resume_partitions({tp for tp in consumer.assignment() if not self._is_changelog_tp(tp)})
        consumer.resume_flow()
        await app._fetcher.maybe_start()
        await self._wait(self._seek(), timeout=app.conf.broker_request_timeout)
        if app.consumer_generation_id != generation_id:
            return
        self.tables.on_actives_ready()
        self.tables.on_standbys_ready()
        app.on_rebalance_end()

    async def _seek(self) -> None:
        """Read on from what the group has committed, from the beginning where it has nothing, and never from beyond a ledger.

        Not from the ledgers' own places, although these may be further: an entry that is never delivered is never acknowledged,
        and then no later one is committed either.
        """
        consumer: Any = self.app.consumer
        if not consumer.assignment():
            return
        await consumer.perform_seek()  # passes over partitions of which nothing is committed
        for table in self.tables.values():
            placed: Any = table
            placed.check_ends(await consumer.highwaters(*placed.places()))
            committed = {tp: consumer._committed_offset[tp] for tp in placed.places()}
            wrong = {tp: offset for tp, offset in placed.places().items() if not committed[tp] or committed[tp] > offset}
            if wrong:
                earliest = await consumer.earliest_offsets(*wrong)
                await consumer.seek_wait({tp: offset if committed[tp] else earliest.get(tp) or 0 for tp, offset in wrong.items()})


class OrderlyTables(TableManager):
    """Faust's tables, recovered in order."""

    @property
    def recovery(self) -> Recovery:
        if self._recovery is None:
            self._recovery = OrderlyRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
