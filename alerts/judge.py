"""The stage `judge`: events in a rule's scope in, alerts out. Remembers what happened at each place and what was said of it."""

from datetime import datetime, timedelta

import msgspec

from alerts import policy
from alerts.records import Alert, Match, Reason, Rule, RulesInForce
from alerts.rules.match import wanted
from alerts.rules.situations import GAP, Seen, last_before, seen, situation_of
from alerts.topics import ALERTS, MATCHES
from streams.records import Event, Part, Record, Tick, Verdict, digest
from streams.stages import Stage

SLACK = timedelta(days=7)
"""Beyond the novelty window: as far back as a mention may still be current (DESIGN, detection, rule 14)."""


class Judging(Part, frozen=True, kw_only=True):
    """The control of `judge`: rules in force, and events that an officer dismissed."""

    rules: dict[str, Rule] = {}
    dismissed: frozenset[str] = frozenset()


class Said(Part, frozen=True, kw_only=True):
    """A situation that something was said of."""

    alert: Alert
    """The last of it."""
    events: tuple[str, ...]
    """All of its situation: they lead from a situation to its alert."""
    told: dict[str, Event] = {}
    """Each event that it spoke of, as it was then: what is news is news against this."""
    waiting: datetime | None = None
    """When a change that the cooldown holds back may be said."""


class Known(Part, frozen=True, kw_only=True):
    """The memory of one rule at one place."""

    rule: str
    now: datetime
    history: dict[str, Seen] = {}
    current: dict[str, Event] = {}
    """Events that may still be spoken of, as last heard."""
    said: dict[str, Said] = {}
    """By alert id."""
    keep: timedelta


def judge_step(known: Known | None, record: Match | Tick, control: Judging) -> tuple[Known | None, list[Record]]:
    """Hear an event's new revision, or wake up, and say what is to be said."""
    if isinstance(record, Tick):
        return wake(known, record.at, control)
    rule = control.rules.get(record.rule)
    if rule is None:
        return known, []
    known = known or Known(rule=rule.id, now=record.at, keep=keep(rule))
    event, before = record.event, known.history.get(record.event.id)
    if before and event.revision <= before.revision:
        return known, []
    now = max(known.now, record.at)
    counts = (
        event.accepted
        and not record.gone
        and event.category in (rule.what.category or (event.category,))
        and event.id not in control.dismissed
    )
    mine = seen(event, counts=counts, wanted=counts and wanted(event, rule.what))
    known = msgspec.structs.replace(
        known, now=now, keep=keep(rule), history={**known.history, event.id: mine}, current={**known.current, event.id: event}
    )
    return speak(known, event, rule, now)


def matters(event: Event, rule: Rule) -> bool:
    """Whether *event* is of the category that the rule counts: a convoy at a base does not make an attack on it old news."""
    return not rule.what.category or event.category in rule.what.category


def speak(known: Known, event: Event, rule: Rule, now: datetime) -> tuple[Known, list[Record]]:
    """Say what *event* makes worth saying."""
    situation = situation_of(event.id, known.history.values())
    said = _said_of(known, (event.id, *(s.id for s in situation)))
    if said is None:
        before = last_before(situation[0].start, known.history.values()) if situation else None
        verdict = policy.first_word(rule, event, situation, before, now)
        alert = _first(rule, event, verdict, before, now) if isinstance(verdict, policy.Say) else None
        said = Said(alert=alert, events=()) if alert else None
    else:
        situation = situation or next((chain for e in said.events if (chain := situation_of(e, known.history.values()))), ())
        heard = _heard(known, event, situation)
        verdict = policy.next_word(rule, said.alert, [(said.told.get(e.id), e) for e in heard], now)
        alert = _next(said.alert, rule, verdict, now) if isinstance(verdict, policy.Say) else None
    if said is None:
        return known, []
    events = tuple(dict.fromkeys((*said.events, *(s.id for s in situation))))
    if alert is None:
        waiting = verdict.until if isinstance(verdict, policy.Quiet) else None
        return _remember(known, msgspec.structs.replace(said, events=events, waiting=waiting)), []
    told = said.told | {e.id: e for e in _heard(known, event, situation)}
    return _remember(known, Said(alert=alert, events=events, told=told)), [alert]


