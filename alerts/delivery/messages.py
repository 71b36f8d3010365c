"""An alert, a receiver and the desk's settings in; the notification as it will be sent out.

The subject and the first line must do alone: a lock screen shows about 60 and 90 characters.
"""

import re
from functools import cache
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from alerts.delivery import assessment, layout
from alerts.delivery.claims import MOST_PASSAGES, not_counted, passages, side_by_side
from alerts.delivery.formats import UNKNOWN, coordinates, count, date_time_group, day, grid, legible, plural, radius, when
from alerts.delivery.payload import payload
from alerts.delivery.phrases import actors, answer, called, disputed, fill, happening, introduced, kind, said, words
from alerts.records import Alert, Desk, Notification, Receiver
from streams.records import Claim, Event, Place, digest

SCREEN = 60
"""Characters of a subject that a lock screen shows: precedence, place, country and what happened must lie within."""
MOST_DIFFERENCES = 6
MOST_CHARACTERS = 600
"""Of any one text of a feed: two long sentences."""


def render(alert: Alert, receiver: Receiver, desk: Desk, *, previous: str | None = None) -> Notification:
    """Say *alert* to *receiver*.

    Args:
        previous: Message-ID of the last revision that this receiver got, to be named in References; None if there was none
            or it is not known. The thread holds without it: every revision refers to the first.
    """
    shown = _legible(alert)
    return Notification(
        id=digest(alert.id, str(alert.revision), receiver.id),
        alert=alert.id,
        revision=alert.revision,
        change=alert.change,
        rule=alert.rule,
        severity=alert.severity,
        receiver=receiver,
        at=alert.at,
        subject=subject(shown),
        text=text(shown, desk),
        headers=headers(shown, receiver, desk, previous=previous),
        payload=msgspec.Raw(payload(alert, headline=headline(shown), bluf=bluf(shown), link=_link(alert, desk))),
        sample=alert.event.sample,
    )


def _legible(alert: Alert) -> Alert:
    """*alert* with every text on one line and without controls: what feeds say is hostile until shown otherwise."""
    return msgspec.convert(_clean(msgspec.to_builtins(alert)), Alert)


def _clean(value: Any) -> Any:
    match value:
        case str():
            return legible(value, limit=MOST_CHARACTERS)
        case dict():
            return {name: legible(v) if name == "url" and v else _clean(v) for name, v in value.items()}
        case list() | tuple():
            return [_clean(v) for v in value]
        case _:
            return value


# The subject


def subject(alert: Alert) -> str:
    """``[URGENT] T4/Tiyas airbase (SY) ATTACKED - 1 source, unconfirmed - TOC-2016-K7Q3M/1``."""
    mark = _mark(alert)
    return f"{mark}{_what(alert.event, room=SCREEN - len(mark))}{_support(alert)} - {alert.label}"


def headline(alert: Alert) -> str:
    """The subject without precedence and number."""
    return f"{_what(alert.event, room=SCREEN)}{_support(alert)}"


def _mark(alert: Alert) -> str:
    exercise = "[EXERCISE] " if alert.event.sample else ""
    changed = {"retraction": "RETRACTED: ", "correction": "CORRECTED: "}.get(alert.change, "")
    return f"{exercise}[{alert.severity.upper()}] {changed}"


def _what(event: Event, *, room: int) -> str:
    """Place, country and what happened, within *room* characters: the alias goes first, then the end of the name."""
    place, near = event.place, "near " if event.place.precision == "near" else ""
    rest = f" ({place.country}) {words(event)['head']}"
    whole = f"{near}{called(place, joined='/')}"
    short = f"{near}{called(place, alias=False)}"
    room = max(room - len(rest), 12)
    name = whole if len(whole) <= room else short if len(short) <= room else f"{short[: room - 3].rstrip()}..."
    return name + rest


def _support(alert: Alert) -> str:
    event = alert.event
    if alert.change == "retraction":
        return ""
    open_questions = list(dict.fromkeys(disputed(question) for question in assessment.disputes(event)))
    if event.disputed:
        return f" - {', '.join([plural(event.owners, 'source'), *(open_questions or ['DISPUTED'])])}"
    alone = alert.stage == "preliminary" or (alert.stage is None and event.owners < 2)
    state = ", unconfirmed" if alone else ", confirmed" if alert.stage == "confirmed" else ""
    return f" - {plural(event.owners, 'source')}{state}"


# The text


