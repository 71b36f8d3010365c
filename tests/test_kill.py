"""`kill -9` of the whole program at random moments: nothing is lost, and a repeat comes only under the same webhook-id."""

import random
import time
from pathlib import Path
from typing import Any

import pytest

from alerts.commands.river import detector_of, river
from alerts.records import Delivery, Notification
from alerts.topics import DELIVERIES, NOTIFICATIONS
from streams.records import Article
from streams.runtime.replay import outputs_of
from streams.runtime.store import Store, contents
from streams.settings import read_settings
from streams.stages import Stage
from streams.topics import ARTICLES, REJECTED
from tests.real.program import Program
from tests.real.world import World, a_world

KILLS = 22
ENTRIES = 900  # more than appear while it is killed


def killed_often(program: Program, rng: random.Random) -> int:
    """Kill the program 22 times: at random moments of its start, and at random moments after it wrote something; then let it run.

    Returns:
        How many kills came while it was at work.
    """
    at_work = 0
    for i in range(KILLS):
        before = written(program)
        program.start()
        if i % 6 == 0:
            time.sleep(rng.uniform(0.1, 3.0))
        else:
            wait_for_work(program, before)
            at_work += 1
            time.sleep(rng.uniform(0.0, 0.6))
        program.kill()
    program.start()
    return at_work


def written(program: Program) -> int:
    """How many entries lie in the state file."""
    return sum(contents(program.state).values()) if program.state.exists() else 0


def wait_for_work(program: Program, before: int) -> None:
    """Wait for the first commit of news after a start."""
    deadline = time.monotonic() + 30
    while written(program) <= before:
        assert time.monotonic() < deadline, program.words[-3000:]
        time.sleep(0.01)


def until_quiet(program: Program, world: World, *, seconds: float = 120) -> None:
    """Wait until everything was served and nothing is written any more."""
    deadline, last, since = time.monotonic() + seconds, {}, time.monotonic()
    while time.monotonic() < deadline:
        assert program.process is not None
        assert program.process.poll() is None, program.words[-3000:]
        now = contents(program.state) if program.state.exists() else {}
        if now != last or not world.served_all:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > 4:
            return
        time.sleep(0.2)
    raise AssertionError(f"still writing after {seconds} s: {last}")


@pytest.mark.kill
def test_after_22_kills_every_topic_is_what_the_steps_give_for_the_recorded_logs_and_nothing_is_lost(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    with a_world(ENTRIES, per_second=3.0) as world:
        program = Program(folder=tmp_path, port=world.port)
        assert killed_often(program, random.Random(seed)) >= 18
        world.total = world.shown
        until_quiet(program, world)
        assert program.stop() == 0, program.words[-3000:]
        stages = river(detector_of(read_settings({})))
        with Store(program.state) as store:
            assert_law(stages, store)
            assert_nothing_lost(store, world)


def assert_law(stages: tuple[Stage, ...], store: Store) -> None:
    """Law 1: what each stage wrote is what its step gives for its recorded log, no more, no less, in that order."""
    for stage in stages:
        expected = outputs_of(stage, logged(stage.input, store))
        for topic in stage.outputs:
            wanted = [r for r in expected if isinstance(r, topic.records)]
            written = [r for r in logged(topic, store) if isinstance(r, topic.records) and wrote(stage, r)]
            assert written == wanted, f"{stage.name} to {topic.name}"
    assert logged(REJECTED, store) == []


def wrote(stage: Stage, record: Any) -> bool:
    """Whether a record of a shared topic is the stage's: outcomes are the sender's facts."""
    return stage.name != "route" or isinstance(record, Notification)


def logged(topic: Any, store: Store) -> list[Any]:
    """Everything in one topic, in order."""
    return [topic.decode(body) for _, body in store.read(topic.name)]


def assert_nothing_lost(store: Store, world: World) -> None:
    """Each entry was taken once, and each notification arrived, under its own id, with one content."""
    articles = [a for a in logged(ARTICLES, store) if isinstance(a, Article)]
    assert sorted(a.guid or "" for a in articles) == sorted(f"entry-{i}" for i in range(world.total))
    notifications = {n.id: bytes(n.payload) for n in logged(NOTIFICATIONS, store) if isinstance(n, Notification)}
    assert len(notifications) > 20
    assert {name: list(bodies) for name, bodies in world.received().items()} == {name: [body] for name, body in notifications.items()}
    ended = [d.id for d in logged(DELIVERIES, store) if isinstance(d, Delivery) and d.state == "delivered"]
    assert sorted(ended) == sorted(notifications)