def _heard(known: Known, event: Event, situation: tuple[Seen, ...]) -> list[Event]:
    """The events of a situation that the rule wants: *event* first, then the latest."""
    latest = sorted(
        (s for s in situation if s.wanted and s.id in known.current), key=lambda s: (s.id != event.id, -s.start.timestamp(), s.id)
    )
    return [known.current[s.id] for s in latest]


def _said_of(known: Known, events: tuple[str, ...]) -> Said | None:
    """What was said of a situation: the first alert that spoke of any of its events."""
    return next((s for s in known.said.values() if set(s.events) & set(events)), None)


def _first(rule: Rule, event: Event, verdict: policy.Say, before: Seen | None, now: datetime) -> Alert:
    confirmed = rule.confirm is None or event.owners >= rule.confirm.owners
    return Alert(
        id=digest(rule.id, event.key, event.place.id, event.id),
        revision=1,
        change="new",
        number=event.number,
        rule=rule.id,
        title=rule.title,
        severity=rule.severity,
        at=now,
        reason=Reason(code=verdict.code, text=verdict.text),
        stage=None if rule.confirm is None else "confirmed" if confirmed else "preliminary",
        needed=rule.confirm.owners if rule.confirm else None,
        confirm_by=None if rule.confirm is None or confirmed else now + rule.confirm.within,
        quiet_days=rule.novelty.days if rule.novelty is not None else None,
        last_event=before.number if before else None,
        last_event_at=before.end if before else None,
        event=event,
    )


def _next(last: Alert, rule: Rule, verdict: policy.Say, now: datetime) -> Alert:
    event = verdict.event or last.event
    confirmed = last.stage == "preliminary" and rule.confirm is not None and event.owners >= rule.confirm.owners
    return msgspec.structs.replace(
        last,
        revision=last.revision + 1,
        change=verdict.change,
        severity=rule.severity,
        title=rule.title,
        at=now,
        reason=Reason(code=verdict.code, text=verdict.text),
        stage="confirmed" if confirmed else last.stage,
        differences=verdict.differences,
        event=event,
    )


def _remember(known: Known, said: Said) -> Known:
    return msgspec.structs.replace(known, said={**known.said, said.alert.id: said})


def wake(known: Known | None, now: datetime, control: Judging) -> tuple[Known | None, list[Record]]:
    """Say what the cooldown held back, and forget what is too old to matter."""
    if known is None:
        return None, []
    out: list[Record] = []
    rule = control.rules.get(known.rule)
    for said in list(known.said.values()):
        if said.waiting is not None and said.waiting <= now:
            known = _remember(known, msgspec.structs.replace(said, waiting=None))
            event = known.current.get(said.events[-1])
            if rule is not None and event is not None:
                known, more = speak(known, event, rule, now)
                out += more
    return forget(msgspec.structs.replace(known, now=max(now, known.now)), now), out


def forget(known: Known, now: datetime) -> Known | None:
    """Drop events that no novelty window reaches any more, and what was said of them."""
    history = {i: s for i, s in known.history.items() if s.end + known.keep > now}
    current = {i: e for i, e in known.current.items() if i in history and history[i].end + GAP + SLACK > now}
    said = {i: s for i, s in known.said.items() if any(e in history for e in s.events)}
    return msgspec.structs.replace(known, history=history, current=current, said=said) if history else None


def keep(rule: Rule) -> timedelta:
    """How long an event is remembered."""
    return (rule.novelty or timedelta(0)) + rule.max_age + GAP + SLACK


def next_waking(known: Known) -> datetime | None:
    """When a held-back change may be said, or an event forgotten."""
    waits = [s.waiting for s in known.said.values() if s.waiting is not None]
    return min([*waits, *(s.end + known.keep for s in known.history.values())], default=None)


def fold(control: Judging, record: RulesInForce | Verdict) -> Judging:
    """The control after a control record."""
    if isinstance(record, RulesInForce):
        return msgspec.structs.replace(control, rules={r.id: r for r in record.rules})
    dismissed = control.dismissed - {record.event} if record.accepted else control.dismissed | {record.event}
    return msgspec.structs.replace(control, dismissed=dismissed)


JUDGE = Stage(
    name="judge",
    input=MATCHES,
    outputs=(ALERTS,),
    step=judge_step,
    state=Known,
    due=next_waking,
    controls=(RulesInForce, Verdict),
    initial=Judging(),
    fold=fold,
)
