"""Every Prometheus collector of Tocsin. Base units, closed label sets: never a URL, a title or a place."""

from prometheus_client import Counter, Gauge, Histogram

POLLS = Counter("tocsin_polls_total", "Polls of a feed, by how they ended.", ["feed", "status"])
ENTRIES = Counter("tocsin_feed_entries_total", "Entries emitted as articles: new ones and changed ones.", ["feed", "change"])
POSSIBLE_LOSS = Counter("tocsin_feed_possible_loss_total", "Polls that overlapped nothing with the one before.", ["feed"])
TOO_LARGE = Counter("tocsin_poller_too_large_total", "Records of the poller that no broker takes for their size.", ["topic"])
FEEDS_HELD = Gauge("tocsin_poller_feeds", "Feeds that this poller polls.")
RECORDS = Counter("tocsin_stage_records_total", "Records that a stage took in and wrote.", ["stage", "direction"])
UNREAD = Counter("tocsin_articles_unread_total", "Articles that are not in English, so that nothing was looked for in them.", ["language"])
UNPLACED = Counter("tocsin_mentions_unplaced_total", "Mentions whose place is not known: they raise nothing, as no rule can look for them.")
MISDATED = Counter("tocsin_articles_misdated_total", "Articles dated later than they were fetched, and taken to be of then.")
REJECTED = Counter("tocsin_rejected_total", "Records that a stage could not take.", ["stage"])
STAGE_SECONDS = Histogram("tocsin_stage_batch_seconds", "Time a stage took for a batch, commit included.", ["stage"])
ALERTS = Counter("tocsin_alerts_total", "Alert revisions.", ["rule", "severity", "change"])
DELIVERIES = Counter("tocsin_delivery_attempts_total", "Attempts to deliver, by channel and how they ended.", ["channel", "outcome"])
FRESHNESS = Histogram(
    "tocsin_fetch_to_delivery_seconds",
    "From the fetch that told a rule something to the receiver's acceptance.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300),
)
LAG_ENTRIES = Gauge("tocsin_lag_entries", "Entries of a partition that a stage has not taken in yet.", ["stage", "partition"])
LAG_SECONDS = Gauge(
    "tocsin_lag_seconds", "Age of the last entry that was taken in while there are more; 0 without a lag.", ["stage", "partition"]
)
READY = Gauge("tocsin_ready", "1 while everything runs.")
