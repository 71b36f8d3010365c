"""The way of one article, from the feed to whoever was told: the records of a river go in, those of one chain come out, in order. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.records import Alert, Delivery, Notification, Outcome
from alerts.redaction import unaddressed
from streams.errors import ExplainedError
from streams.events.passages import MOST_PASSAGES
from streams.records import Article, Event, Mention, Part, Withdrawn

ORDER = (Article, Mention, Withdrawn, Event, Alert, Notification, Delivery, Outcome)
"""The way of things; of one moment, what is nearer to the feed stands first."""
QUOTED = 160
"""Characters of a quotation that are shown."""
FEWEST = 6
"""Characters of an id that may stand for it."""


class UnknownIdError(ExplainedError, ValueError):
    """An id that names nothing that is kept, or more than one thing."""


class Passed(Part, frozen=True, kw_only=True):
    """One station of the way."""

    at: datetime
    kind: str
    """``article``, ``mention``, ``event`` and so on."""
    id: str
    text: str
    """For people."""


@dataclass
class River:
    """What a river has kept of its records, by kind."""

    articles: list[Article] = field(default_factory=list)
    mentions: list[Mention | Withdrawn] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    deliveries: list[Delivery | Outcome] = field(default_factory=list)

    def take(self, record: Any) -> None:
        """Keep *record*, if it is of a way."""
        match record:
            case Article():
                self.articles.append(record)
            case Mention() | Withdrawn():
                self.mentions.append(record)
            case Event():
                self.events.append(record)
            case Alert():
                self.alerts.append(record)
            case Notification():
                self.notifications.append(record)
            case Delivery() | Outcome():
                self.deliveries.append(record)


@dataclass
class _Chain:
    """Ids of one way."""

    articles: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    alerts: set[str] = field(default_factory=set)
    notifications: set[str] = field(default_factory=set)


def trace(river: River, name: str) -> list[Passed]:
    """All that belongs to the way of *name*, in order of time.

    Args:
        name: The id, or how it begins, of an article, mention, event, alert, or notification, which is also its delivery's; or the number
            that officers see.

    Raises:
        UnknownIdError: Nothing that is kept is called so, or several things are.
    """
    chain = _chain(river, _named(river, name))
    found = sorted(_of(river, chain), key=lambda r: (_at(r), ORDER.index(type(r))))
    return [_passed(record, river) for record in found if not _is_told(record)]


def _is_told(record: Any) -> bool:
    """Whether the outcome of its last attempt tells of it."""
    return isinstance(record, Delivery) and record.state == "delivered"


def _named(river: River, name: str) -> list[tuple[str, str]]:
    """Kind and id of what *name* means: of one thing, or, of a number that officers see, the event and every alert that bears it."""
    own: tuple[tuple[str, Iterable[tuple[str, tuple[str, ...]]]], ...] = (
        ("article", ((a.id, ()) for a in river.articles)),
        ("mention", ((m.id, ()) for m in river.mentions)),
        ("event", ((e.id, (e.number, f"{e.number}/{e.revision}")) for e in river.events)),
        ("alert", ((a.id, (a.number, a.label)) for a in river.alerts)),
        ("notification", ((n.id, ()) for n in river.notifications)),
    )
    known = [(kind, one, numbers) for kind, things in own for one, numbers in things]
    if meant := list(dict.fromkeys((kind, one) for kind, one, numbers in known if name == one or name in numbers)):
        return meant
    begun = list(dict.fromkeys((kind, one) for kind, one, _ in known if len(name) >= FEWEST and one.startswith(name)))
    if not begun:
        raise UnknownIdError(_unknown(river, name))
    if len({one for _, one in begun}) > 1:
        shown = ", ".join(f"{kind} {one}" for kind, one in begun[:5])
        raise UnknownIdError(f"{name!r} may be {shown}{' or more' if len(begun) > 5 else ''}; write more of it")
    return begun


def _unknown(river: River, name: str) -> str:
    times = [a.at for a in river.articles]
    kept = f"{len(times)} articles since {min(times):%Y-%m-%d %H:%MZ}" if times else "no article"
    fewest = f" (write at least {FEWEST} characters)" if len(name) < FEWEST else ""
    return f"nothing is called {name!r}{fewest}; what is kept: {kept}, and what came of them; TOCSIN_RETENTION says how long"


def _chain(river: River, meant: Sequence[tuple[str, str]]) -> _Chain:
    """The ids on the way through what is meant: what it came of, and what came of it."""
    chain = _Chain()
    for kind, own in meant:
        match kind:
            case "article":
                chain.articles.add(own)
                chain.events |= _told_in(river, [m for m in river.mentions if m.article == own])
            case "mention":
                made = [m for m in river.mentions if m.id == own]
                chain.articles |= {m.article for m in made}
                chain.events |= _told_in(river, made)
            case "event":
                chain.events.add(own)
            case "alert":
                chain.alerts.add(own)
            case _:
                chain.notifications.add(own)
                chain.alerts |= {n.alert for n in river.notifications if n.id == own}
    if chain.alerts:
        chain.events |= {a.event.id for a in river.alerts if a.id in chain.alerts}
    else:
        chain.alerts = {a.id for a in river.alerts if a.event.id in chain.events}
    chain.articles = chain.articles or {name for e in river.events if e.id in chain.events for name in _articles(e)}
    chain.notifications = chain.notifications or {n.id for n in river.notifications if n.alert in chain.alerts}
    return chain


def _told_in(river: River, mentions: Sequence[Mention | Withdrawn]) -> set[str]:
    """The events that mentions went into: by their articles, and by place, category and time where an event has too many to quote each."""
    found: set[str] = set()
    for m in mentions:
        here = [e for e in river.events if not isinstance(m, Mention) or (m.place is not None and e.place.id == m.place.id)]
        quoting = {e.id for e in here if m.article in _articles(e)}
        found |= quoting or {e.id for e in here if isinstance(m, Mention) and _may_hold(e, m)}
    return found


def _may_hold(event: Event, mention: Mention) -> bool:
    """Whether a current mention of the event's place belongs to it although no quote says so: it has more than it quotes."""
    return (
        mention.current
        and event.category == mention.category
        and len(event.evidence) >= MOST_PASSAGES
        and event.first_reported <= mention.published <= event.last_reported
    )


