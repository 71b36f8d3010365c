"""Delivery: who was told, how quickly, who waits, who was not told."""

from deploy.grafana.boards.board import Board, Row
from deploy.grafana.boards.panels import Column, Query, Steps, course, number, rows
from deploy.grafana.boards.shared import attempts

OK = 'sum by (channel) (increase(tocsin_delivery_attempts_total{outcome="ok"}[$__range]))'
ALL = "sum by (channel) (increase(tocsin_delivery_attempts_total{}[$__range]))"


def within(seconds: str, histogram: str) -> str:
    """The share of *histogram* within *seconds* over the time shown."""
    return f'sum(increase({histogram}_bucket{{le="{seconds}"}}[$__range])) / sum(increase({histogram}_count{{}}[$__range]))'


def quantile(share: str, histogram: str) -> str:
    """Within how long that *share* of *histogram* came."""
    return f"histogram_quantile({share}, sum by (le) (rate({histogram}_bucket{{}}[$__rate_interval])))"


DELIVERY = Board(
    uid="tocsin-delivery",
    title="Tocsin: Delivery",
    says="From a decision to its receiver: how quickly, by which channel, what waits and what was given up.",
    choices={"receiver": "tocsin_deliveries_total"},
    rows=[
        Row(
            "Does it arrive?",
            [
                number(
                    "Attempts that go well",
                    "Share of attempts that were accepted over the time shown, of the worst channel.",
                    "percentunit",
                    Query(f"min({OK} / {ALL})"),
                    Steps(0.99, 0.95, falling=True),
                ),
                number(
                    "Within 1 s of the fetch",
                    "Share of deliveries within a second of the fetch, over the time shown. The objective is 99 %.",
                    "percentunit",
                    Query(within("1.0", "tocsin_fetch_to_delivery_seconds")),
                    Steps(0.99, 0.95, falling=True),
                ),
                number(
                    "Within 5 min of publication",
                    "Share of deliveries within five minutes of the publisher's own time, over the time shown.",
                    "percentunit",
                    Query(within("300.0", "tocsin_publication_to_delivery_seconds")),
                    Steps(0.9, 0.5, falling=True),
                ),
                number(
                    "Waiting",
                    "Deliveries that wait for an attempt.",
                    "short",
                    Query('sum(tocsin_delivery_queued{receiver=~"$receiver"})'),
                    Steps(50, 500),
                ),
                number(
                    "Given up",
                    "Deliveries given up over the time shown, after all their attempts.",
                    "short",
                    Query('sum(increase(tocsin_dead_letters_total{receiver=~"$receiver"}[$__range]))'),
                    Steps(1, 1),
                ),
                number(
                    "Canary, there and back",
                    "How long the last canaries took from entry to the null receiver, 99 of 100.",
                    "s",
                    Query("histogram_quantile(0.99, sum by (le) (increase(tocsin_canary_round_trip_seconds_bucket{}[$__range])))"),
                    Steps(5, 30),
                ),
                attempts(width=12),
                course(
                    "Deliveries",
                    "What became of deliveries, by receiver.",
                    "short",
                    Query(
                        'sum by (receiver, outcome) (increase(tocsin_deliveries_total{receiver=~"$receiver"}[$__rate_interval]))',
                        "{{receiver}} {{outcome}}",
                    ),
                    width=12,
                    stacked=True,
                ),
            ],
        ),
        Row(
            "How quickly?",
            [
                course(
                    "From fetch to acceptance",
                    "What Tocsin itself takes.",
                    "s",
                    *(
                        Query(quantile(q, "tocsin_fetch_to_delivery_seconds"), name)
                        for q, name in (("0.5", "half"), ("0.9", "9 of 10"), ("0.99", "99 of 100"))
                    ),
                    steps=Steps(None, 1),
                    width=12,
                ),
                course(
                    "From publication to acceptance",
                    "What publishers' own clocks, polling and Tocsin take together.",
                    "s",
                    *(
                        Query(quantile(q, "tocsin_publication_to_delivery_seconds"), name)
                        for q, name in (("0.5", "half"), ("0.9", "9 of 10"), ("0.99", "99 of 100"))
                    ),
                    steps=Steps(None, 300),
                    width=12,
                ),
            ],
        ),
        Row(
            "Who waits?",
            [
                rows(
                    "Receivers",
                    "Each receiver: what waits for it, since when, and what was given up over the time shown. `tocsin "
                    "send-test RECEIVER` tries one.",
                    ["receiver"],
                    Column("waiting", "short", 'sum by (receiver) (tocsin_delivery_queued{receiver=~"$receiver"})', Steps(1, 50)),
                    Column(
                        "waiting for",
                        "s",
                        "max by (receiver) ((time() - "
                        'tocsin_delivery_oldest_queued_timestamp_seconds{receiver=~"$receiver"}) * '
                        '(tocsin_delivery_queued{receiver=~"$receiver"} > bool 0))',
                        Steps(60, 300),
                    ),
                    Column(
                        "given up",
                        "short",
                        'sum by (receiver) (increase(tocsin_dead_letters_total{receiver=~"$receiver"}[$__range]))',
                        Steps(1, 1),
                    ),
                    width=12,
                ),
                course(
                    "Waiting over time",
                    "Deliveries that wait, by receiver.",
                    "short",
                    Query('sum by (receiver) (tocsin_delivery_queued{receiver=~"$receiver"})', "{{receiver}}"),
                    width=12,
                ),
            ],
        ),
        Row(
            "By what is in force?",
            [
                rows(
                    "Configuration",
                    "Whether rules, receivers and feeds as they are written now are in force. If not, the last good ones "
                    "are: `tocsin rules check` names each mistake.",
                    ["what", "instance"],
                    Column("in force", "bool_yes_no", "min by (what, instance) (tocsin_reload_success{})", Steps(1, 0.5, falling=True)),
                    Column("taken up", "s", "time() - max by (what, instance) (tocsin_reload_timestamp_seconds{})"),
                ),
            ],
        ),
    ],
)
