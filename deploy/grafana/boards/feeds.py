"""Feeds: each against its own rhythm."""

from deploy.grafana.boards.board import Board, Row
from deploy.grafana.boards.panels import Column, Query, Steps, course, number, rows
from deploy.grafana.boards.shared import polls

AGE = 'time() - max by (feed) (tocsin_feed_last_entry_timestamp_seconds{feed=~"$feed"})'
GAP = 'max by (feed) (tocsin_feed_expected_gap_seconds{feed=~"$feed"})'

FEEDS = Board(
    uid="tocsin-feeds",
    title="Tocsin: Feeds",
    says="Each feed against its own rhythm: does it answer, has it been still for longer than it usually is, may something "
    "have been missed?",
    choices={"feed": "tocsin_feed_up"},
    rows=[
        Row(
            "All together",
            [
                number(
                    "Polled", "Feeds that are polled.", "short", Query('count(count by (feed) (tocsin_feed_up{feed=~"$feed"}))'), width=6
                ),
                number(
                    "Do not answer",
                    "Feeds whose last poll failed.",
                    "short",
                    Query('count(max by (feed) (tocsin_feed_up{feed=~"$feed"}) == 0) or vector(0)'),
                    Steps(1, 5),
                    width=6,
                ),
                number(
                    "Silent",
                    "Feeds that have been still for longer than their own rhythm lets expect.",
                    "short",
                    Query(f"count(({AGE}) > {GAP}) or vector(0)"),
                    Steps(1, 5),
                    width=6,
                ),
                number(
                    "Possible losses",
                    "Polls, over the time shown, that overlapped nothing with the one before: entries between them may have "
                    "come and gone. Poll that feed more often.",
                    "short",
                    Query('sum(increase(tocsin_feed_possible_loss_total{feed=~"$feed"}[$__range])) or vector(0)'),
                    Steps(1, 20),
                    width=6,
                ),
            ],
        ),
        Row(
            "One by one",
            [
                rows(
                    "Feeds",
                    "Quiet for 100 % of its rhythm: the feed has been still for as long as it hardly ever is. `tocsin feeds "
                    "check` asks each once and says how it went.",
                    ["feed"],
                    Column("answers", "bool_yes_no", 'max by (feed) (tocsin_feed_up{feed=~"$feed"})', Steps(1, 0.5, falling=True)),
                    Column("quiet, of its rhythm", "percentunit", f"({AGE}) / {GAP}", Steps(0.8, 1)),
                    Column("newest entry", "s", AGE),
                    Column("its rhythm", "s", GAP),
                    Column(
                        "possible losses",
                        "short",
                        'sum by (feed) (increase(tocsin_feed_possible_loss_total{feed=~"$feed"}[$__range])) '
                        'or 0 * max by (feed) (tocsin_feed_up{feed=~"$feed"})',
                        Steps(1, 5),
                    ),
                    height=16,
                    sort="quiet, of its rhythm",
                ),
            ],
        ),
        Row(
            "Over time",
            [
                course(
                    "Still, the ten longest",
                    "How long feeds have had nothing new, as a share of what their own rhythm lets expect.",
                    "percentunit",
                    Query(f"topk(10, ({AGE}) / {GAP})", "{{feed}}"),
                    steps=Steps(0.8, 1),
                    width=12,
                ),
                polls(),
                course(
                    "A poll, on average and 99 of 100",
                    "How long feeds take to answer.",
                    "s",
                    Query(
                        "sum(rate(tocsin_poll_seconds_sum{}[$__rate_interval])) / sum(rate(tocsin_poll_seconds_count{}[$__rate_interval]))",
                        "on average",
                    ),
                    Query("histogram_quantile(0.99, sum by (le) (rate(tocsin_poll_seconds_bucket{}[$__rate_interval])))", "99 of 100"),
                    width=12,
                ),
                course(
                    "Changed entries",
                    "Entries that were changed after they were published, of all.",
                    "percentunit",
                    Query(
                        'sum(rate(tocsin_feed_entries_total{change="changed"}[$__rate_interval])) '
                        "/ sum(rate(tocsin_feed_entries_total{}[$__rate_interval]))",
                        "changed",
                    ),
                    width=12,
                    most=1,
                ),
            ],
        ),
    ],
)
