"""Say it now or not, and why: what a rule sees of a situation in, a reason out. Nothing here acts."""

from collections.abc import Sequence
from datetime import datetime

from alerts.geodesy import distance_km
from alerts.records import PRECEDENCE, Alert, Change, Reason, Rule
from alerts.rules.situations import Seen
from alerts.spans import in_words
from streams.records import Claim, Event

Heard = tuple[Event | None, Event]
"""An event as it was when last spoken of (None: never), and as it is."""
Lost = tuple[Event, str]
"""An event as it was when last spoken of, and why it can no longer be spoken of."""
REPORTED_AGAIN = "REPORTED AGAIN after the retraction"
MATERIAL = ("control", "killed", "attacker")
"""Questions on which a new answer is worth a message (ALERT.md)."""
DENIED = {"happened": ("no", "DENIES it"), "control": ("not taken", "DENIES the loss")}
"""By question: the answer that denies, and how that is said."""


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
    fallen: bool = False
    """Too few sources are left behind what was confirmed."""


def first_word(
    rule: Rule, event: Event, situation: Sequence[Seen], before: Seen | None, now: datetime, led: Seen | None = None
) -> Say | Quiet:
    """Judge an event of a situation that nothing was said of yet.

    Args:
        situation: The events that hang together with it, this one among them, in order of time.
        before: The last event that counts before the situation; None if there is none on record.
        now: The time of the step.
        led: The event that the rule waits for, if it came; see `situations.led_to`.
    """
    me = next((s for s in situation if s.id == event.id), None)
    if me is None:
        return Quiet(code="does_not_count", text="the event is withdrawn, merged, dismissed, or of another category")
    if (quiet := unfit(rule, event, me, now)) is not None:
        return quiet
    if rule.novelty is not None and before is not None and (gap := situation[0].start - before.end) < rule.novelty:
        asked = in_words(rule.novelty)
        return Quiet(code="not_novel", text=f"{before.number} was here {in_words(gap)} before; the rule asks for {asked} of quiet")
    if rule.after is not None and led is None:
        asked = in_words(rule.after.within)
        return Quiet(code="nothing_before", text=f"nothing that the rule waits for came in the {asked} before, or it was broken")
    said = _quiet_for(rule, before) if led is None else f"after {led.number}, {in_words(me.start - led.start)} before"
    return Say(code="new", text=said, change="new", event=event)


def unfit(rule: Rule, event: Event, me: Seen, now: datetime) -> Quiet | None:
    """Why *event* by itself is not worth a word; None if it is."""
    t = rule.threshold
    if not me.wanted:
        return Quiet(code="no_match", text=f"the event is {event.type}, which the rule's match does not want")
    if now - me.end > rule.max_age:
        return Quiet(code="stale", text=f"it ended {in_words(now - me.end)} ago; the rule looks back {in_words(rule.max_age)}")
    if event.backing < t.owners or event.articles < t.articles or event.confidence < t.confidence:
        have = f"{event.backing} of {t.owners} owners, {event.articles} of {t.articles} articles"
        return Quiet(code="below_threshold", text=f"{have}, confidence {event.confidence:.2f} of {t.confidence:.2f}")
    return None


def next_word(rule: Rule, last: Alert, heard: Sequence[Heard], lost: Sequence[Lost], now: datetime) -> Say | Quiet:
    """Judge a situation that something was said of.

    Args:
        last: What was last said of it.
        heard: The events to speak of, the one that brings the news first; () if nothing is left.
        lost: What was spoken of and is no more.
        now: The time of the step.
    """
    if not heard:
        if last.change == "retraction" or not lost:
            return Quiet(code="retracted", text="the retraction was sent")
        why = lost[0][1]
        return Say(code="retraction", text=why, change="retraction", differences=(f"RETRACTED: {why}",))
    again = last.change == "retraction"
    news = [(told, event, changes) for told, event in heard if (changes := differences(rule, last, told, event))]
    fallen = unconfirmed(rule, last, heard)
    if fallen:
        left = max(event.backing for _, event in heard)
        line = f"NO LONGER CONFIRMED: {left} independent source{'' if left == 1 else 's'} left"
        news = [(told, event, (line, *changes)) for told, event, changes in news] or [(*heard[0], (line,))]
    if not news and not lost and not again:
        return Quiet(code="unchanged", text="nothing material changed")
    sudden = bool(lost) or rises(rule, last) or fallen
    hurry = again or sudden or any(urgent(rule, last, told, event) for told, event, _ in news)
    if now - last.at < rule.cooldown and not hurry:
        return Quiet(code="cooldown", text=f"the last message is {in_words(now - last.at)} old", until=last.at + rule.cooldown)
    return _revision(rule, last, news or [(*heard[0], ())], () if again else lost, fallen=fallen)


