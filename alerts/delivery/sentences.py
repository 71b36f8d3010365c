"""An alert in; the subject and the first sentences out: what must do alone on a lock screen."""

from alerts.delivery import assessment
from alerts.delivery.formats import UNKNOWN, count, day, plural
from alerts.delivery.phrases import answer, called, disputed, happening, kind, said, speaker, words
from alerts.records import Alert, Change
from streams.records import Claim, Event

SCREEN = 60
"""Characters of a subject that a lock screen shows: precedence, place, country and what happened must lie within."""
CHANGED: dict[Change, str] = {"retraction": "RETRACTED: ", "correction": "CORRECTED: ", "resolved": "OVER: "}
"""What stands before a headline that is no news by itself."""
MOST_DIFFERENCES = 6
MOST_DOUBTS = 2
"""In the first sentence; all of them are in the table."""


def subject(alert: Alert) -> str:
    """``[URGENT] T4/Tiyas airbase (SY) ATTACKED - 1 source, unconfirmed - TOC-2016-K7Q3M/1``."""
    mark = _mark(alert)
    if alert.surge:
        return f"{mark}{_surge(alert)} - {alert.label}"
    return f"{mark}{_what(alert.event, room=SCREEN - len(mark))}{_support(alert)} - {alert.label}"


def headline(alert: Alert) -> str:
    """The subject without precedence and number."""
    if alert.surge:
        return _surge(alert)
    return f"{_what(alert.event, room=SCREEN)}{_support(alert)}"


def _surge(alert: Alert) -> str:
    """``12 events in 24 h in Syria``: the number is the news, and not the event that made it one too many."""
    return alert.surge.partition(";")[0]


def _mark(alert: Alert) -> str:
    exercise = "[EXERCISE] " if alert.event.sample else ""
    return f"{exercise}[{alert.severity.upper()}] {CHANGED.get(alert.change, '')}"


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


def bluf(alert: Alert) -> str:
    """The first sentence: who did what to what, where, when, how sure."""
    event = alert.event
    mark = "EXERCISE, not a real event. " if event.sample else ""
    if alert.surge:
        return mark + _bluf_of_surge(alert)
    match alert.change:
        case "retraction":
            return f"{mark}RETRACTED, disregard: {happening(event)}."
        case "resolved":
            return f"{mark}OVER, nothing new: {happening(event)}."
        case "correction":
            return f"{mark}CORRECTED: {happening(event)}; {_standing(event)}."
        case _:
            return f"{mark}{happening(event)}; {_standing(event)}."


def _bluf_of_surge(alert: Alert) -> str:
    event = alert.event
    match alert.change:
        case "retraction":
            return f"RETRACTED, disregard: {_surge(alert)}; {alert.reason.text}."
        case "resolved":
            return f"OVER, nothing new: {alert.surge}."
        case _:
            return f"{CHANGED.get(alert.change, '')}{alert.surge}. The last of them: {happening(event)}; {_standing(event)}."


def _standing(event: Event) -> str:
    """What is disputed, else what came of it, else who stands behind it."""
    denied = _denial(event)
    doubts = [*denied, *(doubt(event, question) for question in assessment.disputes(event) if question != "happened" or not denied)]
    if doubts or event.disputed:
        return "; ".join(doubts[:MOST_DOUBTS]) or "DISPUTED"
    alone = "one source, unconfirmed" if event.owners == 1 else plural(event.owners, "independent source")
    return "; ".join([*(_outcomes(event) or [alone]), *_toll(event)])


def _denial(event: Event) -> list[str]:
    names = dict.fromkeys(speaker(name) for claim in assessment.denials(event) for name in claim.by or ("a source not named",))
    return [f"DENIED by {' and '.join(names)}"] if names else []


def _outcomes(event: Event) -> list[str]:
    """``one source says parts of the base were taken``: by those who say so, not by all who report the event."""
    clauses = []
    for claim in event.claims:
        if claim.question == "control" and said(claim, event) and answer(claim) != words(event)["head"]:
            speakers = len(assessment.owners(event, claim))
            clauses.append(f"{'one source says' if speakers < 2 else f'{speakers} sources say'} {said(claim, event)}")
    return clauses[:1]


def _toll(event: Event) -> list[str]:
    killed = count(event.killed)
    return [] if killed in {UNKNOWN, "none"} else [f"{killed} reported killed"]


def doubt(event: Event, question: str) -> str:
    """``control DISPUTED: PARTS TAKEN (ARA News) / REPELLED (SANA)``."""
    answers = [claim for claim in event.claims if claim.question == question]
    subjects = {"happened": "whether it happened", "killed": "number killed", "injured": "number injured"}
    return f"{subjects.get(question, question)} DISPUTED: {' / '.join(by(event, claim) for claim in answers)}"


def by(event: Event, claim: Claim) -> str:
    """An answer and who gives it: ``PARTS TAKEN (ARA News and 2 others)``; others are independent groups, not voices."""
    others = len(assessment.owners(event, claim)) - 1
    name = speaker(claim.by[0]) if claim.by else "source not named"
    more = f" and {plural(others, 'other')}" if others > 0 else ""
    return f"{answer(claim)} ({name}{more})"


def news(alert: Alert) -> list[tuple[str, str]]:
    """Label and text of the lines that say what is new: in a first report how new it is, in a later one what changed."""
    if alert.revision == 1 and alert.change == "new":
        return [("SURGE", f"{alert.surge}.")] if alert.surge else [("NEW", f"First report.{_quiet(alert)}")]
    changes = alert.differences[:MOST_DIFFERENCES] or (alert.reason.text,)
    rest = len(alert.differences) - MOST_DIFFERENCES
    more = (f"and {plural(rest, 'more change')}",) if rest > 0 else ()
    return [(f"NEW IN /{alert.revision}", changes[0]), *(("", change) for change in (*changes[1:], *more))]


def _quiet(alert: Alert) -> str:
    if alert.quiet_days is None:
        return ""
    last = "none on record"
    if alert.last_event is not None or alert.last_event_at is not None:
        at = day(alert.last_event_at) if alert.last_event_at else ""
        last = f"last: {', '.join(filter(None, [alert.last_event, at]))}"
    here = kind(alert.event.place)["short"].removeprefix("the ")
    return f" No accepted event at this {here} in the last {plural(alert.quiet_days, 'day')} ({last})."
