"""Every Prometheus collector of Tocsin. Base units, closed label sets: never a URL, a title or a place; docs/metrics.md is made of this."""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series of its own for each counter, which nobody asks

FRESH_SECONDS = 1.0
"""The objective: so soon after the fetch that told a rule something, its receiver has accepted the alert."""
TOLD_SECONDS = 300.0
"""The same after publication; most of it is the wait for the next poll."""

POLLS = Counter("tocsin_polls_total", "Polls of feeds, by how they ended.", ["status"])
POLL_SECONDS = Histogram(
    "tocsin_poll_seconds", "Time from asking a feed to knowing what follows.", buckets=(0.05, 0.25, 1, 2.5, 5, 10, 20, 30)
)
ENTRIES = Counter("tocsin_feed_entries_total", "Entries emitted as articles: new ones and changed ones.", ["change"])
POSSIBLE_LOSS = Counter("tocsin_feed_possible_loss_total", "Polls that overlapped nothing with the one before.", ["feed"])
FEED_UP = Gauge("tocsin_feed_up", "1 if the last poll of the feed went well.", ["feed"])
FEED_LAST_ENTRY = Gauge("tocsin_feed_last_entry_timestamp_seconds", "When the feed last had a new entry.", ["feed"])
FEED_EXPECTED_GAP = Gauge(
    "tocsin_feed_expected_gap_seconds", "How long the feed may be still by its own rhythm of the last two weeks.", ["feed"]
)
TOO_LARGE = Counter("tocsin_poller_too_large_total", "Records of the poller that no broker takes for their size.", ["topic"])
FEEDS_HELD = Gauge("tocsin_poller_feeds", "Feeds that this poller polls.")

RECORDS = Counter(
    "tocsin_stage_records_total", "Entries that a stage took in, ticks among them, and records that it wrote.", ["stage", "direction"]
)
STAGE_SECONDS = Histogram(
    "tocsin_stage_batch_seconds", "Time a stage took for a batch, commit included.", ["stage"], buckets=(0.01, 0.05, 0.25, 1, 5, 30)
)
REJECTED = Counter("tocsin_rejected_total", "Records that a stage could not take.", ["stage"])
LAG_ENTRIES = Gauge("tocsin_lag_entries", "Entries of a partition that a stage has not taken in yet.", ["stage", "partition"])
LAG_SECONDS = Gauge(
    "tocsin_lag_seconds", "Age of the first entry that was not taken in yet, or of the last one that was; 0 without a lag.",
    ["stage", "partition"],
)  # fmt: skip
WATERMARK = Gauge("tocsin_watermark_timestamp_seconds", "The latest time that a stage has taken in.", ["stage"])

GATE = Counter("tocsin_gate_articles_total", "Articles by whether any of their sentences was worth a parse.", ["verdict"])
UNREAD = Counter("tocsin_articles_unread_total", "Articles that are not in English, so that nothing was looked for in them.", ["language"])
MISDATED = Counter("tocsin_articles_misdated_total", "Articles dated later than they were fetched, and taken to be of then.")
DUPLICATES = Counter("tocsin_articles_duplicates_total", "Entries that came again word for word under another guid (reissued).", ["kind"])
MENTIONS = Counter("tocsin_mentions_total", "Mentions found, by type and status.", ["type", "status"])
UNPLACED = Counter("tocsin_mentions_unplaced_total", "Mentions whose place is not known: they raise nothing, as no rule can look for them.")
EVENTS_OPEN = Gauge("tocsin_events_open", "Events that further reports may still join.")
ALERTS = Counter("tocsin_alerts_total", "Alert revisions.", ["rule", "severity", "change"])

ATTEMPTS = Counter("tocsin_delivery_attempts_total", "Attempts to deliver, by channel and how they ended.", ["channel", "outcome"])
DELIVERIES = Counter("tocsin_deliveries_total", "Deliveries that ended, by receiver.", ["receiver", "outcome"])
DEAD_LETTERS = Counter("tocsin_dead_letters_total", "Deliveries that were given up after all their attempts.", ["receiver"])
QUEUED = Gauge("tocsin_delivery_queued", "Deliveries that wait for their attempt or for its end.", ["receiver"])
OLDEST_QUEUED = Gauge(
    "tocsin_delivery_oldest_queued_timestamp_seconds", "When the oldest of them was due; now, if none waits.", ["receiver"]
)
FRESHNESS = Histogram(
    "tocsin_fetch_to_delivery_seconds",
    f"From the fetch that told a rule something to the receiver's acceptance; the objective is {FRESH_SECONDS:g} s.",
    buckets=(0.1, 0.25, 0.5, FRESH_SECONDS, 2, 5, 10, 30, 60, 300),
)
PUBLISHED_TO_DELIVERY = Histogram(
    "tocsin_publication_to_delivery_seconds",
    f"From the last report's publication to the receiver's acceptance; the objective is {TOLD_SECONDS:g} s.",
    buckets=(1, 10, 30, 60, 120, TOLD_SECONDS, 600, 1800, 7200, 86400),
)

RELOAD_SUCCESS = Gauge("tocsin_reload_success", "1 if what was last read of the files is in force.", ["what"])
RELOAD_TIME = Gauge("tocsin_reload_timestamp_seconds", "When the files were last read.", ["what"])
CANARY_SENT = Counter("tocsin_canary_sent_total", "Canary articles put into the river.")
CANARY_LOST = Counter("tocsin_canary_lost_total", "Canary articles that did not come out of it in time.")
CANARY_SECONDS = Histogram(
    "tocsin_canary_round_trip_seconds", "From a canary article to its delivery to nobody.", buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30)
)
CANARY_LAST = Gauge("tocsin_canary_last_success_timestamp_seconds", "When a canary last came through.")

POOL_PROCESSES = Gauge("tocsin_pool_processes", "Processes that read articles beside this one.")
POOL_BUSY = Gauge("tocsin_pool_busy", "Of them, those at work now.")
LOOP_LAG = Gauge("tocsin_loop_lag_seconds", "How late the event loop woke from its last nap.")
SQLITE_BYTES = Gauge("tocsin_sqlite_bytes", "Size of the state file.")
SQLITE_WAL_BYTES = Gauge("tocsin_sqlite_wal_bytes", "Size of its write-ahead log.")
BUILD = Gauge("tocsin_build_info", "1; its labels say what runs.", ["version", "python", "reader"])
READY = Gauge("tocsin_ready", "1 while everything runs.")
