"""Pipeline: rate, errors, duration and lag of each stage, and what its processes need."""

from deploy.grafana.boards.board import Board, Row
from deploy.grafana.boards.panels import Column, Query, Steps, course, rows

PIPELINE = Board(
    uid="tocsin-pipeline",
    title="Tocsin: Pipeline",
    says="Each stage from detect to deliver: what goes in and comes out, how long it takes, how far it is behind, what it needs.",
    choices={"stage": "tocsin_stage_records_total"},
    rows=[
        Row(
            "What flows?",
            [
                course(
                    "Taken in",
                    "Entries that each stage took in, ticks among them.",
                    "cps",
                    Query(
                        'sum by (stage) (rate(tocsin_stage_records_total{stage=~"$stage", direction="in"}[$__rate_interval]))', "{{stage}}"
                    ),
                ),
                course(
                    "Written",
                    "Records that each stage wrote.",
                    "cps",
                    Query(
                        'sum by (stage) (rate(tocsin_stage_records_total{stage=~"$stage", direction="out"}[$__rate_interval]))', "{{stage}}"
                    ),
                ),
                course(
                    "Set aside",
                    "Records that a stage could not take: `tocsin rejected list` names them.",
                    "short",
                    Query(
                        'sum by (stage) (increase(tocsin_rejected_total{stage=~"$stage"}[$__rate_interval])) '
                        'or 0 * sum by (stage) (rate(tocsin_stage_records_total{stage=~"$stage"}[$__rate_interval]))',
                        "{{stage}}",
                    ),
                    steps=Steps(None, 1),
                ),
            ],
        ),
        Row(
            "How far behind?",
            [
                course(
                    "Lag in seconds",
                    "Age of the oldest record that the stage has not taken in yet, of its worst partition.",
                    "s",
                    Query('max by (stage) (tocsin_lag_seconds{stage=~"$stage"})', "{{stage}}"),
                    steps=Steps(30, 300),
                ),
                course(
                    "Lag in records",
                    "Records that wait for the stage, over all partitions.",
                    "short",
                    Query('sum by (stage) (tocsin_lag_entries{stage=~"$stage"})', "{{stage}}"),
                ),
                course(
                    "Age of the watermark",
                    "How old the newest time is that the stage has seen, of its worst partition. In a river that flows, "
                    "ticks keep it small.",
                    "s",
                    Query('time() - min by (stage) (tocsin_watermark_timestamp_seconds{stage=~"$stage"} > 0)', "{{stage}}"),
                ),
            ],
        ),
        Row(
            "How long does it take?",
            [
                course(
                    "Batch, on average",
                    "Time a stage takes for a batch, commit included.",
                    "s",
                    Query(
                        'sum by (stage) (rate(tocsin_stage_batch_seconds_sum{stage=~"$stage"}[$__rate_interval])) '
                        '/ sum by (stage) (rate(tocsin_stage_batch_seconds_count{stage=~"$stage"}[$__rate_interval]))',
                        "{{stage}}",
                    ),
                ),
                course(
                    "Batch, 99 of 100",
                    "99 of 100 batches took no longer.",
                    "s",
                    Query(
                        "histogram_quantile(0.99, sum by (stage, le) "
                        '(rate(tocsin_stage_batch_seconds_bucket{stage=~"$stage"}[$__rate_interval])))',
                        "{{stage}}",
                    ),
                ),
                course(
                    "Busy",
                    "Share of the time in which the stage works on a batch. Near 100 %: it needs more workers (docs/operations.md, Scale).",
                    "percentunit",
                    Query(
                        'sum by (stage, instance) (rate(tocsin_stage_batch_seconds_sum{stage=~"$stage"}[$__rate_interval]))',
                        "{{stage}} {{instance}}",
                    ),
                    steps=Steps(0.7, 0.9),
                ),
            ],
        ),
        Row(
            "What does it need?",
            [
                course(
                    "Processors",
                    "Processors in use by each process, as a number of cores; what its pool of processes uses is not in it.",
                    "short",
                    Query("sum by (instance) (rate(process_cpu_seconds_total{}[$__rate_interval]))", "{{instance}}"),
                ),
                course(
                    "Memory",
                    "Resident memory of each process.",
                    "bytes",
                    Query("max by (instance) (process_resident_memory_bytes{})", "{{instance}}"),
                ),
                course(
                    "Delay of the event loop",
                    "By how much a timer comes late: what is due at once waits for so long.",
                    "s",
                    Query("max by (instance) (tocsin_loop_lag_seconds{})", "{{instance}}"),
                    steps=Steps(0.1, 1),
                ),
                course(
                    "Open files",
                    "Files and connections that are open, as a share of how many may be.",
                    "percentunit",
                    Query("max by (instance) (process_open_fds{} / process_max_fds{})", "{{instance}}"),
                    steps=Steps(0.7, 0.9),
                ),
                course(
                    "Detection processes",
                    "Processes of the pool that detection has, and how many of them are at work.",
                    "short",
                    Query("sum(tocsin_pool_processes{})", "there"),
                    Query("sum(tocsin_pool_busy{})", "at work"),
                ),
                course(
                    "State file",
                    "Size of the SQLite file of `tocsin up`, and of its write-ahead log. Workers on Kafka have none.",
                    "bytes",
                    Query("sum by (instance) (tocsin_sqlite_bytes{})", "{{instance}} file"),
                    Query("sum by (instance) (tocsin_sqlite_wal_bytes{})", "{{instance}} log"),
                ),
            ],
        ),
        Row(
            "What runs?",
            [
                rows(
                    "Processes",
                    "Each process of Tocsin, its version, and how long it has been up.",
                    ["instance", "version"],
                    Column("ready", "bool_yes_no", "max by (instance) (tocsin_ready{})", Steps(1, 0.5, falling=True)),
                    Column("build", "short", "max by (instance, version) (tocsin_build_info{})"),
                    Column("up for", "s", "time() - max by (instance) (process_start_time_seconds{})"),
                ),
            ],
        ),
    ],
)
