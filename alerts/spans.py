"""Spans of time, for people."""

from datetime import timedelta


def in_words(span: timedelta) -> str:
    """``3 days``, ``5 h``, ``20 min``: rounded to what matters."""
    hours = span.total_seconds() / 3600
    return f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} h" if hours >= 1 else f"{span.total_seconds() / 60:.0f} min"
