"""`tocsin replay`: files of articles in, every alert revision out, by the same stages as live; nothing is delivered."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from alerts.commands.lines import read_line
from alerts.commands.read import Asked
from alerts.commands.river import configured, detector_of, river
from alerts.records import Alert, Notification
from alerts.topics import ALERTS, NOTIFICATIONS
from streams.errors import ExplainedError
from streams.records import EPOCH, Article
from streams.runtime.replay import Replay
from streams.settings import Settings


class ReplayError(ExplainedError, ValueError):
    """A line of the input cannot be read; the text says which and what to do."""


def replay(files: Sequence[Path], settings: Settings, out: IO[bytes]) -> None:
    """Run *files* through the river and write its alerts to *out*.

    Raises:
        ReplayError: With every line that is no article, or has neither `fetched` nor `published`.
    """
    mistakes: list[str] = []
    articles = [a for path in files for a in articles_of(path, mistakes)]
    if mistakes:
        raise ReplayError("\n".join(mistakes))
    detector = detector_of(settings)
    made = Replay(river(detector))
    for record in configured(settings, at=EPOCH):
        made.control(record)
    made.run(articles)
    for line in revisions(made):
        out.write(msgspec.json.encode(line) + b"\n")


def articles_of(path: Path, mistakes: list[str]) -> Iterator[Article]:
    """The articles of one file (``-`` is standard input); lines that are none are noted in *mistakes*."""
    name = "standard input" if str(path) == "-" else str(path)
    with sys.stdin.buffer if str(path) == "-" else path.open("rb") as stream:
        for number, data in enumerate(stream, start=1):
            line = read_line(number, data, Asked) if data.strip() else None
            if line is None:
                continue
            if line.error is not None:
                mistakes.append(f"{name}:{number}: {line.error}; each line must be one article as docs/contract.md says")
                continue
            article = line.asked.article()
            if article.fetched is None and article.published is None:
                if (said := line.asked.fetched or line.asked.published) is not None:  # a typing error is no reason to stop
                    print(f"{name}:{number}: passed over, as {said:%Y} is no year of news; give 'fetched'", file=sys.stderr)
                    continue
                mistakes.append(f"{name}:{number}: neither 'fetched' nor 'published'; give one, so that the article has a place in time")
            else:
                yield article


def revisions(made: Replay) -> Iterator[dict[str, Any]]:
    """The alert revisions in time order, each with who would get it."""
    heard: dict[tuple[str, int], list[str]] = {}
    for n in made.logs[NOTIFICATIONS.name]:
        if isinstance(n, Notification):
            heard.setdefault((n.alert, n.revision), []).append(n.receiver.id)
    alerts = [a for a in made.logs[ALERTS.name] if isinstance(a, Alert)]
    for a in sorted(alerts, key=lambda a: (a.at, a.id, a.revision)):
        yield shown(a, heard.get((a.id, a.revision), []))


def shown(alert: Alert, receivers: list[str]) -> dict[str, Any]:
    """An alert revision as others rely on it."""
    event = msgspec.to_builtins(alert.event)
    event.pop("record")
    return {
        "alert": alert.id,
        "revision": alert.revision,
        "change": alert.change,
        "rule": alert.rule,
        "severity": alert.severity,
        "at": alert.at,
        "reason": alert.reason.text,
        "receivers": receivers,
        "event": event,
        "number": alert.label,
        "stage": alert.stage,
        "differences": alert.differences,
        "shadow": alert.shadow,
    }
