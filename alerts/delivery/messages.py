"""An alert, a receiver and the desk's settings in; the notification as it will be sent out.

The order and the layout are in templates/alert.txt.j2, and in alert.html.j2, which says the same.
"""

import re
from functools import cache
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from alerts.delivery import assessment, layout
from alerts.delivery.claims import MOST_PASSAGES, blocks, not_counted, passages, readable, side_by_side, together
from alerts.delivery.fields import losses, outcome, rule, times, where, who
from alerts.delivery.formats import UNKNOWN, legible
from alerts.delivery.payload import payload
from alerts.delivery.phrases import fill, label, words
from alerts.delivery.sentences import bluf, headline, news, subject
from alerts.records import Alert, Desk, Notification, Receiver
from streams.records import digest

UNATTENDED = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
"""Headers that keep holiday replies away."""
MOST_CHARACTERS = 600
"""Of any one text of a feed: two long sentences."""


def render(alert: Alert, receiver: Receiver, desk: Desk, *, previous: str | None = None) -> Notification:
    """Say *alert* to *receiver*.

    Args:
        previous: Message-ID of the last revision that this receiver got, to be named in References; None if there was none
            or it is not known. The thread holds without it: every revision refers to the first.
    """
    shown = _legible(msgspec.structs.replace(alert, event=readable(alert.event)))
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
        text=template("alert.txt.j2").render(said := _said(shown, desk)),
        html=template("alert.html.j2").render(said) if receiver.channel == "email" else "",
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


def _said(alert: Alert, desk: Desk) -> dict[str, Any]:
    """What the templates lay out, as text and as HTML."""
    event = alert.event
    level, basis = assessment.confidence(event)
    return {
        "title": alert.title,
        "number": alert.label,
        "severity": alert.severity,
        "sample": event.sample,
        "blocks": blocks(event, desk),
        "bluf": bluf(alert),
        "news": news(alert),
        "what": f"{fill(words(event)['what'], event)} ({label(event)})",
        "outcome": outcome(event),
        "who": who(event),
        "where": where(event.place),
        "when": times(alert),
        "equipment": ", ".join(event.weapons) or UNKNOWN,
        "losses": losses(event),
        "rule": rule(alert),
        "retracted": _withdrawn(alert),
        "statement": fill(words(event)["statement"], event),
        "likelihood": assessment.likelihood(assessment.probability(event)) if event.confidence else "not assessed",
        "confidence": level,
        "basis": basis,
        "claims": side_by_side(event, desk),
        "passages": list(passages(event, desk)),
        "more_passages": max(0, len(together(event)) - MOST_PASSAGES),
        "not_counted": "; ".join(not_counted(event)),
        "link": _link(alert, desk),
    }


def _withdrawn(alert: Alert) -> str:
    """Why a retraction assesses nothing; "" for every other message."""
    if alert.change != "retraction":
        return ""
    return "Withdrawn; what stands below is what was known before."


@cache
def template(name: str) -> Template:
    """In HTML everything is escaped, in plain text nothing; a name that the template misses is an error, not a blank."""
    environment = Environment(
        loader=PackageLoader("alerts.delivery"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(field=layout.field, row=layout.row, indented=layout.indented, hanging=layout.hanging)
    return environment.get_template(name)


def _link(alert: Alert, desk: Desk) -> str | None:
    return f"{desk.link.rstrip('/')}/e/{alert.number}" if desk.link else None


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
        **UNATTENDED,
        "List-Id": f"{name} <{name}.{desk.host}>",
    }


def message_id(alert: Alert, receiver: Receiver, desk: Desk, *, revision: int) -> str:
    """``<TOC-2016-K7Q3M.1.5d41402a@alerts.example.org>``: the same for a repeat, another for another receiver or rule.

    The hash is of alert and receiver: two rules may speak of one number, and two receivers may share a mailbox that shows
    only one message of an id.
    """
    return f"<{alert.number}.{revision}.{digest(alert.id, receiver.id)[:8]}@{desk.host}>"
