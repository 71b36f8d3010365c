"""The records of `alerts`: what travels from an event to a watch officer, and the control records that govern the way."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from streams.records import Event, Part, Record, Time

Severity = Literal["flash", "urgent", "routine"]
Change = Literal["new", "update", "correction", "retraction", "resolved"]
Channel = Literal["webhook", "email", "terminal", "null"]
DeliveryState = Literal["pending", "held", "gathered", "delivered", "dead"]

PRECEDENCE: tuple[Severity, ...] = ("flash", "urgent", "routine")
"""Highest first."""


class Threshold(Part, frozen=True, kw_only=True):
    """How much must be known of an event. All must hold."""

    owners: int = 1
    """Independent sources."""
    articles: int = 1
    confidence: float = 0.0


class Confirm(Part, frozen=True, kw_only=True):
    """What lifts an alert from preliminary to confirmed."""

    owners: int
    within: timedelta
    """After the first alert; later support still updates, but is not awaited."""


class Circle(Part, frozen=True, kw_only=True):
    """So many kilometres around a point, in degrees."""

    lat: float
    lon: float
    km: float


class Fence(Part, frozen=True, kw_only=True):
    """An area drawn on the map."""

    name: str
    """Of its file."""
    polygons: tuple[tuple[tuple[tuple[float, float], ...], ...], ...]
    """Each an outer ring and its holes, of (longitude, latitude): see `geodesy.inside`."""
    reach_km: float
    """Half its longest way across: a place known only more widely than this lies in it for certain nowhere."""


class Where(Part, frozen=True, kw_only=True):
    """The place clauses of a rule's match: its scope. Empty means any; an event outside the scope never reaches the rule."""

    place_kind: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    precision: tuple[str, ...] = ()
    near: tuple[Circle, ...] = ()
    fence: tuple[Fence, ...] = ()
    watch_list: tuple[str, ...] = ()
    """Ids and names of places, lower case."""


class What(Part, frozen=True, kw_only=True):
    """The other clauses of a rule's match. Empty means any."""

    type: tuple[str, ...] = ()
    category: tuple[str, ...] = ("kinetic",)
    family: tuple[str, ...] = ()
    attacker: tuple[str, ...] = ()
    """Actor ids, any of which attacks."""
    target: tuple[str, ...] = ()
    """Actor ids, any of which is attacked."""
    weapon: tuple[str, ...] = ()
    """Names of weapons, any of which was used."""
    killed: int | None = None
    """At least so many dead, at the low end."""
    injured: int | None = None
    """The same of the injured."""
    cross_border: bool = False
    """A state attacks in another country."""


class After(Part, frozen=True, kw_only=True):
    """What must have come before at the same place: an attack after a build-up."""

    what: What
    within: timedelta
    """At most so long before."""
    unless: What | None = None
    """What in between breaks the sequence."""


class Spike(Part, frozen=True, kw_only=True):
    """How many events in how short a time are worth a word, by the time of the events. `rules.spikes` says how that is judged."""

    within: timedelta
    """The window."""
    events: int
    """At least so many in it, however quiet it was before."""
    over: timedelta | None = None
    """What is usual is judged by the windows of so long before; None asks for the number alone."""
    history: timedelta = timedelta(days=7)
    """Less than this known of what is before, and the number is to reach `cold_start` instead."""
    cold_start: int = 0
    chance: float = 0.0001
    """How likely the usual alone brings as many, at most."""


class Surge(Part, frozen=True, kw_only=True):
    """A time of many events that an alert speaks of."""

    start: datetime
    """Of the first event of the window that raised it."""
    end: datetime
    """Start of the last event whose window had too many still."""
    count: int
    """Events in the window that was last spoken of."""