def _articles(event: Event) -> set[str]:
    return {e.article for e in (*event.evidence, *event.background)} | {c.article for c in event.claims}


def _of(river: River, chain: _Chain) -> Iterator[Any]:
    """The records of a chain."""
    yield from (a for a in river.articles if a.id in chain.articles)
    yield from (m for m in river.mentions if m.article in chain.articles)
    yield from (e for e in river.events if e.id in chain.events)
    yield from (a for a in river.alerts if a.id in chain.alerts)
    yield from (n for n in river.notifications if n.id in chain.notifications)
    for one in river.deliveries:
        if (one.delivery if isinstance(one, Outcome) else one.id) in chain.notifications:
            yield one


def _at(record: Any) -> datetime:
    found: datetime = record.at
    return found


def _passed(record: Any, river: River) -> Passed:
    kind = type(record).__name__.lower()
    own = record.delivery if isinstance(record, Outcome) else record.id
    return Passed(at=record.at, kind=kind, id=own, text=_text(record, river))


def _text(record: Any, river: River) -> str:
    """One station in words; never an address or a secret."""
    match record:
        case Article():
            told = any(m.article == record.id for m in river.mentions)
            what = "" if told else "; nothing was found in it (`tocsin detect --explain` says why)"
            return f"from {record.feed or record.outlet or 'nobody'}: {_short(record.title or record.text)}{what}"
        case Mention():
            where = f"at {record.place.name}" if record.place else f"nowhere known: {record.unresolved}"
            whose = f" by {record.source}" if record.source else ""
            return f"{record.type}, {record.status}{whose}, {where}: {_short(record.evidence.quote)}"
        case Withdrawn():
            return "taken back: a later revision of the article no longer says it"
        case Event():
            return _of_event(record, river)
        case Alert():
            hidden = ", on trial: nobody is told" if record.shadow else ""
            changes = "".join(f"; {change}" for change in record.differences if change != record.reason.text)
            return f"{record.label}, {record.change} by rule {record.rule}, {record.severity}{hidden}: {record.reason.text}{changes}"
        case Notification():
            return f"for {record.receiver.id} by {record.receiver.channel}: {record.subject}"
        case Delivery():
            why = f": {unaddressed(record.detail)}" if record.detail else ""
            return f"to {record.receiver}: {record.state}, attempt {record.attempt}{why}"
        case Outcome():
            ended = "accepted" if record.ok else "late, for a digest" if record.late else "given up" if record.final else "failed"
            return f"to {record.receiver}: attempt {record.attempt} {ended}: {unaddressed(record.detail)}"
    raise TypeError(f"{type(record).__name__} is no station")


def _of_event(event: Event, river: River) -> str:
    end = "" if event.evidence else "; nobody says so any more"
    if event.merged_into:
        end = f"; merged into {event.merged_into}"
    elif event.evidence and not any(a.event.id == event.id for a in river.alerts):
        end = "; no rule spoke of it yet (`tocsin rules explain` says why, clause by clause)"
    counted = f"{event.owners} owners, {event.articles} articles{', disputed' if event.disputed else ''}"
    return f"{event.number}/{event.revision}, {event.type} at {event.place.name}: {counted}{end}"


def _short(text: str) -> str:
    words = " ".join(text.split())
    return f'"{words}"' if len(words) <= QUOTED else f'"{words[: QUOTED - 1].rstrip()}…"'
