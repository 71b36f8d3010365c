"""The stage `select`: events in, one match for each rule that an event may concern."""

from datetime import datetime, timedelta

import msgspec

from alerts import canary
from alerts.records import Match, Rule, RulesInForce, Where
from alerts.rules.match import heeded, in_scope, rule_key
from alerts.rules.scopes import Scopes
from alerts.topics import MATCHES
from streams.beside import Beside
from streams.records import Event, Part, Record, Tick
from streams.stages import Stage
from streams.topics import EVENTS

REMEMBERED = timedelta(days=9)
"""Longer than any event goes on getting revisions without a mention: open time, lateness, and a week for late withdrawals."""


class Rules(Part, frozen=True, kw_only=True):
    """The control of `select`."""

    rules: tuple[Rule, ...] = ()


SCOPES: Beside[Rules, Scopes] = Beside(lambda control: Scopes(control.rules), most=16)


class Hearer(Part, frozen=True, kw_only=True):
    """A rule at one place that heard of an event."""

    rule: str
    rule_key: str
    where: Where
    """Its scope when it first heard: an event leaves by changing, not by the rule being edited or taken out of force."""
    by: str = "place"

    @property
    def key(self) -> str:
        return f"{self.rule}|{self.rule_key}"


class Sent(Part, frozen=True, kw_only=True):
    """Who heard of an event: they must also hear that it is gone."""

    at: datetime
    revision: int
    to: tuple[Hearer, ...]


def select_step(sent: Sent | None, event: Event | Tick, control: Rules) -> tuple[Sent | None, list[Record]]:
    """Send *event* to every rule whose scope it is in and that heeds it, and say that it is gone to those whose scope it left.

    Who heard of it goes on hearing of it, whatever it turns out to be.
    """
    if isinstance(event, Tick):
        return None, []
    if sent and event.revision <= sent.revision:
        return sent, []
    earlier = sent.to if sent else ()
    still = {h.key: h for h in earlier if h.rule_key == rule_key(event, h.by) and in_scope(event, h.where)}
    scopes = SCOPES.take(control)
    concerned = (r for r in scopes.concerned(event) if heeded(event, r) and canary.concerns(event, r))
    new = {h.key: h for r in concerned if (h := Hearer(rule=r.id, rule_key=rule_key(event, r.by), where=r.where, by=r.by))}
    SCOPES.lay(control, scopes)
    now = new | still
    left = [h for h in earlier if h.key not in now]
    matches = [
        Match(rule=h.rule, rule_key=h.rule_key, event=event, gone=gone) for to, gone in ((left, True), (now.values(), False)) for h in to
    ]
    at = max(event.at, sent.at) if sent else event.at
    return Sent(at=at, revision=event.revision, to=tuple(now.values())), list[Record](matches)


def fold(control: Rules, record: RulesInForce) -> Rules:
    """The control after new rules."""
    return msgspec.structs.replace(control, rules=record.rules)


SELECT = Stage(
    name="select",
    input=EVENTS,
    outputs=(MATCHES,),
    step=select_step,
    state=Sent,
    due=lambda sent: sent.at + REMEMBERED,
    controls=(RulesInForce,),
    initial=Rules(),
    fold=fold,
)
