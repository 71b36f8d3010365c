"""What being watched costs: a page of metrics of a large river, and counting beside detection."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from time import process_time
from typing import get_args

from prometheus_client import REGISTRY, generate_latest

from alerts.commands.reporting import FeedReports, RiverReports
from alerts.commands.work import STAGES
from alerts.delivery.dispatch import Queue
from alerts.rules.load import load_rules
from bench.news import newspaper
from bench.rules import SHIPPED
from streams import metrics
from streams.detection.detector import load_detector
from streams.detection.revisions import read_all
from streams.feeds.poll import PollResult, StatusWord
from streams.records import EventType

Figure = tuple[str, str, str, str]
FEEDS, RECEIVERS, PARTITIONS = 500, 20, 1
"""One process that does everything has one partition of each stage; with Kafka, pollers alone have the feeds."""
EVERY = 15.0
"""Seconds between two scrapes, as Prometheus comes."""
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
SCRAPES, ARTICLES = 50, 400


def figures() -> Iterator[Figure]:
    """The rows."""
    yield from _counting()
    fill()
    series = [line for line in generate_latest(REGISTRY).decode().splitlines() if line and not line.startswith("#")]
    began = process_time()
    for _ in range(SCRAPES):
        generate_latest(REGISTRY)
    each = (process_time() - began) / SCRAPES
    what = f"a page of metrics, {FEEDS} feeds, {RECEIVERS} receivers, embedded"
    yield what, f"{each * 1e3:.0f} ms CPU", f"a scrape every {EVERY:g} s", f"{each / EVERY:.2%}"
    yield "series on it", f"{len(series):,}", "2,000 wanted at most", f"{len(series) / 2_000:.2f}"


def fill() -> None:
    """Have every collector show all that a river of that size can: a tenth of the feeds lost something, each type has four statuses."""
    feeds = FeedReports(lambda _: None)
    for i in range(FEEDS):
        status = get_args(StatusWord)[i % len(get_args(StatusWord))]
        feeds.polled(
            PollResult(
                feed=f"feed-{i}", status=status, at=NOON, new=1, changed=1, possible_loss=i % 10 == 0, error="no answer", next_at=NOON,
                next_reason="its interval", last_entry=NOON, expected_gap=timedelta(hours=8),
            )
        )  # fmt: skip
    for stage, partition in product((*STAGES, "send"), range(PARTITIONS)):
        metrics.LAG_ENTRIES.labels(stage, str(partition)).set(0)
        metrics.LAG_SECONDS.labels(stage, str(partition)).set(0)
    for stage in STAGES:
        metrics.REJECTED.labels(stage)
        metrics.STAGE_SECONDS.labels(stage).observe(0.1)
        metrics.WATERMARK.labels(stage).set(0)
        metrics.RECORDS.labels(stage, "in")
        metrics.RECORDS.labels(stage, "out")
    for kind, status in product(get_args(EventType), ("asserted", "claimed", "denied", "historical")):
        metrics.MENTIONS.labels(kind, status)
    for rule, change in product(load_rules(SHIPPED), ("new", "update")):
        metrics.ALERTS.labels(rule.id, rule.severity, change)
    for i in range(RECEIVERS):
        metrics.DEAD_LETTERS.labels(f"receiver-{i}")
        for outcome in ("delivered", "dead", "gathered"):
            metrics.DELIVERIES.labels(f"receiver-{i}", outcome)
    RiverReports(lambda _: None).queued({f"receiver-{i}": Queue(1, NOON) for i in range(RECEIVERS)})


def _counting() -> Iterator[Figure]:
    """What it costs to count what detection read and found."""
    detector, articles, reports = load_detector(), list(newspaper(ARTICLES)), RiverReports(lambda _: None)
    batches = [articles[i : i + 16] for i in range(0, len(articles), 16)]
    began = process_time()
    read = [read_all(detector, batch) for batch in batches]
    reading = process_time() - began
    began = process_time()
    for batch in read:
        reports.heard(STAGES["detect"], batch, [m for r in batch for m in r.mentions], 0.1)
    counting = process_time() - began
    each, beside = counting / len(articles), reading / len(articles)
    alone = f"reading it: {beside * 1e3:.1f} ms"
    yield "counting what was read and found", f"{each * 1e6:.0f} µs an article", alone, f"{each / beside:.2%}"
