"""Watch floor: is it seeing, is it quick, is it right, is it getting through? At a glance, for a wall."""

from deploy.grafana.boards.board import Board, Row
from deploy.grafana.boards.panels import Column, Query, Steps, course, number, rows
from deploy.grafana.boards.shared import attempts, polls

SILENT = "(time() - max by (feed) (tocsin_feed_last_entry_timestamp_seconds{})) > max by (feed) (tocsin_feed_expected_gap_seconds{})"
"""Feeds whose newest entry is older than their own rhythm lets expect."""

WATCH_FLOOR = Board(
    uid="tocsin-watch-floor",
    title="Tocsin: Watch floor",
    says="Is it seeing, is it quick, is it right, is it getting through? What is orange or red here is explained in docs/runbook.md.",
    rows=[
        Row(
            "Is it seeing?",
            [
                number(
                    "Parts ready",
                    "Share of the processes that say they are ready to work. Below 100 %: `tocsin doctor` says what is wrong.",
                    "percentunit",
                    Query("avg(tocsin_ready{})"),
                    Steps(1, 0.5, falling=True),
                ),
                number(
                    "Feeds that answer",
                    "Share of the feeds whose last poll went well.",
                    "percentunit",
                    Query("avg(max by (feed) (tocsin_feed_up{}))"),
                    Steps(0.9, 0.5, falling=True),
                ),
                number(
                    "Silent feeds",
                    "Feeds that have been still for longer than their own rhythm lets expect.",
                    "short",
                    Query(f"count({SILENT}) or vector(0)"),
                    Steps(1, 5),
                ),
                number(
                    "Newest entry",
                    "How long ago any feed had an entry that was new.",
                    "s",
                    Query("time() - max(tocsin_feed_last_entry_timestamp_seconds{})"),
                    Steps(900, 3600),
                ),
                number(
                    "Canary, last arrival",
                    "How long ago a canary article last came all the way through.",
                    "s",
                    Query("time() - max(tocsin_canary_last_success_timestamp_seconds{} > 0)"),
                    Steps(600, 900),
                ),
                number(
                    "Canaries lost, 24 h",
                    "Canary articles that went in and did not come out in time.",
                    "short",
                    Query("sum(increase(tocsin_canary_lost_total{}[24h]))"),
                    Steps(1, 3),
                ),
                course(
                    "Entries",
                    "Entries that feeds had new or changed. Still for long, with feeds that answer: look at the dashboard Feeds.",
                    "cpm",
                    Query("60 * sum by (change) (rate(tocsin_feed_entries_total{}[$__rate_interval]))", "{{change}}"),
                    width=12,
                    stacked=True,
                ),
                polls(),
            ],
        ),
        Row(
            "Is it quick?",
            [
                number(
                    "Told within 1 s of the fetch",
                    "Share of first attempts that a receiver accepted within a second of the fetch that told the rule "
                    "something, over the time shown. "
                    "The objective is 99 %.",
                    "percentunit",
                    Query(
                        'sum(increase(tocsin_fetch_to_delivery_seconds_bucket{le="1.0"}[$__range])) '
                        "/ sum(increase(tocsin_fetch_to_delivery_seconds_count{}[$__range]))"
                    ),
                    Steps(0.99, 0.95, falling=True),
                    height=8,
                ),
                number(
                    "Told within 5 min of publication",
                    "Share of deliveries within five minutes of what the feed says is the time of publication, over the time "
                    "shown. Publishers "
                    "date as they like: this one is theirs as much as ours.",
                    "percentunit",
                    Query(
                        'sum(increase(tocsin_publication_to_delivery_seconds_bucket{le="300.0"}[$__range])) '
                        "/ sum(increase(tocsin_publication_to_delivery_seconds_count{}[$__range]))"
                    ),
                    Steps(0.9, 0.5, falling=True),
                    height=8,
                ),
                number(
                    "Largest lag",
                    "Age of the oldest record that some stage has not taken in yet.",
                    "s",
                    Query("max(tocsin_lag_seconds{})"),
                    Steps(30, 300),
                    height=8,
                ),
                course(
                    "From fetch to accepted delivery",
                    "Half of what was delivered, and 99 of 100, came within this time of the fetch. Empty while nothing is delivered.",
                    "s",
                    Query(
                        "histogram_quantile(0.5, sum by (le) (rate(tocsin_fetch_to_delivery_seconds_bucket{}[$__rate_interval])))", "half"
                    ),
                    Query(
                        "histogram_quantile(0.99, sum by (le) (rate(tocsin_fetch_to_delivery_seconds_bucket{}[$__rate_interval])))",
                        "99 of 100",
                    ),
                    steps=Steps(None, 1),
                    width=12,
                ),
            ],
        ),
        Row(
            "Is it right?",
            [
                number(
                    "Open events",
                    "Occurrences that fusion still holds open for new reports.",
                    "short",
                    Query("sum(tocsin_events_open{})"),
                    height=8,
                ),
                number(
                    "Mentions without a place",
                    "Share of mentions whose place nobody could resolve: they raise nothing.",
                    "percentunit",
                    Query("sum(increase(tocsin_mentions_unplaced_total{}[$__range])) / sum(increase(tocsin_mentions_total{}[$__range]))"),
                    Steps(0.3, 0.5),
                    height=8,
                ),
                course(
                    "Alerts",
                    "Alert revisions: new ones, updates, corrections, retractions.",
                    "short",
                    Query("sum by (severity, change) (increase(tocsin_alerts_total{}[$__rate_interval]))", "{{severity}} {{change}}"),
                    width=16,
                    stacked=True,
                ),
            ],
        ),
        Row(
            "Is it getting through?",
            [
                number(
                    "Oldest waiting delivery",
                    "How long the delivery that waits longest has waited for its receiver; 0 with none.",
                    "s",
                    Query("max((time() - tocsin_delivery_oldest_queued_timestamp_seconds{}) * (tocsin_delivery_queued{} > bool 0))"),
                    Steps(60, 300),
                    height=8,
                ),
                number(
                    "Given up, 24 h",
                    "Deliveries that were given up after all their attempts: somebody was not told.",
                    "short",
                    Query("sum(increase(tocsin_dead_letters_total{}[24h]))"),
                    Steps(1, 1),
                    height=8,
                ),
                attempts(width=8),
                rows(
                    "Alerts for ops",
                    "What Prometheus says is wrong, now. TocsinWatchdog always fires: if it is not here, nothing else can be.",
                    ["alertname", "severity"],
                    Column(
                        "series",
                        "short",
                        'count by (alertname, severity) (ALERTS{alertname=~"Tocsin.+", alertstate="firing"})',
                        everywhere=True,
                    ),
                    width=8,
                    height=8,
                ),
            ],
        ),
    ],
)
