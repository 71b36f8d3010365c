"""What lies where, from an event to a delivery."""

from alerts.records import Acknowledgement, Alert, Delivery, Match, Notification, Outcome, RoutesInForce, RulesInForce, Silence
from streams.records import Verdict
from streams.topics import Topic

Control = RulesInForce | RoutesInForce | Silence | Acknowledgement | Verdict


def subject_of(control: Control) -> str:
    """What a control record is about: several about different things may be made at one moment."""
    match control:
        case Silence(id=subject) | Acknowledgement(alert=subject) | Verdict(event=subject):
            return subject
        case _:
            return ""


MATCHES = Topic("matches", (Match,), key=lambda m: m.key, identity=lambda m: f"{m.key}|{m.event.id}/{m.event.revision}")
ALERTS = Topic("alerts", (Alert,), key=lambda a: a.key, identity=lambda a: f"{a.id}/{a.revision}")
NOTIFICATIONS = Topic(
    "notifications",
    (Notification, Outcome),
    key=lambda n: n.key,
    identity=lambda n: f"{n.delivery}#{n.attempt}" if isinstance(n, Outcome) else n.id,
)
"""With the outcomes of sending in the same log: what delivery decides depends on their order, so their order is recorded."""
DELIVERIES = Topic("deliveries", (Delivery,), key=lambda d: d.key, identity=lambda d: f"{d.id}#{d.attempt}:{d.state}")
CONTROL = Topic(
    "control",
    (RulesInForce, RoutesInForce, Silence, Acknowledgement, Verdict),
    key=lambda _: "",
    identity=lambda c: f"{type(c).__name__}:{subject_of(c)}@{c.at.isoformat()}",
)
