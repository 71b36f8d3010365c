"""The revisions of an alert: what is to be said goes in, the record of it comes out."""

from datetime import datetime

import msgspec

from alerts import policy
from alerts.records import Alert, Reason, Rule
from alerts.rules.situations import Seen
from streams.records import Event, digest


def first(rule: Rule, event: Event, verdict: policy.Say, before: Seen | None, now: datetime, *, surge: str = "") -> Alert:
    """The first revision of an alert."""
    confirmed = rule.confirm is None or event.backing >= rule.confirm.owners
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
        surge=surge,
        shadow=rule.shadow,
        event=event,
    )


def following(last: Alert, rule: Rule, verdict: policy.Say, now: datetime, *, surge: str = "") -> Alert:
    """The next revision of *last*."""
    event = verdict.event or last.event
    stage = last.stage
    if verdict.change != "retraction" and rule.confirm is not None and stage is not None:
        stage = "confirmed" if policy.confirms(rule, last, event) else "preliminary" if verdict.fallen else stage
    return msgspec.structs.replace(
        last,
        revision=last.revision + 1,
        change=verdict.change,
        severity=rule.severity,
        title=rule.title,
        shadow=rule.shadow,
        at=now,
        reason=Reason(code=verdict.code, text=verdict.text),
        surge=surge or last.surge,
        stage=stage,
        differences=verdict.differences,
        event=event,
    )
