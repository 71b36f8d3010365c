"""The stage `judge`: events in a rule's scope in, alerts out. Remembers what happened at each place and what was said of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from alerts import policy
from alerts.records import Alert, Match, Reason, Rule, RulesInForce, What
from alerts.rules.match import matters, wanted
from alerts.rules.situations import GAP, Seen, last_before, seen, situations
from alerts.topics import ALERTS, MATCHES
from streams.records import Event, Part, Record, Tick, Verdict, digest
from streams.stages import Stage

SLACK = timedelta(days=7)
"""Beyond the novelty window: as far back as a mention may still be current (DESIGN, detection, rule 14)."""
WITHDRAWN = "no source says so any more"
MERGED = "it proved to be one with another event"
ELSEWHERE = "the place is not, or no longer, one that the rule looks at"
OTHER = "what is reported now is not what the rule looks for"
DISMISSED = "an officer dismissed it"


class Judging(Part, frozen=True, kw_only=True):
    """The control of `judge`: rules in force, and events that an officer dismissed."""

    rules: dict[str, Rule] = {}
    dismissed: frozenset[str] = frozenset()


class Said(Part, frozen=True, kw_only=True):
    """A situation that something was said of."""

    alert: Alert
    """The last of it."""
    what: What
    """What the rule looked for when it first spoke: a rule that is edited later makes nothing untrue that it said."""
    named_by: str
    """The event that the alert's id is made of: if it comes back, it comes back to this alert."""
    told: dict[str, Event]
    """Each event that it spoke of and still stands by, as it was then: what is news is news against this. After a
    retraction, what was taken back. An event belongs to the alerts that spoke of it, and to no other."""
    waiting: datetime | None = None
    """When a change that the cooldown holds back may be said."""


class Known(Part, frozen=True, kw_only=True):
    """The memory of one rule at one place."""

    rule: Rule
    """As last in force."""
    now: datetime
    history: dict[str, Seen] = {}
    current: dict[str, Event] = {}
    """Events that the rule wants and that may still be spoken of, as last heard."""
    said: dict[str, Said] = {}
    """By alert id, the first said first."""


def judge_step(known: Known | None, record: Match | Tick, control: Judging) -> tuple[Known | None, list[Record]]:
    """Hear an event's new revision, or wake up, and say what is to be said.

    A rule that is no longer in force only takes back what it said.
    """
    if isinstance(record, Tick):
        return wake(known, record.at, control)
    rule = control.rules.get(record.rule) or (known.rule if known else None)
    if rule is None:
        return None, []
    before = known.history.get(record.event.id) if known else None
    if before and record.event.revision <= before.revision:
        return known, []
    known = hear(known or Known(rule=rule, now=record.at), record, rule)
    known, out = think(known, control, first=record.event.id)
    return forget(known), out


def hear(known: Known, match: Match, rule: Rule) -> Known:
    """The memory with *match* in it."""
    event = match.event
    looked_for = [rule.what, *(s.what for s in known.said.values() if event.id in s.told)]
    counts = event.accepted and not match.gone and any(matters(event, what) for what in looked_for)
    wants = counts and any(wanted(event, what) for what in looked_for)
    why = "" if wants else MERGED if event.merged_into else WITHDRAWN if not event.accepted else ELSEWHERE if match.gone else OTHER
    known = msgspec.structs.replace(
        known,
        rule=rule,
        now=max(known.now, match.at),
        history={**known.history, event.id: seen(event, counts=counts, wanted=wants, why=why)},
        current={**known.current, event.id: event} if wants else {i: e for i, e in known.current.items() if i != event.id},
    )
    return inherit(known, event.id, event.merged_into) if event.merged_into else known


def inherit(known: Known, event: str, heir: str) -> Known:
    """Let what was said of *event* be said of the event that it merged into; whether that stands is seen when it is heard of."""
    said = {
        i: msgspec.structs.replace(s, told={e: t for e, t in ({heir: s.told[event]} | s.told).items() if e != event})
        for i, s in known.said.items()
        if event in s.told
    }
    return msgspec.structs.replace(known, said={**known.said, **said})


def think(known: Known, control: Judging, *, first: str = "") -> tuple[Known, list[Record]]:
    """Say whatever is to be said now: of what was spoken of before, then of what is new.

    Args:
        first: The event that brings the news; "" if time alone does.
    """
    chains = situations(s for s in known.history.values() if s.id not in control.dismissed)
    out: list[Record] = []
    for alert in list(known.said):
        known, more = go_on(known, alert, chains, control, first)
        out += more
    if known.rule.id not in control.rules:
        return known, out
    known, begun = begin(known, chains)
    for new in begun:
        known, more = go_on(known, new.id, chains, control, first)
        out += [new, *more]
    return known, out


