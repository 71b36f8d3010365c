"""The verbs that try rules: their own tests, what they would have raised, and why they did or did not. One engine: that of live."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, TextIO, get_args

import msgspec

from alerts.commands.replay import ReplayError, articles_of, shown
from alerts.commands.river import detector_of, river
from alerts.desk import STAGES
from alerts.judge import JUDGE
from alerts.memory import Known
from alerts.records import Alert, Change, Rule, RulesInForce
from alerts.rules.cases import START, Case, load_cases, verdict
from alerts.rules.explain import explain
from alerts.rules.load import load_rules
from alerts.rules.match import rule_key
from alerts.select import SELECT
from alerts.topics import ALERTS
from streams.detection.revisions import Reader, detect
from streams.errors import ExplainedError
from streams.events.fuse import FUSE
from streams.records import EPOCH, Article, Event, Mention, Withdrawn
from streams.runtime.replay import AFTERMATH, Replay
from streams.settings import Settings
from streams.stages import Stage
from streams.topics import ARTICLES, EVENTS, MENTIONS, Topic, UnreadableRecordError

CHANGES = get_args(Change)


class NothingFoundError(ExplainedError):
    """No event is what was asked for."""


def test_rules(settings: Settings, out: TextIO) -> int:
    """Run the tests that stand in the rule files; 1 if any fails, or there is none."""
    rules = load_rules(settings.rules)
    cases = load_cases(settings.rules, rules)
    reader = detector_of(settings) if any(case.reads for case in cases) else None
    failed = 0
    for case in cases:
        wrong = verdict(case, alerts_of_case(case, rules, reader))
        failed += bool(wrong)
        print(f"{'FAIL' if wrong else 'ok  '} {case.file}:{case.line}: {case.name}", file=out)
        for line in wrong:
            print(f"     {line}", file=out)
    untested = [rule.id for rule in rules if not any(rule.id in case.rules for case in cases)]
    if untested:
        print(f"     without a test: {', '.join(untested)}", file=out)
    print(f"{len(cases) - failed} of {len(cases)} tests of {len(rules)} rules hold", file=out)
    return 1 if failed or not cases else 0


def alerts_of_case(case: Case, rules: Sequence[Rule], reader: Reader | None) -> list[Alert]:
    """What the stages say of what a case reports, its rules alone in force."""
    made = Replay(river(reader) if reader is not None and case.reads else STAGES)
    made.control(RulesInForce(at=EPOCH, rules=tuple(rule for rule in rules if rule.id in case.rules)))
    for given in case.given:
        made.until(START + given.at)
        made.put(ARTICLES if isinstance(given.record, Article) else EVENTS, given.record)
    if case.given:
        made.until(START + (case.until or case.given[-1].at + AFTERMATH))
    return raised(made)


def raised(made: Replay) -> list[Alert]:
    """Every alert revision of a run, in order of time."""
    return sorted((a for a in made.logs[ALERTS.name] if isinstance(a, Alert)), key=lambda a: (a.at, a.rule, a.id, a.revision))


def backtest(
    settings: Settings,
    files: Sequence[Path],
    out: TextIO,
    *,
    against: Path | None = None,
    save: IO[bytes] | None = None,
    as_json: bool = False,
) -> int:
    """Say what the rules would have raised over *files*, how many a day, and what they add and lose against other rules.

    Args:
        files: Articles, or what an earlier run saved of them.
        against: Folder of the other rules.
        save: Where to put what was detected, so that the next run need not read it again.
        as_json: Every alert revision as `tocsin replay` has it, instead of the summary.
    """
    mentions = recorded(settings, files)
    if save is not None:
        save.writelines(MENTIONS.encode(m) + b"\n" for m in mentions)
    events = fused(mentions)
    rules = load_rules(settings.rules)
    alerts = judged(events, rules)
    if as_json:
        for alert in alerts:
            print(msgspec.json.encode(shown(alert, [])).decode(), file=out)
        return 0
    first, last = (f(m.at for m in mentions) for f in (min, max)) if mentions else (EPOCH, EPOCH)
    days = max(1, len({m.at.date() for m in mentions}))
    articles = {m.article for m in mentions if isinstance(m, Mention)}
    print(
        f"{first:%d %b %Y} to {last:%d %b %Y}: {days} days with news, {len(articles)} articles that tell of something, "
        f"{len({e.id for e in events})} events",
        file=out,
    )
    _table(rules, alerts, days, out)
    if against is not None:
        before = judged(events, load_rules(against))
        _difference(alerts, before, out)
    return 0


def _table(rules: Sequence[Rule], alerts: Sequence[Alert], days: int, out: TextIO) -> None:
    counted: Counter[tuple[str, str]] = Counter((a.rule, a.change) for a in alerts)
    width = max([len(r.id) for r in rules] + [4])
    print(f"{'rule':<{width}}  {'  '.join(f'{c:>10}' for c in CHANGES)}  new a day", file=out)
    for rule in rules:
        cells = "  ".join(f"{counted[rule.id, c]:>10}" for c in CHANGES)
        print(f"{rule.id:<{width}}  {cells}  {counted[rule.id, 'new'] / days:>9.2f}", file=out)
    everything = "  ".join(f"{sum(counted[r.id, c] for r in rules):>10}" for c in CHANGES)
    print(f"{'all':<{width}}  {everything}  {sum(counted[r.id, 'new'] for r in rules) / days:>9.2f}", file=out)


def _difference(alerts: Sequence[Alert], before: Sequence[Alert], out: TextIO) -> None:
    mine, theirs = ({(a.rule, a.id): a for a in which if a.change == "new"} for which in (alerts, before))
    added, lost = [mine[k] for k in mine if k not in theirs], [theirs[k] for k in theirs if k not in mine]
    print(f"{len(added)} alerts that the other rules would not have raised, {len(lost)} that they would have and these do not", file=out)
    for sign, which in (("+", added), ("-", lost)):
        for a in which:
            print(f"{sign} {a.at:%d %b %Y %H:%MZ} {a.rule}: {a.number}, {a.event.type} at {a.event.place.name}", file=out)


def explain_rules(settings: Settings, files: Sequence[Path], out: TextIO, *, number: str = "", article: str = "") -> int:
    """Tell of an event, by its number, or of the events of an article, why each rule spoke or did not, clause by clause."""
    events = fused(recorded(settings, files))
    last = {e.id: e for e in events}
    wanted = [e for e in last.values() if e.number == number.partition("/")[0] or (article and _speaks_of(e, article))]
    if not wanted:
        what = f"event {number}" if number else f"event of article {article!r}"
        raise NothingFoundError(f"no {what} in what was read; `tocsin detect --explain` says how an article was read")
    rules = load_rules(settings.rules)
    alerts = judged(events, rules)
    for event in sorted(wanted, key=lambda e: (e.at, e.id)):
        day = f"{event.occurred.start:%d %b %Y}" if event.occurred else "day not reported"
        print(f"{event.number}: {event.type} at {event.place.name}, {day}, {event.owners} owners, {event.articles} articles", file=out)
        made = run(events[: 1 + max(i for i, e in enumerate(events) if e.id == event.id)], rules)
        for rule in rules:
            known: Known | None = made.state_of("judge", f"{rule.id}|{rule_key(event, rule.by)}")
            for line in explain(rule, event, known, alerts):
                print(f"  {line}", file=out)
    return 0


def _speaks_of(event: Event, article: str) -> bool:
    return any(e.article == article for e in (*event.evidence, *event.background))


def recorded(settings: Settings, files: Sequence[Path]) -> list[Mention | Withdrawn]:
    """What was detected in *files*: those that hold articles are read, those that hold what was read are taken as they are.

    Raises:
        ReplayError: With every line that is neither.
    """
    mistakes: list[str] = []
    mentions: list[Mention | Withdrawn] = []
    articles: list[Article] = []
    for path in files:
        if _is_recording(path):
            mentions += _recording(path, mistakes)
        else:
            articles += articles_of(path, mistakes)
    if mistakes:
        raise ReplayError("\n".join(mistakes))
    if articles:
        made = Replay((detect(detector_of(settings)),))
        made.run(articles)
        mentions += (m for m in made.logs[MENTIONS.name] if isinstance(m, Mention | Withdrawn))
    return sorted(mentions, key=lambda m: m.at)


def _is_recording(path: Path) -> bool:
    if str(path) == "-":
        return False
    with path.open("rb") as stream:
        first = next((line for line in stream if line.strip()), b"")
    try:
        found = msgspec.json.decode(first)
    except msgspec.DecodeError:
        return False
    return isinstance(found, dict) and found.get("record") in ("Mention", "Withdrawn")


def _recording(path: Path, mistakes: list[str]) -> Iterator[Mention | Withdrawn]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                yield MENTIONS.decode(line.strip())
            except UnreadableRecordError as error:
                mistakes.append(f"{path}:{number}: {error}; save it anew with `tocsin rules backtest --save`")


def fused(mentions: Iterable[Mention | Withdrawn]) -> list[Event]:
    """The events of *mentions*, each revision of each, in order."""
    made = _run((FUSE,), MENTIONS, mentions)
    return [e for e in made.logs[EVENTS.name] if isinstance(e, Event)]


def run(events: Sequence[Event], rules: Sequence[Rule], *, until: datetime | None = None) -> Replay:
    """What judges of *events* under *rules*, having heard them; time goes on to *until*."""
    made = _run((SELECT, JUDGE), EVENTS, events, RulesInForce(at=EPOCH, rules=tuple(rules)))
    if until is not None:
        made.until(until)
    return made


def _run(stages: Sequence[Stage], topic: Topic, records: Iterable[Mention | Withdrawn | Event], *controls: RulesInForce) -> Replay:
    made = Replay(stages)
    for control in controls:
        made.control(control)
    for record in records:
        made.until(record.at)
        made.put(topic, record)
    return made


def judged(events: Sequence[Event], rules: Sequence[Rule]) -> list[Alert]:
    """Every alert revision that *rules* raise over *events*."""
    return raised(run(events, rules, until=max(e.at for e in events) + AFTERMATH)) if events else []
