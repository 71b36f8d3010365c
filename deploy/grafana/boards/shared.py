"""Panels that stand on the watch floor, and again on the board behind it."""

from grafana_foundation_sdk.builders import timeseries

from deploy.grafana.boards.panels import Query, course


def polls() -> timeseries.Panel:
    """How feeds answer."""
    query = Query("60 * sum by (status) (rate(tocsin_polls_total{}[$__rate_interval]))", "{{status}}")
    return course("Polls", "How questions to feeds ended.", "cpm", query, width=12, stacked=True)


def attempts(width: int) -> timeseries.Panel:
    """How receivers answer."""
    query = Query("sum by (channel, outcome) (increase(tocsin_delivery_attempts_total{}[$__rate_interval]))", "{{channel}} {{outcome}}")
    return course("Attempts", "Attempts to deliver, by channel and how they ended.", "short", query, width=width, stacked=True)
