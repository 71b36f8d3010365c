"""What a rule says that counts events over time: its memory in, alerts out. One surge is one alert, however many events it has."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from datetime import datetime
from statistics import fmean

import msgspec

from alerts import policy
from alerts.memory import Known, Recall, Said, remember
from alerts.records import Alert, Rule, Spike, Surge
from alerts.revisions import first, following
from alerts.rules.situations import Seen
from alerts.rules.spikes import first_of, is_spike, number_until, open_surge, usual
from alerts.spans import in_words
from streams.records import Event, Record

TIMES = 2
"""How many times as many as were last spoken of are worth the next message."""


def think(
    known: Known, in_force: Collection[str], dismissed: AbstractSet[str], recall: Recall, fit: AbstractSet[str]
) -> tuple[Known, list[Record]]:
    """Say whatever is to be said now of surges.

    Args:
        in_force: Ids of rules; one that is not among them says nothing new.
        fit: The events that are worth a word by themselves, and that nothing was said of.
    """
    spike, out = known.rule.spike, list[Record]()
    if spike is None:
        return known, out
    starts = recall.starts(known, dismissed)
    for alert in sorted(known.said, key=lambda i: known.said[i].begun):
        known, more = _take_back(known, alert, starts, spike)
        out += more
    if known.rule.id not in in_force:
        return known, out
    for seen in sorted((known.history[i] for i in (*fit, *_back(known, dismissed))), key=lambda s: (s.start, s.id)):
        known, more = _count(known, seen, starts, spike)
        out += more
    for alert in sorted(known.said, key=lambda i: known.said[i].begun):
        known, more = _go_on(known, alert, starts, spike)
        out += more
    return known, out


def _back(known: Known, dismissed: AbstractSet[str]) -> list[str]:
    """The events that a retracted alert spoke of, and that are worth a word again."""
    gone = [s for s in known.said.values() if s.surge is not None and _is_retracted(s)]
    told = [(i, known.current[i]) for s in gone for i in s.told if i in known.current and i not in dismissed]
    return [i for i, event in told if policy.unfit(known.rule, event, known.history[i], known.now) is None]


def _is_retracted(said: Said) -> bool:
    return said.alert.change == "retraction"


def _take_back(known: Known, alert: str, starts: list[datetime], spike: Spike) -> tuple[Known, list[Record]]:
    """Retract an alert when so many of its events are withdrawn that the rule would not have spoken of the rest."""
    said = known.said[alert]
    if said.surge is None or _is_retracted(said) or known.now - said.surge.end > known.rule.max_age:
        return known, []
    left = max((number_until(starts, s, spike) for s in starts if said.surge.start <= s <= said.surge.end), default=0)
    if left >= spike.events:
        return known, []
    why = f"only {left} of the events stand" if left else "none of the events stands"
    return _say(known, said, policy.Say(code="retraction", text=why, change="retraction", differences=(f"RETRACTED: {why}",)))


def _count(known: Known, seen: Seen, starts: list[datetime], spike: Spike) -> tuple[Known, list[Record]]:
    """Begin a surge with the event that is one too many, or let it go on."""
    speaking = [s for s in known.said.values() if s.surge is not None]
    surges = [s.surge for s in speaking if s.surge is not None and not _is_retracted(s)]
    count, over = number_until(starts, seen.start, spike), open_surge(surges, seen.start, spike)
    if count < spike.events or (over is not None and seen.start <= over.end):
        return known, []
    before = usual(starts, seen.start, spike, surges)
    if not is_spike(count, before, spike):
        return known, []
    if over is not None:
        said = next(s for s in speaking if s.surge is over)
        return remember(known, msgspec.structs.replace(said, surge=msgspec.structs.replace(over, end=seen.start))), []
    event, surge = known.current[seen.id], Surge(start=first_of(starts, seen.start, spike), end=seen.start, count=count)
    words = _words(known.rule, event, count, before, spike)
    if (gone := open_surge([s.surge for s in speaking if s.surge is not None and _is_retracted(s)], seen.start, spike)) is not None:
        taken_back = msgspec.structs.replace(next(s for s in speaking if s.surge is gone), surge=surge)
        again = policy.Say(code="material_change", text=words, change="correction", differences=(policy.REPORTED_AGAIN, words))
        return _say(known, taken_back, again, words)
    alert = first(known.rule, event, policy.Say(code="new", text=words, change="new", event=event), None, known.now, surge=words)
    said = Said(alert=alert, begun=known.begun + 1, what=known.rule.what, named_by=event.id, told={event.id: event}, surge=surge)
    return remember(msgspec.structs.replace(known, begun=said.begun), said), [alert]


def _go_on(known: Known, alert: str, starts: list[datetime], spike: Spike) -> tuple[Known, list[Record]]:
    """Say that a surge has grown to twice what was last said."""
    said = known.said[alert]
    surge = said.surge
    if surge is None or _is_retracted(said):
        return known, []
    count = number_until(starts, surge.end, spike)
    if count < TIMES * surge.count:
        return known, []
    until = said.alert.at + known.rule.cooldown
    if known.now < until:
        return remember(known, msgspec.structs.replace(said, waiting=until)), []
    words = f"{count} events in {in_words(spike.within)}, {surge.count} when last said"
    grown = msgspec.structs.replace(said, surge=msgspec.structs.replace(surge, count=count))
    verdict = policy.Say(code="material_change", text=words, change="update", differences=(f"SURGE GROWS: {words}",))
    return _say(known, grown, verdict, words)


def _say(known: Known, said: Said, verdict: policy.Say, words: str = "") -> tuple[Known, list[Record]]:
    revised: Alert = following(said.alert, known.rule, verdict, known.now, surge=words)
    return remember(known, msgspec.structs.replace(said, alert=revised, over=False, waiting=None)), [revised]


def _words(rule: Rule, event: Event, count: int, before: list[int] | None, spike: Spike) -> str:
    """``12 events in 24 h in Syria; usual are 2.1``."""
    where = (event.place.country_name or event.place.country) if rule.by == "country" else event.place.name
    many = f"{count} events in {in_words(spike.within)} in {where}"
    if spike.over is None:
        return many
    return f"{many}; {f'usual are {fmean(before):.1f}' if before is not None else 'what is usual here is not known yet'}"
