"""Sentences, parts and tables in; lines of at most 100 columns out."""

import re
import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 100
DATE = re.compile(r"\b\d\S* [A-Z]{3} \d\d\b")
HELD = "\u00a0"
"""Where a line may not break: a date in two halves is misread."""
LABEL = 7
"""Columns that a label such as WHERE takes, with its space."""
GAP = "   "
"""Between parts of one line."""


def field(text: str, label: str) -> str:
    """*text* after its label, wrapped and indented below it."""
    return _wrap(text, first=f"{label:<{LABEL}}" if len(label) < LABEL else f"{label}  ", then=" " * LABEL)


def indented(text: str, columns: int) -> str:
    """*text* wrapped with *columns* spaces before every line."""
    return _wrap(text, first=" " * columns, then=" " * columns)


def hanging(text: str, columns: int) -> str:
    """*text* wrapped with *columns* spaces before every line but the first, which begins at that column already."""
    return _wrap(text, first=" " * columns, then=" " * columns)[columns:]


def _wrap(text: str, *, first: str, then: str) -> str:
    held = DATE.sub(lambda date: date[0].replace(" ", HELD), text)
    lines = textwrap.wrap(held, WIDTH, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace(HELD, " ") if lines else first.rstrip()


def row(parts: Iterable[str], label: str) -> str:
    """Parts side by side after their label, three spaces apart; a part that does not fit begins the next line."""
    lines = [f"{label:<{LABEL}}"]
    for part in filter(None, parts):
        fresh = not lines[-1].strip() or len(lines[-1]) == LABEL
        if not fresh and len(lines[-1]) + len(GAP) + len(part) > WIDTH:
            lines.append(" " * LABEL)
            fresh = True
        lines[-1] += part if fresh else GAP + part
    return "\n".join(line if len(line) <= WIDTH else field(line[LABEL:], line[:LABEL].strip()) for line in lines)


def table(rows: Sequence[Sequence[str]], *, indent: int = 2) -> list[str]:
    """Rows of equally many cells in columns; cells wrap within their column. The first column is as wide as it needs."""
    head = max(len(r[0]) for r in rows)
    columns = len(rows[0]) - 1
    room = (WIDTH - indent - head - len(GAP) * columns) // columns
    widths = [head, *(min(room, max(len(r[i + 1]) for r in rows)) for i in range(columns))]
    return [line for cells in rows for line in _table_row(cells, widths, indent)]


def _table_row(cells: Sequence[str], widths: Sequence[int], indent: int) -> Iterable[str]:
    wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, widths, strict=True)]
    for n in range(max(map(len, wrapped))):
        line = GAP.join(f"{lines[n] if n < len(lines) else '':<{width}}" for lines, width in zip(wrapped, widths, strict=True))
        yield (" " * indent + line).rstrip()