def _revision(
    rule: Rule, last: Alert, news: Sequence[tuple[Event | None, Event, tuple[str, ...]]], lost: Sequence[Lost], *, fallen: bool
) -> Say:
    """One message with everything that is new, about the event that brings the news."""
    again = last.change == "retraction"
    told, event, _ = news[0]
    lines = [REPORTED_AGAIN] if again else []
    lines += [f"PRECEDENCE raised to {rule.severity.upper()}"] if rises(rule, last) else []
    lines += [f"WITHDRAWN: {_words(gone)}, {_day(gone)}: {why}" for gone, why in lost]
    lines += [line for _, _, changes in news for line in changes]
    corrected = fallen or again or bool(lost) or (told is not None and (event.type != told.type or moved(told, event)))
    changes = tuple(dict.fromkeys(lines))
    return Say(
        code="material_change",
        text=changes[0],
        change="correction" if corrected else "update",
        differences=changes,
        event=event,
        fallen=fallen,
    )


def differences(rule: Rule, last: Alert, told: Event | None, event: Event) -> tuple[str, ...]:
    """What is worth a message of *event*, most important first.

    Args:
        told: The event as it was when last spoken of; None if it never was.
    """
    confirmed = confirms(rule, last, event)
    support = (f"CONFIRMED by {event.backing} independent sources",) if confirmed else ()
    if told is None:
        return (_also(last, event), *support)
    if told is event:  # as most events of a long battle are, each time that one of them brings news
        return support
    out = [f"NOW {_words(event)}, before {_words(told)}"] if event.type != told.type else []
    out += contradictions(told, event)
    if moved(told, event):
        out.append(f"PLACE moved to {event.place.name}")
    out += support
    if not confirmed and event.owners > told.owners:
        out.append(f"{event.owners - told.owners} MORE independent source{'s' if event.owners - told.owners > 1 else ''}")
    had = {(c.question, c.answer) for c in told.claims}
    out += [_told(c) for c in event.claims if c.question in MATERIAL and not _denial(c) and (c.question, c.answer) not in had]
    return tuple(dict.fromkeys(out))


def confirms(rule: Rule, last: Alert, event: Event) -> bool:
    """Whether *event* lifts a preliminary alert to a confirmed one."""
    return rule.confirm is not None and last.stage == "preliminary" and event.backing >= rule.confirm.owners


def unconfirmed(rule: Rule, last: Alert, heard: Sequence[Heard]) -> bool:
    """Whether too few sources are left behind everything that a confirmed alert speaks of: some took back what they said."""
    if rule.confirm is None or last.stage != "confirmed":
        return False
    least = rule.confirm.owners
    had = any(told is not None and told.backing >= least for told, _ in heard)
    return had and all(event.backing < least for _, event in heard)


def rises(rule: Rule, last: Alert) -> bool:
    """Whether the rule is louder now than it was."""
    return PRECEDENCE.index(rule.severity) < PRECEDENCE.index(last.severity)


def contradictions(old: Event, event: Event) -> list[str]:
    """Denials and disputes that appear or end."""
    out = [f"{_by(claim)} {DENIED[claim.question][1]}" for claim in event.claims if _denial(claim) and not _has(old, claim)]
    if event.disputed and not old.disputed and not out:
        out.append("DISPUTED: sources contradict each other")
    if old.disputed and not event.disputed:
        out.append("NO LONGER DISPUTED")
    return out


def moved(old: Event, event: Event) -> bool:
    """Whether the place lies farther from where it was said to be than the radius that was said."""
    was, now = old.place, event.place
    return distance_km(was.lat, was.lon, now.lat, now.lon) > was.radius_km


def urgent(rule: Rule, last: Alert, told: Event | None, event: Event) -> bool:
    """Whether a change must not wait for the cooldown: a denial, a dispute, a confirmation, another type."""
    if confirms(rule, last, event):
        return True
    return told is not None and (event.type != told.type or bool(contradictions(told, event)))


def _also(last: Alert, event: Event) -> str:
    """An event that joins what was spoken of."""
    return f"{'GOES ON' if event.type == last.event.type else 'ALSO'}: {_words(event)}, {_day(event)}"


def _words(event: Event) -> str:
    return event.type.replace("_", " ")


def _day(event: Event) -> str:
    return f"{event.occurred.start:%d %b %y}".upper() if event.occurred else "day not reported"


def _told(claim: Claim) -> str:
    return f"{claim.question.upper()}: {claim.answer} ({_by(claim)})"


def _by(claim: Claim) -> str:
    return claim.by[0] if claim.by else "a source not named"


def _denial(claim: Claim) -> bool:
    return claim.question in DENIED and claim.answer == DENIED[claim.question][0]


def _has(event: Event, claim: Claim) -> bool:
    return any(c.question == claim.question and c.answer == claim.answer for c in event.claims)


def _quiet_for(rule: Rule, before: Seen | None) -> str:
    if rule.novelty is None:
        return "the rule's match and threshold hold"
    return f"no accepted event at this place in the last {in_words(rule.novelty)}" + ("" if before else " (none on record)")
