"""Detection quality: what is read, what is found in it, and what is not."""

from deploy.grafana.boards.board import Board, Row
from deploy.grafana.boards.panels import Query, Steps, course, number

DETECTION = Board(
    uid="tocsin-detection",
    title="Tocsin: Detection quality",
    says="What is read, what is found in it, and what is not: a share that moves while the news does not is a change in a "
    "feed or in detection.",
    rows=[
        Row(
            "What is read?",
            [
                course(
                    "Articles at the gate",
                    "Articles by what the gate said of them: only what it lets pass is parsed.",
                    "cpm",
                    Query("60 * sum by (verdict) (rate(tocsin_gate_articles_total{}[$__rate_interval]))", "{{verdict}}"),
                    stacked=True,
                ),
                course(
                    "Copies",
                    "Articles that carry a text that was there before, by how they were known. Copies count as one source.",
                    "cpm",
                    Query("60 * sum by (kind) (rate(tocsin_articles_duplicates_total{}[$__rate_interval]))", "{{kind}}"),
                    stacked=True,
                ),
                course(
                    "Not read",
                    "Articles in other languages than English, in which nothing is looked for.",
                    "cpm",
                    Query("60 * sum by (language) (rate(tocsin_articles_unread_total{}[$__rate_interval]))", "{{language}}"),
                    stacked=True,
                ),
            ],
        ),
        Row(
            "What is found?",
            [
                course(
                    "Mentions by type",
                    "What happened, as detection reads it.",
                    "cpm",
                    Query("60 * sum by (type) (rate(tocsin_mentions_total{}[$__rate_interval]))", "{{type}}"),
                    width=12,
                    stacked=True,
                ),
                course(
                    "Mentions by status",
                    "Asserted and claimed ones may alert; all others are kept as evidence.",
                    "cpm",
                    Query("60 * sum by (status) (rate(tocsin_mentions_total{}[$__rate_interval]))", "{{status}}"),
                    width=12,
                    stacked=True,
                ),
                number(
                    "Mentions an article",
                    "Mentions for each article that was read, over the time shown. Near 0 while articles flow: detection is blind.",
                    "short",
                    Query("sum(increase(tocsin_mentions_total{}[$__range])) / sum(increase(tocsin_gate_articles_total{}[$__range]))"),
                    width=6,
                ),
                number(
                    "Without a place",
                    "Share of mentions whose place nobody could resolve: they raise nothing.",
                    "percentunit",
                    Query("sum(increase(tocsin_mentions_unplaced_total{}[$__range])) / sum(increase(tocsin_mentions_total{}[$__range]))"),
                    Steps(0.3, 0.5),
                    width=6,
                ),
                number(
                    "Misdated, 24 h",
                    "Articles dated later than they were fetched, and taken to be of then.",
                    "short",
                    Query("sum(increase(tocsin_articles_misdated_total{}[24h]))"),
                    Steps(100, 1000),
                    width=6,
                ),
                number(
                    "Open events",
                    "Occurrences that fusion still holds open for new reports.",
                    "short",
                    Query("sum(tocsin_events_open{})"),
                    width=6,
                ),
            ],
        ),
        Row(
            "What is said?",
            [
                course(
                    "Alerts by rule",
                    "Alert revisions of each rule.",
                    "short",
                    Query("sum by (rule) (increase(tocsin_alerts_total{}[$__rate_interval]))", "{{rule}}"),
                    width=12,
                    stacked=True,
                ),
                course(
                    "Alerts by change",
                    "New alerts, updates, corrections and retractions. Many corrections and retractions: something is read "
                    "wrongly at first.",
                    "short",
                    Query("sum by (change) (increase(tocsin_alerts_total{}[$__rate_interval]))", "{{change}}"),
                    width=12,
                    stacked=True,
                ),
            ],
        ),
    ],
)