def text(alert: Alert, desk: Desk) -> str:
    """The whole message, by templates/alert.txt.j2."""
    event = alert.event
    level, basis = assessment.confidence(event)
    return _template().render(
        bluf=bluf(alert),
        news=news(alert),
        what=f"{fill(words(event)['what'], event)} ({event.type.replace('_', ' ')})",
        outcome=outcome(event),
        who=who(event),
        where=where(event.place),
        when=_times(alert),
        equipment=", ".join(event.weapons) or UNKNOWN,
        losses=losses(event),
        rule=rule(alert),
        retracted=alert.change == "retraction",
        statement=fill(words(event)["statement"], event),
        likelihood=assessment.likelihood(assessment.probability(event)) if event.confidence else "not assessed",
        doubts=[_doubt(event, question) for question in assessment.disputes(event)],
        confidence=level,
        basis=basis,
        claims=side_by_side(event, desk),
        passages=list(passages(event, desk)),
        more_passages=max(0, len(event.evidence) - MOST_PASSAGES),
        not_counted="; ".join(not_counted(event)),
        link=_link(alert, desk),
    )


@cache
def _template() -> Template:
    """Plain text, so nothing is escaped; a name that the template misses is an error, not a blank."""
    environment = Environment(
        loader=PackageLoader("alerts.delivery"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(field=layout.field, row=layout.row, indented=layout.indented, hanging=layout.hanging)
    return environment.get_template("alert.txt.j2")


def bluf(alert: Alert) -> str:
    """The first sentence: who did what to what, where, when, how sure."""
    event = alert.event
    mark = "EXERCISE, not a real event. " if event.sample else ""
    match alert.change:
        case "retraction":
            return f"{mark}RETRACTED: it is no longer reported that this happened: {happening(event)}."
        case "correction":
            return f"{mark}CORRECTED: {happening(event)}; {_standing(event)}."
        case _:
            return f"{mark}{happening(event)}; {_standing(event)}."


def _standing(event: Event) -> str:
    """What is disputed, else what came of it, else who stands behind it."""
    if open_questions := assessment.disputes(event):
        return "; ".join(_doubt(event, question) for question in open_questions)
    if event.disputed:
        return "DISPUTED"
    speakers = (
        "one source says" if event.owners == 1 else f"{event.owners} sources report it and say" if event.owners else "it is said that"
    )
    outcomes = [said(claim, event) for claim in event.claims if claim.question == "control"]
    toll = f"{count(event.killed)} killed" if count(event.killed) not in {UNKNOWN, "none"} else ""
    told = " and ".join(filter(None, [*outcomes[:1], toll]))
    return f"{speakers} {told}" if told else "one source, unconfirmed" if event.owners == 1 else plural(event.owners, "independent source")


def _doubt(event: Event, question: str) -> str:
    """``control DISPUTED: PARTS TAKEN (ARA News) / REPELLED (SANA)``."""
    answers = [claim for claim in event.claims if claim.question == question]
    subjects = {"happened": "whether it happened", "killed": "number killed", "injured": "number injured"}
    return f"{subjects.get(question, question)} DISPUTED: {' / '.join(_by(claim) for claim in answers)}"


def _by(claim: Claim) -> str:
    others = len(claim.by) - 1
    name = claim.by[0] if claim.by else "source not named"
    more = f" and {plural(others, 'other')}" if others > 0 else ""
    return f"{answer(claim)} ({name}{more})"


def news(alert: Alert) -> list[tuple[str, str]]:
    """Label and text of the lines that say what is new: in a first report how new it is, in a later one what changed."""
    if alert.revision == 1 and alert.change == "new":
        return [("NEW", f"First report.{_quiet(alert)}")]
    changes = alert.differences[:MOST_DIFFERENCES] or (alert.reason.text,)
    rest = len(alert.differences) - MOST_DIFFERENCES
    more = (f"and {plural(rest, 'more change')}",) if rest > 0 else ()
    label = {"retraction": "WHY", "correction": "CORRECTED IN"}.get(alert.change, "NEW IN")
    return [(f"{label} /{alert.revision}", changes[0]), *(("", change) for change in (*changes[1:], *more))]


def _quiet(alert: Alert) -> str:
    if alert.quiet_days is None:
        return ""
    last = "none on record"
    if alert.last_event is not None or alert.last_event_at is not None:
        at = day(alert.last_event_at) if alert.last_event_at else ""
        last = f"last: {', '.join(filter(None, [alert.last_event, at]))}"
    here = kind(alert.event.place)["short"].removeprefix("the ")
    return f" No accepted event at this {here} in the last {plural(alert.quiet_days, 'day')} ({last})."


def outcome(event: Event) -> str:
    """What came of it: settled only when independent groups agree and nobody contradicts."""
    answers = [claim for claim in event.claims if claim.question == "control"]
    if not answers:
        return UNKNOWN
    if "control" in assessment.disputes(event):
        return "DISPUTED"
    agreed = [claim for claim in answers if assessment.digit(event, claim) == 2]
    return answer(agreed[0]).lower() if agreed else "not settled"


def who(event: Event) -> list[str]:
    """Attacker, target, and whoever is named without a part."""

    def named(role: str) -> str:
        return ", ".join(dict.fromkeys(introduced(actor) for actor in event.actors if actor.role == role))

    also = [f"Also named: {named('unknown')}"] if actors(event, "unknown") else []
    return [f"Attacker: {named('attacker') or UNKNOWN}", f"Target: {named('target') or UNKNOWN}", *also]


def where(place: Place) -> list[str]:
    """Name, grid, coordinates, and distance from a town that people know; of a whole country no point, which would be false."""
    name = f"{'near ' if place.precision == 'near' else ''}{called(place)}"
    if place.precision == "country":
        return [place.country_name or name, f"where in the country: {UNKNOWN}"]
    if place.precision in {"admin1", "admin2"}:
        name = f"somewhere in {name}"
    at = coordinates(place)
    return [name, grid(place) or f"{at} ({radius(place)})", at if grid(place) else "", place.relative or ""]


def _times(alert: Alert) -> list[str]:
    event = alert.event
    first, last = date_time_group(event.first_reported), date_time_group(event.last_reported)
    published = f"published {first}" if first == last else f"published {first} to {last}"
    return [when(event.occurred), published, f"this message {date_time_group(alert.at)}"]


def losses(event: Event) -> str:
    """Materiel in the words of the text and whose word it is, then people."""
    by = next((claim.by for claim in event.claims if claim.question == "losses"), ())
    credit = f" (claim of {', '.join(by[:2])})" if by else ""
    materiel = f'"{event.losses}"{credit}' if event.losses else f"materiel: {UNKNOWN}"
    if event.killed is None and event.injured is None and not set(assessment.disputes(event)) & {"killed", "injured"}:
        return f"{materiel}; people: {UNKNOWN}"
    return f"{materiel}; killed: {_toll(event, 'killed')}; injured: {_toll(event, 'injured')}"


def _toll(event: Event, question: str) -> str:
    if question in assessment.disputes(event):
        return f"DISPUTED, {' / '.join(_by(claim) for claim in event.claims if claim.question == question)}"
    return count(event.killed if question == "killed" else event.injured)


def rule(alert: Alert) -> str:
    """Which rule spoke, and what it still waits for."""
    if alert.stage is None:
        return f"{alert.rule}: {alert.reason.text}"
    have = f"{alert.rule}, stage {alert.stage}: {plural(alert.event.owners, 'owner')}"
    if alert.stage == "confirmed":
        return f"{have}, {alert.needed} needed" if alert.needed else have
    return f"{have} of {alert.needed or 'more'} needed to confirm{_deadline(alert)}"


def _deadline(alert: Alert) -> str:
    if alert.confirm_by is None:
        return ""
    missed = ", not met" if alert.at > alert.confirm_by else ""
    return f" by {date_time_group(alert.confirm_by)}{missed}"


def _link(alert: Alert, desk: Desk) -> str | None:
    return f"{desk.link.rstrip('/')}/e/{alert.number}" if desk.link else None


# The headers


def headers(alert: Alert, receiver: Receiver, desk: Desk, *, previous: str | None = None) -> dict[str, str]:
    """Headers of the e-mail: those that thread it, name its list, and keep holiday replies away (RFC 3834, RFC 2919)."""
    first = message_id(alert, receiver, desk, revision=1)
    thread = {}
    if alert.revision > 1:
        between = [previous] if previous and previous != first else []
        thread = {"In-Reply-To": first, "References": " ".join([first, *between])}
    name = re.sub(r"[^a-z0-9.-]+", "-", alert.rule.casefold()).strip("-.") or "rule"
    return {
        "Message-ID": message_id(alert, receiver, desk, revision=alert.revision),
        **thread,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Id": f"{name} <{name}.{desk.host}>",
    }


def message_id(alert: Alert, receiver: Receiver, desk: Desk, *, revision: int) -> str:
    """``<TOC-2016-K7Q3M.1.5d41402a@alerts.example.org>``: the same for a repeat, another for another receiver or rule.

    The hash is of alert and receiver: two rules may speak of one number, and two receivers may share a mailbox that shows
    only one message of an id.
    """
    return f"<{alert.number}.{revision}.{digest(alert.id, receiver.id)[:8]}@{desk.host}>"
