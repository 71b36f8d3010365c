"""Figures of this machine: each beside something plain in the same run, since machines are noisy."""
