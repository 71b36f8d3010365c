"""`python -m alerts.commands.metrics_page`: writes docs/metrics.md of what `streams.metrics` declares, so that no metric goes untold."""

import sys
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

from streams import metrics

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
INTRO = """# Metrics

Every process of Tocsin serves `/metrics` (`TOCSIN_METRICS`, by default 127.0.0.1:8740). This page is made of the code: change
`streams/metrics.py`, then run `python -m alerts.commands.metrics_page`.

Names are in base units. Labels are closed sets: stages, states, types, and what the configuration files name (`feed`, `rule`,
`receiver`); never an address, a title or a place. A series of a feed appears with its first poll and goes when another poller takes it
over; a counter with labels appears when first counted. Of a histogram Prometheus sees `_bucket`, `_sum` and `_count`. What the standard
client adds (`process_…`, `python_…`) is not listed.

"""
KINDS: dict[type, str] = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}


def page() -> str:
    """The whole page."""
    found = [collector for collector in vars(metrics).values() if type(collector) in KINDS]
    rows = (f"| `{_name(c)}` | {KINDS[type(c)]} | {', '.join(f'`{n}`' for n in c._labelnames)} | {c._documentation} |" for c in found)
    return INTRO + "\n".join(["| metric | kind | labels | what it says |", "|---|---|---|---|", *rows]) + "\n"


def _name(collector: Counter | Gauge | Histogram) -> str:
    return f"{collector._name}_total" if isinstance(collector, Counter) else str(collector._name)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