def go_on(known: Known, alert: str, chains: Sequence[Sequence[Seen]], control: Judging, first: str) -> tuple[Known, list[Record]]:
    """Say what is new of a situation that something was said of."""
    said = known.said[alert]
    standing = [i for i in said.told if i not in known.history or (known.history[i].wanted and i not in control.dismissed)]
    lost = [(said.told[i], known.history[i].why or DISMISSED) for i in said.told if i not in standing]
    heard: list[policy.Heard] = [(said.told[i], said.told[i]) for i in standing]
    if known.rule.id in control.rules:
        ids = _in_order([*standing, *_joining(known, alert, chains)], known, first)
        heard = [(said.told.get(i), known.current.get(i) or said.told[i]) for i in ids]
    verdict = policy.next_word(known.rule, said.alert, heard, lost, known.now)
    if isinstance(verdict, policy.Quiet):
        return _remember(known, msgspec.structs.replace(said, waiting=verdict.until)), []
    told = said.told if verdict.change == "retraction" else {event.id: event for _, event in heard}
    revised = _next(said.alert, known.rule, verdict, known.now)
    return _remember(known, msgspec.structs.replace(said, alert=revised, told=told, waiting=None)), [revised]


def _joining(known: Known, alert: str, chains: Sequence[Sequence[Seen]]) -> list[str]:
    """Events that nobody spoke of yet, in a situation that *alert* was the first to speak of."""
    return [s.id for chain in chains if _alert_of(known, chain) == alert for s in _untold(known, chain)]


def _untold(known: Known, chain: Iterable[Seen]) -> list[Seen]:
    """The events of a situation that are worth a word by themselves, and that nothing was said of."""
    told = {i for s in known.said.values() for i in s.told}
    return [
        s for s in chain if s.id in known.current and s.id not in told
        and policy.unfit(known.rule, known.current[s.id], s, known.now) is None
    ]  # fmt: skip


def _alert_of(known: Known, chain: Iterable[Seen]) -> str | None:
    """The first alert that spoke of any event of a situation; None if nothing was said of it."""
    ids = {s.id for s in chain}
    return next((i for i, s in known.said.items() if ids & {s.named_by, *s.told}), None)


def _in_order(ids: Iterable[str], known: Known, first: str) -> list[str]:
    """The event that brings the news, then the latest; what is forgotten comes last."""

    def rank(event: str) -> tuple[bool, float, str]:
        s = known.history.get(event)
        return event != first, -s.start.timestamp() if s else 0.0, event

    return sorted(ids, key=rank)


def begin(known: Known, chains: Sequence[Sequence[Seen]]) -> tuple[Known, list[Alert]]:
    """Say the first word of every situation that is worth one and has had none: at most one each."""
    out: list[Alert] = []
    counted = [s for chain in chains for s in chain]
    for chain in chains:
        before = last_before(chain[0].start, counted)
        for s in _untold(known, chain) if _alert_of(known, chain) is None else ():
            event = known.current[s.id]
            verdict = policy.first_word(known.rule, event, chain, before, known.now)
            if isinstance(verdict, policy.Say):
                alert = _first(known.rule, event, verdict, before, known.now)
                known = _remember(known, Said(alert=alert, what=known.rule.what, named_by=event.id, told={event.id: event}))
                out.append(alert)
                break
    return known, out


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
    confirmed = policy.confirms(rule, last, event) and verdict.change != "retraction"
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


def wake(known: Known | None, at: datetime, control: Judging) -> tuple[Known | None, list[Record]]:
    """Say what the cooldown held back, and forget what is too old to matter."""
    if known is None:
        return None, []
    known = msgspec.structs.replace(known, now=max(at, known.now))
    out: list[Record] = []
    if any(s.waiting is not None and s.waiting <= known.now for s in known.said.values()):
        said = {i: msgspec.structs.replace(s, waiting=None) for i, s in known.said.items()}
        known, out = think(msgspec.structs.replace(known, said=said), control)
    return forget(known), out


def forget(known: Known) -> Known | None:
    """Drop events that no novelty window reaches any more, and what was said of them."""
    now, rule = known.now, known.rule
    speakable = max(rule.max_age, rule.cooldown)
    history = {i: s for i, s in known.history.items() if s.last + keep(rule) > now}
    current = {i: e for i, e in known.current.items() if i in history and history[i].last + speakable > now}
    said = {i: _shortened(s, history) for i, s in known.said.items() if s.alert.at + keep(rule) > now or s.told.keys() & history.keys()}
    return msgspec.structs.replace(known, history=history, current=current, said=said) if history or said else None


def _shortened(said: Said, history: dict[str, Seen]) -> Said:
    """Without the events that are forgotten, unless it spoke of nothing else."""
    told = {i: e for i, e in said.told.items() if i in history}
    return msgspec.structs.replace(said, told=told) if told and len(told) < len(said.told) else said


def keep(rule: Rule) -> timedelta:
    """How long an event is remembered after it ended and was last heard of."""
    return (rule.novelty or timedelta(0)) + rule.max_age + GAP + SLACK


def next_waking(known: Known) -> datetime | None:
    """When a held-back change may be said, or something forgotten."""
    waits = [s.waiting for s in known.said.values() if s.waiting is not None]
    ends = [s.last for s in known.history.values()] or [s.alert.at for s in known.said.values()]
    return min([*waits, *(end + keep(known.rule) for end in ends)], default=None)


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
    rows=("history", "current", "said"),
)
