"""Say it now or not, and why: what a rule sees of a situation in, a reason out. Nothing here acts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.records import Alert, Change, Reason, Rule
from alerts.rules.situations import Seen
from streams.records import Claim, Event

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
    return Say(code="new", text=_quiet_for(rule, before), change="new")


def next_word(rule: Rule, last: Alert, event: Event | None, now: datetime) -> Say | Quiet:
    """Judge a situation that something was said of.

    Args:
        last: What was last said of it.
        event: The event to speak of now; None if nothing that the rule wants is left of the situation.
        now: The time of the step.
    """
    if event is None:
        if last.change == "retraction":
            return Quiet(code="retracted", text="the retraction was sent")
        return Say(
            code="retraction",
            text="no source says so any more",
            change="retraction",
            differences=("RETRACTED: no source says so any more",),
        )
    changes = differences(last, event, rule)
    if not changes:
        return Quiet(code="unchanged", text="nothing material changed")
    if now - last.at < rule.cooldown and not urgent(last, event):
        return Quiet(code="cooldown", text=f"the last message is {_days(now - last.at)} old", until=last.at + rule.cooldown)
    corrected = last.change == "retraction" or event.type != last.event.type or moved(last.event, event)
    return Say(code="material_change", text=changes[0], change="correction" if corrected else "update", differences=changes)


def differences(last: Alert, event: Event, rule: Rule) -> tuple[str, ...]:
    """What is new in *event* since *last*, most important first: only what is worth a message."""
    old, out = last.event, list[str]()
    if last.change == "retraction":
        out.append("REPORTED AGAIN after the retraction")
    if event.id != old.id and event.occurred != old.occurred:
        out.append(f"GOES ON: {event.type.replace('_', ' ')} on a further day")
    elif event.type != old.type:
        out.append(f"NOW {event.type.replace('_', ' ')}, before {old.type.replace('_', ' ')}")
    out += contradictions(old, event)
    if moved(old, event):
        out.append(f"PLACE moved to {event.place.name}")
    if rule.confirm and last.stage == "preliminary" and event.owners >= rule.confirm.owners:
        out.append(f"CONFIRMED by {event.owners} independent sources")
    elif event.owners > old.owners:
        out.append(f"{event.owners - old.owners} MORE independent source{'s' if event.owners - old.owners > 1 else ''}")
    out += [_told(claim) for claim in event.claims if claim.question in MATERIAL and not _has(old, claim)]
    return tuple(dict.fromkeys(out))


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


def urgent(last: Alert, event: Event) -> bool:
    """Whether a change must not wait for the cooldown: a denial, a dispute, a confirmation, a change of hands."""
    return (
        bool(contradictions(last.event, event))
        or event.type != last.event.type
        or (last.stage == "preliminary" and event.owners > last.event.owners)
    )


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
