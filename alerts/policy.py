"""Say it now or not, and why: what a rule sees of a situation in, a reason out. Nothing here acts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.records import Alert, Change, Reason, Rule
from alerts.rules.situations import Seen
from streams.records import Claim, Event

Heard = tuple[Event | None, Event]
"""An event as it was when last spoken of (None: never), and as it is."""
REPORTED_AGAIN = "REPORTED AGAIN after the retraction"
GONE = "no source says so any more"
MATERIAL = ("control", "killed", "attacker")
"""Questions on which a new answer is worth a message (ALERT.md)."""


class Quiet(Reason, frozen=True, kw_only=True):
    """Nothing is to be said."""

    until: datetime | None = None
    """When to think again; None if only news can change it."""


class Say(Reason, frozen=True, kw_only=True):
    """Something is to be said."""

    change: Change
    differences: tuple[str, ...] = ()
    event: Event | None = None
    """What to speak of; None to speak of what was last spoken of."""


def first_word(rule: Rule, event: Event, situation: Sequence[Seen], before: Seen | None, now: datetime) -> Say | Quiet:
    """Judge an event of a situation that nothing was said of yet.

    Args:
        situation: The events that hang together with it, this one among them.
        before: The last event that counts before the situation; None if there is none on record.
        now: The time of the step.
    """
    me = next((s for s in situation if s.id == event.id), None)
    if me is None:
        return Quiet(code="does_not_count", text="the event is withdrawn, merged, dismissed, or of another category")
    if not me.wanted:
        return Quiet(code="no_match", text=f"the event is {event.type}, which the rule's match does not want")
    if now - me.end > rule.max_age:
        return Quiet(code="stale", text=f"it ended {_days(now - me.end)} ago; the rule looks back {_days(rule.max_age)}")
    t = rule.threshold
    if event.owners < t.owners or event.articles < t.articles or event.confidence < t.confidence:
        return Quiet(
            code="below_threshold",
            text=f"{event.owners} of {t.owners} owners, {event.articles} of {t.articles} articles, "
            f"confidence {event.confidence:.2f} of {t.confidence:.2f}",
        )
    if rule.novelty is not None and before is not None and (gap := situation[0].start - before.end) < rule.novelty:
        return Quiet(
            code="not_novel", text=f"{before.number} was here {_days(gap)} before; the rule asks for {_days(rule.novelty)} of quiet"
        )
    return Say(code="new", text=_quiet_for(rule, before), change="new", event=event)


def next_word(rule: Rule, last: Alert, heard: Sequence[Heard], now: datetime) -> Say | Quiet:
    """Judge a situation that something was said of.

    Args:
        last: What was last said of it.
        heard: The events of it that the rule wants, the one that brings the news first; () if nothing is left of it.
        now: The time of the step.
    """
    if not heard:
        if last.change == "retraction":
            return Quiet(code="retracted", text="the retraction was sent")
        return Say(code="retraction", text=GONE, change="retraction", differences=(f"RETRACTED: {GONE}",))
    news = [(told, event, changes) for told, event in heard if (changes := differences(rule, last, told, event))]
    if not news and last.change != "retraction":
        return Quiet(code="unchanged", text="nothing material changed")
    if now - last.at < rule.cooldown and last.change != "retraction" and not any(urgent(last, told, event) for told, event, _ in news):
        return Quiet(code="cooldown", text=f"the last message is {_days(now - last.at)} old", until=last.at + rule.cooldown)
    again = (REPORTED_AGAIN,) if last.change == "retraction" else ()
    told, event = news[0][:2] if news else heard[0]
    changes = tuple(dict.fromkeys((*again, *(c for _, _, changes in news for c in changes))))
    corrected = bool(again) or (told is not None and (event.type != told.type or moved(told, event)))
    return Say(code="material_change", text=changes[0], change="correction" if corrected else "update", differences=changes, event=event)


def differences(rule: Rule, last: Alert, told: Event | None, event: Event) -> tuple[str, ...]:
    """What is worth a message of *event*, most important first.

    Args:
        told: The event as it was when last spoken of; None if it never was.
    """
    confirmed = rule.confirm is not None and last.stage == "preliminary" and event.owners >= rule.confirm.owners
    support = (f"CONFIRMED by {event.owners} independent sources",) if confirmed else ()
    if told is None:
        return (_also(last, event), *support)
    out = [f"NOW {_words(event)}, before {_words(told)}"] if event.type != told.type else []
    out += contradictions(told, event)
    if moved(told, event):
        out.append(f"PLACE moved to {event.place.name}")
    out += support
    if not confirmed and event.owners > told.owners:
        out.append(f"{event.owners - told.owners} MORE independent source{'s' if event.owners - told.owners > 1 else ''}")
    out += [_told(claim) for claim in event.claims if claim.question in MATERIAL and not _has(told, claim)]
    return tuple(dict.fromkeys(out))


def _also(last: Alert, event: Event) -> str:
    """An event that joins what was spoken of."""
    day = f"{event.occurred.start:%d %b %y}".upper() if event.occurred else "day not reported"
    return f"{'GOES ON' if event.type == last.event.type else 'ALSO'}: {_words(event)}, {day}"


def _words(event: Event) -> str:
    return event.type.replace("_", " ")


def contradictions(old: Event, event: Event) -> list[str]:
    """Denials and disputes that appear or end."""
    out = [
        f"{claim.by[0]} DENIES it"
        for claim in event.claims
        if claim.question == "happened" and claim.answer == "no" and not _has(old, claim)
    ]
    out += [f"{c.by[0]} DENIES the loss" for c in event.claims if c.question == "control" and c.answer == "not taken" and not _has(old, c)]
    if event.disputed and not old.disputed and not out:
        out.append("DISPUTED: sources contradict each other")
    if old.disputed and not event.disputed:
        out.append("NO LONGER DISPUTED")
    return out


def moved(old: Event, event: Event) -> bool:
    """Whether the place is another than was said, by more than its radius."""
    return event.place.id != old.place.id


def urgent(last: Alert, told: Event | None, event: Event) -> bool:
    """Whether a change must not wait for the cooldown: a denial, a dispute, a confirmation, another type."""
    if told is None:
        return False
    confirming = last.stage == "preliminary" and event.owners > told.owners
    return confirming or event.type != told.type or bool(contradictions(told, event))


def _told(claim: Claim) -> str:
    return f"{claim.question.upper()}: {claim.answer} ({claim.by[0]})"


def _has(event: Event, claim: Claim) -> bool:
    return any(c.question == claim.question and c.answer == claim.answer for c in event.claims)


def _quiet_for(rule: Rule, before: Seen | None) -> str:
    if rule.novelty is None:
        return "the rule's match and threshold hold"
    return f"no accepted event at this place in the last {rule.novelty.days} days" + ("" if before else " (none on record)")


def _days(span: timedelta) -> str:
    """A span for people."""
    hours = span.total_seconds() / 3600
    return f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} h" if hours >= 1 else f"{span.total_seconds() / 60:.0f} min"
