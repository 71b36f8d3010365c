"""Faust's recovery of tables, with two of its races mended: one lost entries, the other never ended."""

import asyncio
from typing import Any

from faust.tables import TableManager
from faust.tables.recovery import Recovery


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

    Faust lets entries flow, then seeks to where they are to be read from, then empties the queues: what came in between is gone,
    and the consumer stands behind it. Here the queues are emptied and the place is sought before anything flows.
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

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        app: Any = self.app
        consumer = app.consumer
        if app.consumer_generation_id != generation_id:
            return  # another rebalance has begun, and recovers anew
        await app.on_rebalance_complete.send()
        self._set_recovery_ended()
        for table in self.tables.values():
            await table.on_recovery_completed(self.actives_for_table[table], self.standbys_for_table[table])
        assignment = consumer.assignment()
        if assignment:
            await self._wait(consumer.perform_seek(), timeout=app.conf.broker_request_timeout)
        if app.consumer_generation_id != generation_id:
            return
        self.completed.set()
        app.flow_control.resume()
        consumer.resume_partitions({tp for tp in assignment if not self._is_changelog_tp(tp)})
        consumer.resume_flow()
        await app._fetcher.maybe_start()
        self.tables.on_actives_ready()
        self.tables.on_standbys_ready()
        app.on_rebalance_end()


class OrderlyTables(TableManager):
    """Faust's tables, recovered in order."""

    @property
    def recovery(self) -> Recovery:
        if self._recovery is None:
            self._recovery = OrderlyRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
