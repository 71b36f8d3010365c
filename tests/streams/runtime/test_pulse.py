"""A process that stood still is found out by whoever looks first, for good, and writes nothing more."""

import asyncio
from contextlib import nullcontext

import pytest

from streams.runtime.pulse import EVERY, STOOD_STILL, PausedError, Pulse

SESSION = 10.0


class Watch:
    """A clock that a test sets, and a process that does not really end."""

    def __init__(self) -> None:
        self.now, self.ended = 1_000.0, list[int]()
        self.pulse = Pulse(SESSION, clock=lambda: self.now, end=self.ended.append)


@pytest.mark.parametrize(("seconds", "paused"), [(5.0, False), (5.1, True)])
def test_a_process_that_stood_still_for_half_a_session_is_found_out_by_whoever_looks_first_and_for_good(
    seconds: float, paused: bool
) -> None:
    watch = Watch()
    watch.now += seconds
    for _ in range(2):
        with pytest.raises(PausedError, match=r"stood still for 5.1 s, and may do so for 5 s") if paused else nullcontext():
            watch.pulse.beat()


def test_beats_that_follow_each_other_closely_are_no_pause_however_long_it_goes_on() -> None:
    watch = Watch()
    for _ in range(20):
        watch.now += SESSION / 2
        watch.pulse.beat()


def test_of_two_pauses_the_longer_is_told() -> None:
    watch = Watch()
    for seconds, told in ((6, "6.0"), (8, "8.0"), (6, "8.0")):
        watch.now += seconds
        with pytest.raises(PausedError, match=f"stood still for {told} s"):
            watch.pulse.beat()


def test_who_may_not_go_on_at_all_ends_at_once_with_70(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch()
    watch.pulse.check()
    assert watch.ended == []
    watch.now += SESSION
    watch.pulse.check()
    assert (watch.ended, STOOD_STILL) == ([70], 70)
    assert capsys.readouterr().err.startswith("tocsin: this process stood still for 10.0 s")


async def test_an_event_loop_that_did_not_turn_is_found_out_by_its_own_beat() -> None:
    watch = Watch()
    watch.now += SESSION  # a slow start is no pause
    beating = asyncio.create_task(watch.pulse.run())
    await asyncio.sleep(0)
    assert watch.ended == []
    watch.now += SESSION
    await asyncio.sleep(2 * EVERY)
    beating.cancel()
    assert watch.ended