class Rule(Part, frozen=True, kw_only=True):
    """One rule, as loaded from a file: what to look for, when it is worth a word, and how loud."""

    id: str
    title: str
    severity: Severity
    where: Where = Where()
    what: What = What()
    threshold: Threshold = Threshold()
    confirm: Confirm | None = None
    novelty: timedelta | None = None
    """No accepted event at this place for so long before; None does not ask."""
    after: After | None = None
    by: Literal["place", "country"] = "place"
    """What it counts by, and remembers by."""
    spike: Spike | None = None
    shadow: bool = False
    """Its alerts are recorded, and nobody is told: a rule on trial."""
    resolve: timedelta | None = None
    """After so long without news of what an alert spoke of, it is said to be over; None says nothing."""
    cooldown: timedelta = timedelta(0)
    """Silence owed after a message before the next update of the same alert, unless precedence rises."""
    max_age: timedelta = timedelta(days=3)
    """An event that ended longer ago than this is history: it counts for novelty and wakes nobody."""
    file: str = ""
    line: int = 0


class Quiet(Part, frozen=True, kw_only=True):
    """Hours in which a receiver is not woken; what comes then is told in one digest when they end."""

    start: int
    """Minutes after midnight, by the clock on the wall there."""
    end: int
    """The same; not included. Equal to ``start``: off."""
    zone: str = "UTC"
    """IANA name: Europe/Berlin."""
    holds: tuple[Severity, ...] = ("routine",)
    """What waits; flash never does."""


class Flood(Part, frozen=True, kw_only=True):
    """So many messages are read one by one; what comes beyond is told in one digest."""

    most: int
    within: timedelta
    flash: int
    """As many of all messages let a flash through still."""


class Receiver(Part, frozen=True, kw_only=True):
    """One watch officer's or system's address. Secrets are named, never held."""

    id: str
    channel: Channel
    url: str | None = None
    """Of a webhook."""
    address: str | None = None
    """Of a mailbox."""
    secret_env: str | None = None
    """Name of the environment variable with the webhook's ``whsec_`` secrets, separated by spaces."""
    quiet: Quiet | None = None
    flood: Flood | None = None
    delayed_after: timedelta | None = None
    """What could not be attempted for so long is told in one digest, marked as delayed; None tells each by itself, however late."""


class Route(Part, frozen=True, kw_only=True):
    """Who hears of which rules; the rules are names, or ``*``."""

    receivers: tuple[str, ...]
    rules: tuple[str, ...] = ("*",)
    severity: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    """``confirmed`` alone lets its receivers sleep until then; a rule that asks for no confirmation has no stage, and is not taken."""


class Hush(Part, frozen=True, kw_only=True):
    """A silence: nothing to these receivers of these rules or places, from ``start`` up to ``end``. Empty means all."""

    id: str
    start: Time
    end: Time
    by: str
    reason: str
    rules: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    """Ids, or names in lower case."""
    receivers: tuple[str, ...] = ()


class Inhibition(Part, frozen=True, kw_only=True):
    """Who was told by one rule is not told by another of the same, for as long as the first speaks."""

    by: tuple[str, ...]
    """Rules that speak instead."""
    rules: tuple[str, ...]
    """Rules that keep still; they speak when the others resolve."""
    same: Literal["event", "place"] = "event"
    receivers: tuple[str, ...] = ()
    """For whom; empty means all."""


class Desk(Part, frozen=True, kw_only=True):
    """How alerts are addressed and signed: settings that show in what an officer reads."""

    host: str = "localhost"
    """Domain of Message-ID and List-Id."""
    link: str = ""
    """Where an officer acts on an alert, without a slash at the end; "" leaves the lines out."""
    grades: dict[str, str] = {}
    """Reliability A-F of each owner, by the operator; F for all others."""


class RulesInForce(Record, frozen=True, kw_only=True):
    """Control: from now on these rules."""

    at: Time
    rules: tuple[Rule, ...]


class RoutesInForce(Record, frozen=True, kw_only=True):
    """Control: from now on these receivers, routes and ways of addressing."""

    at: Time
    receivers: tuple[Receiver, ...]
    routes: tuple[Route, ...]
    desk: Desk = Desk()
    inhibitions: tuple[Inhibition, ...] = ()
    silences: tuple[Hush, ...] = ()
    """Those of the file; one that is taken out of it is over."""


class Silence(Hush, Record, frozen=True, kw_only=True):
    """Control: a silence that no file holds."""

    at: Time


class Acknowledgement(Record, frozen=True, kw_only=True):
    """Control: an officer has this alert."""

    alert: str
    by: str
    at: Time


