"""`tocsin up`: the whole river in one process on this machine, without broker, from feeds to receivers."""

from datetime import timedelta

PRUNE_EVERY = timedelta(hours=1)
LAST_ATTEMPTS = 3.0
"""Seconds that attempts under way get to end when we stop."""
