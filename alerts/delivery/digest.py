"""Several notifications for one receiver in, one digest out: the loudest first, of each alert the last that was said."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from alerts.delivery.formats import date_time_group, plural
from alerts.delivery.messages import UNATTENDED, template
from alerts.delivery.payload import MOST_BYTES
from alerts.delivery.sentences import CHANGED
from alerts.records import PRECEDENCE, Notification
from alerts.spans import in_words
from streams.records import digest

MOST_TOLD = 60
"""Alerts in one digest; of the rest it says how many they are."""
WHY = {
    "quiet": "held in quiet hours",
    "flood": "more than are told one by one",
    "delayed": "DELAYED: Tocsin could not send",
}


def gather(held: Sequence[Notification], why: str, at: datetime) -> Notification:
    """One digest of what waited.

    Args:
        held: In order of time, all for one receiver; at least one.
        why: A key of `WHY`.
    """
    last = {n.alert: n for n in held}
    told = sorted(last.values(), key=lambda n: (PRECEDENCE.index(n.severity), n.at, n.id))
    loudest, host = told[0], _host(held[-1])
    name = digest(*(n.id for n in held))
    count = plural(len(last), "alert")
    reason = f"{WHY[why]} for up to {in_words(at - held[0].at)}" if why == "delayed" else WHY[why]
    sample = all(n.sample for n in held)
    said = {
        "heading": f"{count}, {reason}",
        "severities": ", ".join(f"{n} {s}" for s in PRECEDENCE if (n := sum(t.severity == s for t in told))),
        "groups": [(s, [_line(n) for n in told[:MOST_TOLD] if n.severity == s]) for s in PRECEDENCE],
        "more": max(0, len(told) - MOST_TOLD),
        "earlier": len(held) - len(last),
        "sample": sample,
        "at": date_time_group(at),
    }
    mark = "[EXERCISE] " if sample else ""
    return Notification(
        id=name,
        alert=loudest.alert,
        revision=loudest.revision,
        change="update",
        rule="digest",
        severity=loudest.severity,
        receiver=held[-1].receiver,
        at=at,
        subject=f"{mark}[{loudest.severity.upper()}] DIGEST {count} ({said['severities']}), {reason}",
        text=template("digest.txt.j2").render(said),
        html=template("digest.html.j2").render(said) if held[-1].receiver.channel == "email" else "",
        headers={
            "Message-ID": f"<digest.{name[:16]}@{host}>",
            **UNATTENDED,
            "List-Id": f"digest <digest.{host}>",
        },
        payload=msgspec.Raw(_payload(told, why, at)),
        sample=sample,
        delayed=why == "delayed",
        gathers=tuple(n.id for n in held),
    )


def mark_delayed(notification: Notification, at: datetime) -> Notification:
    """The same, saying that it is late, and how late."""
    late = in_words(at - notification.at)
    line = f"DELAYED by {late}: Tocsin could not send."
    body = msgspec.json.decode(notification.payload)
    body["delayed"] = True
    return msgspec.structs.replace(
        notification,
        subject=f"DELAYED {late}: {notification.subject}",
        text=f"{line}\n{notification.text}",
        html=notification.html.replace("<p ", f"<p><b>{line}</b></p>\n<p ", 1),
        payload=msgspec.Raw(msgspec.json.encode(body)),
        delayed=True,
    )


def _line(notification: Notification) -> dict[str, str]:
    """What a digest says of one alert."""
    data = _data(notification)
    return {
        "at": date_time_group(notification.at),
        "subject": f"{CHANGED.get(notification.change, '')}{data['headline']} - {data['number']}/{data['revision']}",
        "bluf": data["bluf"],
        "title": data["title"],
        "link": data["link"] or "",
    }


def _data(notification: Notification) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.json.decode(notification.payload)["data"]
    return data


def _payload(told: Sequence[Notification], why: str, at: datetime) -> bytes:
    """For programs: each alert in full, as far as that fits; then without its event; then only the loudest."""
    whole = [_data(n) for n in told]
    short = [{name: value for name, value in data.items() if name != "event"} for data in whole]
    for alerts in (whole, *(short[:n] for n in (len(short), MOST_TOLD, 20, 5, 1))):
        ids = [n.id for n in told[: len(alerts)]]
        data = {"why": why, "alerts": alerts, "alerts_omitted": len(whole) - len(alerts), "held": ids}
        body = msgspec.json.encode({"type": "alert.digest", "timestamp": at, "delayed": why == "delayed", "data": data})
        if len(body) < MOST_BYTES:
            break
    return body


def _host(notification: Notification) -> str:
    """The desk's own domain, as every Message-ID ends with it."""
    return notification.headers.get("Message-ID", "").rpartition("@")[2].rstrip(">") or "localhost"