class Match(Record, frozen=True, kw_only=True):
    """An event in the scope of a rule."""

    rule: str
    rule_key: str
    """What the rule counts by: the place, exercises apart."""
    event: Event
    gone: bool = False
    """The event has left the rule's scope or this key; what was said of it here must be taken back."""

    @property
    def at(self) -> datetime:
        return self.event.at

    @property
    def key(self) -> str:
        return f"{self.rule}|{self.rule_key}"


class Reason(Part, frozen=True, kw_only=True):
    """Why something was said, or not: a word for counting, and a sentence for people."""

    code: str
    text: str


class Alert(Record, frozen=True, kw_only=True):
    """What one rule says of one situation at one revision."""

    id: str
    """Hash of rule, rule key and situation."""
    revision: int
    change: Change
    number: str
    """What officers call it, for as long as it lives: that of the first event it spoke of."""
    rule: str
    title: str
    severity: Severity
    at: Time
    reason: Reason
    stage: Literal["preliminary", "confirmed"] | None = None
    """None for a rule that asks for no confirmation."""
    needed: int | None = None
    """Owners that confirm."""
    confirm_by: Time | None = None
    differences: tuple[str, ...] = ()
    """What changed since the revision before, most important first: ``Army source DENIES loss of the base``."""
    quiet_days: int | None = None
    """The rule's novelty window in days; None where it does not ask."""
    surge: str = ""
    """What is out of the ordinary, for a rule that looks for that: ``12 events in 24 h in Syria; usual are 2.1``."""
    shadow: bool = False
    """Of a rule on trial: nobody is told."""
    last_event: str | None = None
    """Number of the last accepted event here before this situation."""
    last_event_at: Time | None = None
    event: Event

    @property
    def key(self) -> str:
        return self.event.key

    @property
    def label(self) -> str:
        """Number and revision: ``TOC-2016-K7Q3M/2``."""
        return f"{self.number}/{self.revision}"


class Notification(Record, frozen=True, kw_only=True):
    """One alert revision rendered for one receiver: everything that will be sent but the signature and the clock."""

    id: str
    """Hash of alert, revision and receiver: the ``webhook-id``, and in the Message-ID."""
    alert: str
    revision: int
    change: Change
    rule: str
    severity: Severity
    receiver: Receiver
    at: Time
    subject: str
    text: str
    html: str = ""
    """Of the e-mail: the same for programs that show it; "" for other channels."""
    headers: dict[str, str] = {}
    """Of the e-mail: Message-ID, In-Reply-To, References, List-Id."""
    payload: msgspec.Raw = msgspec.Raw(b"{}")
    """Of the webhook: a JSON object."""
    sample: bool = False
    delayed: bool = False
    """It says that it is late."""
    gathers: tuple[str, ...] = ()
    """Of a digest: the ids of the notifications that it tells instead."""

    @property
    def key(self) -> str:
        return self.receiver.id


class Outcome(Record, frozen=True, kw_only=True):
    """Fact: how one attempt to deliver ended. Written by the sender into the deliver stage's input log."""

    delivery: str
    receiver: str
    attempt: int
    """1 for the first."""
    at: Time
    ok: bool
    final: bool = False
    """No further attempt can succeed: 410 Gone, mailbox refused for good."""
    detail: str
    """``204 No Content``; ``connection refused``; ``550 no such user``."""
    retry_after: Time | None = None
    """The receiver's own wish."""
    late: bool = False
    """No attempt was made: it would have come later than the receiver lets each come by itself (`Receiver.delayed_after`)."""

    @property
    def key(self) -> str:
        return self.receiver


class Delivery(Record, frozen=True, kw_only=True):
    """The state of one notification's way: attempt it (pending), it waits for a digest (held), or it ended (gathered, delivered, dead)."""

    id: str
    """The notification's."""
    receiver: str
    state: DeliveryState
    attempt: int
    """Of a pending delivery the attempt to make now; of an ended one how many were made."""
    at: Time
    detail: str = ""
    notification: Notification | None = None
    """With a pending delivery only: what to send."""

    @property
    def key(self) -> str:
        return self.receiver
