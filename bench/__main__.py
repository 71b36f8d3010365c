"""`make bench`: print every figure with machine and date, as rows for bench/README.md."""

import os
import platform
import sys
from datetime import UTC, datetime
from itertools import chain

from bench import detect, local, ops, rules, steps, stream

PARTS = {
    "detect": detect.figures, "steps": steps.figures, "local": local.figures, "stream": stream.figures, "rules": rules.figures,
    "ops": ops.figures,
}  # fmt: skip
"""Names to give after `python -m bench`; without any, all but what needs a broker."""
USUAL = ("detect", "steps", "rules", "local", "ops")


def machine() -> str:
    """What it was measured on."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main() -> None:
    """Measure and print."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}\n")
    print("| what | figure | beside, in the same run | ratio |\n|---|---|---|---|")
    for row in chain.from_iterable(PARTS[name]() for name in sys.argv[1:] or USUAL):
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
