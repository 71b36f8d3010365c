"""The stage `judge`: events in a rule's scope in, alerts out. Remembers what happened at each place and what was said of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from alerts import policy, revisions, surges
from alerts.memory import RECALLS, Known, Recall, Said, remember
from alerts.records import Alert, Match, Rule, RulesInForce
from alerts.rules.match import breaks, leads, matters, wanted
from alerts.rules.situations import GAP, Seen, last_before, led_to, seen
from alerts.spans import in_words
from alerts.topics import ALERTS, MATCHES
from streams.records import Event, Part, Record, Tick, Verdict
from streams.runtime.states import DueIndex
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
    known = known or Known(rule=rule, now=record.at)
    recall = RECALLS.take(known)
    known = hear(known, record, rule)
    recall.remember(before, known.history[record.event.id])
    known, out = think(known, control, recall, first=record.event.id)
    return forget(known, recall), out


def hear(known: Known, match: Match, rule: Rule) -> Known:
    """The memory with *match* in it."""
    event = match.event
    looked_for = [rule.what, *(s.what for s in known.said.values() if event.id in s.told)]
    counts = event.accepted and not match.gone and any(matters(event, what) for what in looked_for)
    wants = counts and any(wanted(event, what) for what in looked_for)
    stands = event.accepted and not match.gone
    leading, breaking = stands and leads(event, rule), stands and breaks(event, rule)
    why = "" if wants else MERGED if event.merged_into else WITHDRAWN if not event.accepted else ELSEWHERE if match.gone else OTHER
    known = msgspec.structs.replace(
        known,
        rule=rule,
        now=max(known.now, match.at),
        history={**known.history, event.id: seen(event, counts=counts, wanted=wants, leads=leading, breaks=breaking, why=why)},
        current={**known.current, event.id: event} if wants else _without(known.current, event.id),
    )
    return inherit(known, event.id, event.merged_into) if event.merged_into else known


def _without(current: dict[str, Event], event: str) -> dict[str, Event]:
    return {i: e for i, e in current.items() if i != event} if event in current else current


def inherit(known: Known, event: str, heir: str) -> Known:
    """Let what was said of *event* be said of the event that it merged into; whether that stands is seen when it is heard of."""
    said = {
        i: msgspec.structs.replace(s, told={e: t for e, t in ({heir: s.told[event]} | s.told).items() if e != event})
        for i, s in known.said.items()
        if event in s.told
    }
    return msgspec.structs.replace(known, said={**known.said, **said})


def think(known: Known, control: Judging, recall: Recall, *, first: str = "") -> tuple[Known, list[Record]]:
    """Say whatever is to be said now: of what was spoken of before, then of what is new.

    Args:
        recall: Of this memory.
        first: The event that brings the news; "" if time alone does.
    """
    fit = _fit(known, control.dismissed)
    counting = known.rule.spike is not None
    situations = recall.situations(known, control.dismissed) if fit and not counting else []
    chains = [chain for chain in situations if any(s.id in fit for s in chain)]
    out: list[Record] = []
    for alert in sorted((i for i, s in known.said.items() if s.surge is None or not counting), key=lambda i: known.said[i].begun):
        known, more = go_on(known, alert, _joining(known, alert, chains, fit), control, first)
        out += more
    if counting:
        known, more = surges.think(known, control.rules.keys(), control.dismissed, recall, fit)
        return known, out + more
    if known.rule.id not in control.rules:
        return known, out
    known, begun = begin(known, chains, fit, recall, control.dismissed)
    for new in begun:
        known, more = go_on(known, new.id, _joining(known, new.id, chains, fit), control, first)
        out += [new, *more]
    return known, out


def _fit(known: Known, dismissed: frozenset[str]) -> frozenset[str]:
    """The events that are worth a word by themselves, and that nothing was said of."""
    told = {i for s in known.said.values() for i in s.told}
    return frozenset(
        i
        for i, event in known.current.items()
        if i not in told and i not in dismissed and (s := known.history[i]).counts and policy.unfit(known.rule, event, s, known.now) is None
    )


def go_on(known: Known, alert: str, joining: Sequence[str], control: Judging, first: str) -> tuple[Known, list[Record]]:
    """Say what is new of a situation that something was said of.

    Args:
        joining: Events that nobody spoke of yet, in that situation.
    """
    said = known.said[alert]
    standing = [i for i in said.told if i not in known.history or (known.history[i].wanted and i not in control.dismissed)]
    lost = [] if len(standing) == len(said.told) else [(said.told[i], _why(known, i)) for i in said.told if i not in standing]
    in_force = known.rule.id in control.rules
    ids = [*standing, *joining] if in_force else standing
    verdict = policy.next_word(known.rule, said.alert, _telling(known, said, ids, in_force), lost, known.now)
    heard = list[policy.Heard]()
    if isinstance(verdict, policy.Say):  # whether something is said does not depend on the order, what is said does
        heard = [_heard(known, said, i, in_force) for i in (_in_order(ids, known, first) if in_force else ids)]
        verdict = policy.next_word(known.rule, said.alert, heard, lost, known.now)
    if isinstance(verdict, policy.Quiet):
        return (known if said.waiting == verdict.until else remember(known, msgspec.structs.replace(said, waiting=verdict.until))), []
    told = said.told if verdict.change == "retraction" else {event.id: event for _, event in heard}
    revised = revisions.following(said.alert, known.rule, verdict, known.now)
    return remember(known, msgspec.structs.replace(said, alert=revised, told=told, over=False, waiting=None)), [revised]


def _why(known: Known, event: str) -> str:
    return known.history[event].why or DISMISSED


def _heard(known: Known, said: Said, event: str, in_force: bool) -> policy.Heard:
    """An event as it was when last spoken of, and as it is; a rule that is not in force hears nothing."""
    if not in_force:
        return said.told[event], said.told[event]
    return said.told.get(event), known.current.get(event) or said.told[event]


def _telling(known: Known, said: Said, ids: Sequence[str], in_force: bool) -> list[policy.Heard]:
    """Of the events to speak of those that can make a difference; one of the others if none can."""
    awaited = known.rule.confirm is not None and said.alert.stage == "preliminary"
    telling = [i for i in ids if awaited or (in_force and i in known.current and known.current[i] is not said.told.get(i))]
    return [_heard(known, said, i, in_force) for i in telling or ids[:1]]


def _joining(known: Known, alert: str, chains: Sequence[Sequence[Seen]], fit: frozenset[str]) -> list[str]:
    """Events that nobody spoke of yet, in a situation that *alert* was the first to speak of."""
    return [s.id for chain in chains if _alert_of(known, chain) == alert for s in _untold(known, chain, fit)]


def _untold(known: Known, chain: Iterable[Seen], fit: frozenset[str]) -> list[Seen]:
    """The events of a situation that are worth a word by themselves, and that nothing was said of."""
    return [s for s in chain if s.id in fit and not any(s.id in said.told for said in known.said.values())]


def _alert_of(known: Known, chain: Iterable[Seen]) -> str | None:
    """The first alert that spoke of any event of a situation; None if nothing was said of it."""
    ids = {s.id for s in chain}
    speaking = [i for i, s in known.said.items() if s.named_by in ids or not s.told.keys().isdisjoint(ids)]
    return min(speaking, key=lambda i: known.said[i].begun, default=None)


def _in_order(ids: Iterable[str], known: Known, first: str) -> list[str]:
    """The event that brings the news, then the latest; what is forgotten comes last."""

    def rank(event: str) -> tuple[bool, float, str]:
        s = known.history.get(event)
        return event != first, -s.start.timestamp() if s else 0.0, event

    return sorted(ids, key=rank)


def begin(
    known: Known, chains: Sequence[Sequence[Seen]], fit: frozenset[str], recall: Recall, dismissed: frozenset[str]
) -> tuple[Known, list[Alert]]:
    """Say the first word of every situation that is worth one and has had none: at most one each."""
    out: list[Alert] = []
    for chain in chains:
        if _alert_of(known, chain) is not None:
            continue
        before = last_before(chain[0].start, (s for c in recall.situations(known, dismissed) for s in c))
        for s in _untold(known, chain, fit):
            event = known.current[s.id]
            verdict = policy.first_word(known.rule, event, chain, before, known.now, _led_to(known, s, dismissed))
            if isinstance(verdict, policy.Say):
                alert = revisions.first(known.rule, event, verdict, before, known.now)
                said = Said(alert=alert, begun=known.begun + 1, what=known.rule.what, named_by=event.id, told={event.id: event})
                known = remember(msgspec.structs.replace(known, begun=said.begun), said)
                out.append(alert)
                break
    return known, out


def _led_to(known: Known, s: Seen, dismissed: frozenset[str]) -> Seen | None:
    """The event that the rule waits for, before *s*."""
    after = known.rule.after
    return led_to(s.start, after.within, (h for h in known.history.values() if h.id not in dismissed)) if after else None


def wake(known: Known | None, at: datetime, control: Judging) -> tuple[Known | None, list[Record]]:
    """Say what the cooldown held back, and forget what is too old to matter."""
    if known is None:
        return None, []
    recall, now, out = RECALLS.take(known), max(at, known.now), list[Record]()
    known = msgspec.structs.replace(known, now=now)
    if any(s.waiting is not None and s.waiting <= now for s in known.said.values()):
        said = {i: s if s.waiting is None else msgspec.structs.replace(s, waiting=None) for i, s in known.said.items()}
        known, out = think(msgspec.structs.replace(known, said=said), control, recall)
    known, over = resolve(known, control)
    return forget(known, recall), out + over


def resolve(known: Known, control: Judging) -> tuple[Known, list[Record]]:
    """Say of each alert that it is over, when nothing was heard of it for as long as its rule says; of one out of force in silence."""
    out = list[Record]()
    if known.rule.resolve is None:
        return known, out
    words = f"OVER: nothing new for {in_words(known.rule.resolve)}"
    for said in sorted(known.said.values(), key=lambda s: s.begun):
        end = over_at(known, said)
        if end is not None and end <= known.now:
            verdict = policy.Say(code="resolved", text=words, change="resolved", differences=(words,))
            alert = revisions.following(said.alert, known.rule, verdict, known.now) if known.rule.id in control.rules else said.alert
            known = remember(known, msgspec.structs.replace(said, alert=alert, over=True))
            out += [alert] if alert is not said.alert else []
    return known, out


def over_at(known: Known, said: Said) -> datetime | None:
    """When an alert is to be said to be over; None if it was, if it was taken back, or if its rule never says so."""
    if known.rule.resolve is None or said.over or said.alert.change == "retraction" or said.waiting is not None:
        return None
    heard = (known.history[i].last for i in said.told if i in known.history)
    surged = (said.surge.end + known.rule.spike.within,) if said.surge is not None and known.rule.spike is not None else ()
    return max((*heard, *surged), default=said.alert.at) + known.rule.resolve


def forget(known: Known, recall: Recall) -> Known | None:
    """Drop events that no novelty window reaches any more, and what was said of them.

    Args:
        recall: Of this memory; it is kept beside what is left.
    """
    now, kept, speakable = known.now, keep(known.rule), max(known.rule.max_age, known.rule.cooldown)
    history, current, said = known.history, known.current, known.said
    if faded := _before(recall.fading, now - speakable):
        current = {i: e for i, e in current.items() if i not in faded}
    if old := _before(recall.ends, now - kept):
        for i in old:
            recall.forget(history[i])
        history = {i: s for i, s in history.items() if i not in old}
        current = {i: e for i, e in current.items() if i in history}
    over = [i for i, s in said.items() if s.alert.at + kept <= now and s.told.keys().isdisjoint(history)]
    shorter = {i: _shortened(s, history) for i, s in said.items()}
    if over or any(shorter[i] is not s for i, s in said.items()):
        said = {i: s for i, s in shorter.items() if i not in over}
    if not (history or said):
        return None
    known = msgspec.structs.replace(known, history=history, current=current, said=said)
    RECALLS.lay(known, recall)
    return known


def _before(ends: DueIndex, limit: datetime) -> set[str]:
    """Take out whatever ended at *limit* or before."""
    found: set[str] = set()
    while (first := ends.first()) is not None and first[0] <= limit:
        found.add(first[1])
        ends.set(first[1], None)
    return found


def _shortened(said: Said, history: dict[str, Seen]) -> Said:
    """Without the events that are forgotten, unless it spoke of nothing else."""
    if said.told.keys() <= history.keys():
        return said
    told = {i: e for i, e in said.told.items() if i in history}
    return msgspec.structs.replace(said, told=told) if told and len(told) < len(said.told) else said


def keep(rule: Rule) -> timedelta:
    """How long an event is remembered after it ended and was last heard of."""
    counted = rule.spike.within + (rule.spike.over or timedelta(0)) if rule.spike else timedelta(0)
    asked = max(rule.novelty or timedelta(0), rule.resolve or timedelta(0), rule.after.within if rule.after else timedelta(0), counted)
    return asked + rule.max_age + GAP + SLACK


def next_waking(known: Known) -> datetime | None:
    """When a held-back change may be said, or something forgotten."""
    recall = RECALLS.take(known)
    first = recall.ends.first()
    RECALLS.lay(known, recall)
    waits = [s.waiting for s in known.said.values() if s.waiting is not None]
    ends = [first[0]] if first else [s.alert.at for s in known.said.values()]
    overs = [end for s in known.said.values() if (end := over_at(known, s)) is not None] if known.rule.resolve is not None else []
    return min([*waits, *overs, *(end + keep(known.rule) for end in ends)], default=None)


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
