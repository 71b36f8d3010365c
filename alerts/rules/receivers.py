"""The receivers file in, who hears of what out; or every mistake in it at once, each with file and line."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple, get_args

import yaml

from alerts.delivery.holding import zone_of
from alerts.records import PRECEDENCE, Channel, Desk, Flood, Hush, Inhibition, Quiet, Receiver, Route, Rule, Severity
from alerts.rules.load import Reader, RulesError, compose, guarded, meant, name, several, span, text, whole, word

NEEDED = {"webhook": "url", "email": "address"}
LISTED = "`tocsin rules check` lists those that there are"
READ_BY_PEOPLE = frozenset({"email", "terminal"})
DELAYED_AFTER = timedelta(minutes=30)
"""What people are not told one by one after an outage of ours; programs are, unless they ask otherwise."""
VARIABLE = re.compile(r"TOCSIN_[A-Z0-9_]+")
"""Of the environment only these are read (`streams.settings`)."""


class Addressing(NamedTuple):
    """Who hears of what."""

    receivers: tuple[Receiver, ...]
    routes: tuple[Route, ...]
    desk: Desk
    inhibitions: tuple[Inhibition, ...]
    silences: tuple[Hush, ...] = ()


def load_receivers(path: Path) -> Addressing:
    """Read the receivers, the routes to them, which rules speak instead of which, when who is left in peace, and the desk's own settings.

    Raises:
        RulesError: With all mistakes of the file.
    """
    mistakes: list[str] = []
    found = guarded(path, mistakes, partial(_read, path, mistakes), None)
    if found is None or mistakes:
        raise RulesError(mistakes)
    return found


def strangers(addressing: Addressing, rules: Sequence[Rule]) -> list[str]:
    """What routes, inhibitions and silences name that is no rule: a name that is mistyped there does what nobody sees."""
    known = {rule.id for rule in rules}
    places = [(f"the route to {', '.join(route.receivers)}", route.rules) for route in addressing.routes]
    places += [(f"an inhibition of {', '.join(one.rules)}", (*one.rules, *one.by)) for one in addressing.inhibitions]
    places += [(f"the silence {one.id}", one.rules) for one in addressing.silences]
    unknown = ((where, name) for where, names in places for name in names if name != "*" and name not in known)
    return [f"{where} names the rule {name!r}, which no rule file has{meant(name, known, LISTED)}" for where, name in unknown]


def unrouted(addressing: Addressing) -> list[str]:
    """Receivers that no route leads to."""
    led = {name for route in addressing.routes for name in route.receivers}
    return [receiver.id for receiver in addressing.receivers if receiver.id not in led]


def _read(path: Path, mistakes: list[str]) -> Addressing | None:
    root = compose(path, mistakes, begin="receivers:")
    if root is None:
        return None
    top = Reader(path, root, mistakes, "the file")
    lines: dict[str, int] = {}
    receivers = tuple(r for node in _listed(top, "receivers") if (r := _receiver(Reader(path, node, mistakes, "a receiver"), lines)))
    routes = tuple(_route(Reader(path, node, mistakes, "a route"), lines) for node in _listed(top, "routes"))
    inhibitions = tuple(_inhibition(Reader(path, node, mistakes, "an inhibition"), lines) for node in _listed(top, "inhibit", needed=False))
    quieted, seen = _listed(top, "silences", needed=False), dict[str, int]()
    silences = tuple(s for node in quieted if (s := _silence(Reader(path, node, mistakes, "a silence"), lines, seen)))
    desk = _desk(top.inner("desk"))
    top.done(["receivers", "routes", "inhibit", "silences", "desk"])
    return Addressing(receivers, routes, desk, inhibitions, silences)


def _listed(top: Reader, key: str, *, needed: bool = True) -> list[yaml.Node]:
    def read(reader: Reader, node: yaml.Node, key: str) -> list[yaml.Node] | None:
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        reader.wrong(node.start_mark.line + 1, f"{key} must be a list; put a dash before each")
        return None

    return top.take(key, read, [], needed=f"add '{key}:', even if the list is empty" if needed else "") or []


def _receiver(r: Reader, lines: dict[str, int]) -> Receiver | None:
    """Read one receiver; None if it has mistakes.

    Args:
        lines: Where each name stands first, faulty receivers too; the name is added.
    """
    before = len(r.mistakes)
    known = _called(r, "receiver", lines)
    channel = r.take("channel", word(get_args(Channel)), needed=f"set it to one of {', '.join(get_args(Channel))}")
    if (key := NEEDED.get(channel or "")) and not r.has(key):
        r.wrong(r.line, f"{r.what}: a receiver by {channel} needs '{key}'; add it")
    url, address, variable = r.take("url", _url), r.take("address", _mailbox), r.take("secret_env", _variable)
    quiet = _quiet(r.inner("quiet")) if r.has("quiet") else None
    flood = _flood(r.inner("flood")) if r.has("flood") else None
    delayed_after = r.take("delayed_after", _span_or_never, DELAYED_AFTER if channel in READ_BY_PEOPLE else timedelta.max)
    r.done(["id", "channel", "url", "address", "secret_env", "quiet", "flood", "delayed_after"])
    if len(r.mistakes) > before:
        return None
    return Receiver(
        id=known, channel=channel, url=url, address=address, secret_env=variable, quiet=quiet, flood=flood,
        delayed_after=None if delayed_after == timedelta.max else delayed_after,
    )  # fmt: skip


def _called(r: Reader, what: str, lines: dict[str, int]) -> str:
    """The id, by which mistakes are told from there on; "" if there is none. *lines* says where each stands first."""
    known: str = r.take("id", name, "", needed="give it a short name")
    if known and lines.setdefault(known, r.line) != r.line:
        r.wrong(r.line, f"{what} '{known}' stands in line {lines[known]} too; give one of them another id")
    r.what = f"{what} '{known}'" if known else r.what
    return known


def _quiet(q: Reader) -> Quiet:
    made = Quiet(
        start=q.take("from", _clock, 0, needed="say when they begin, such as '22:00'"),
        end=q.take("to", _clock, 0, needed="say when they end, such as '06:00'"),
        zone=q.take("zone", _zone, "UTC"),
        holds=q.take("holds", several(word(tuple(s for s in PRECEDENCE if s != "flash"))), ("routine",)),
    )
    q.done(["from", "to", "zone", "holds"])
    return made


def _flood(f: Reader) -> Flood:
    most = f.take("most", whole(1), 1, needed="say how many messages are read one by one, such as 20")
    made = Flood(
        most=most, within=f.take("within", span, timedelta(hours=1), needed="say in how long, such as 1h"),
        flash=f.take("flash", whole(1), 3 * most),
    )  # fmt: skip
    if made.flash < made.most:
        f.wrong(f.line, f"{f.what}: flash is {made.flash}, below most; a flash must have more room than the others, so raise it")
    f.done(["most", "within", "flash"])
    return made


def _clock(r: Reader, node: yaml.Node, key: str) -> int | None:
    """Minutes after midnight."""
    if match := re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", str(node.value)):
        return int(match[1]) * 60 + int(match[2])
    r.wrong(node.start_mark.line + 1, f"{r.what}: {key} is {node.value!r}, but must be a time of the day such as '22:00', in quotes")
    return None


def _zone(r: Reader, node: yaml.Node, key: str) -> str | None:
    read = text(r, node, key)
    try:
        return read and zone_of(read).key
    except (KeyError, ValueError, OSError):
        r.wrong(node.start_mark.line + 1, f"{r.what}: {key} is {read!r}, but must be a time zone such as Europe/Berlin (IANA name)")
        return None


def _span_or_never(r: Reader, node: yaml.Node, key: str) -> timedelta | None:
    return timedelta.max if str(node.value) == "never" else span(r, node, key)


def _url(r: Reader, node: yaml.Node, key: str) -> str | None:
    read = text(r, node, key)
    if read is None or re.match(r"https?://[^/\s]", read):
        return read
    r.wrong(node.start_mark.line + 1, f"{r.what}: {key} is {read!r}, but must begin with https:// (or http://) and name a host")
    return None


def _mailbox(r: Reader, node: yaml.Node, key: str) -> str | None:
    read = text(r, node, key)
    if read is None or re.fullmatch(r"[^@\s]+@[^@\s]+", read):
        return read
    r.wrong(node.start_mark.line + 1, f"{r.what}: {key} is {read!r}, but must be one mailbox, such as watch@example.org")
    return None


def _variable(r: Reader, node: yaml.Node, key: str) -> str | None:
    """The name of a variable. What came instead is not repeated: it may be the secret itself."""
    read = text(r, node, key)
    if read is None or VARIABLE.fullmatch(read):
        return read
    advice = "must be the name of a variable that begins with TOCSIN_, such as TOCSIN_WEBHOOK_SECRET; the secret itself belongs there"
    r.wrong(node.start_mark.line + 1, f"{r.what}: {key} {advice}, never in this file")
    return None


def _route(r: Reader, known: dict[str, int]) -> Route:
    made = Route(
        receivers=r.take("receivers", several(text), (), needed="name the receivers"),
        rules=r.take("rules", several(text), ("*",)),
        severity=r.take("severity", several(word(get_args(Severity))), ()),
        stage=r.take("stage", several(word(("preliminary", "confirmed"))), ()),
    )
    _known(r, "a route", made.receivers, known)
    r.done(["receivers", "rules", "severity", "stage"])
    return made


def _known(r: Reader, what: str, receivers: Sequence[str], known: dict[str, int]) -> None:
    for receiver in receivers:
        if receiver not in known:
            r.wrong(r.line, f"{what} names receiver '{receiver}', which is not in the list; add it or mend the name")


def _silence(s: Reader, known: dict[str, int], lines: dict[str, int]) -> Hush | None:
    before = len(s.mistakes)
    called = _called(s, "silence", lines)
    start = s.take("from", _moment, needed="say when it begins, such as 2026-12-01T06:00Z")
    end = s.take("until", _moment, needed="say when it ends, such as 2026-12-01T18:00Z: none is for good")
    by = s.take("by", text, needed="say who answers for it")
    reason = s.take("reason", text, needed="say why")
    rules, receivers = s.take("rules", several(text), ()), s.take("receivers", several(text), ())
    places = tuple(place.casefold() for place in s.take("places", several(text), ()))
    _known(s, s.what, receivers, known)
    if start and end and start >= end:
        s.wrong(s.line, f"{s.what} ends before it begins, or at once; mend from or until")
    s.done(["id", "from", "until", "by", "reason", "rules", "places", "receivers"])
    if len(s.mistakes) > before:
        return None
    return Hush(
        id=called, start=start, end=end, by=by, reason=reason, rules=tuple(r for r in rules if r != "*"), places=places,
        receivers=receivers,
    )  # fmt: skip


def _moment(r: Reader, node: yaml.Node, key: str) -> datetime | None:
    """A day and a time of the day with its distance from UTC."""
    with suppress(ValueError):
        found = datetime.fromisoformat(str(node.value))
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    advice = "must be a day and a time with its distance from UTC, such as 2026-12-01T06:00Z or 2026-12-01T07:00+01:00"
    r.wrong(node.start_mark.line + 1, f"{r.what}: {key} is {node.value!r}, but {advice}")
    return None


def _inhibition(i: Reader, known: dict[str, int]) -> Inhibition:
    made = Inhibition(
        by=i.take("by", several(text), (), needed="name the rules that speak instead"),
        rules=i.take("rules", several(text), (), needed="name the rules that keep still meanwhile"),
        same=i.take("same", word(("event", "place")), "event"),
        receivers=i.take("receivers", several(text), ()),
    )
    if both := set(made.by) & set(made.rules):
        i.wrong(i.line, f"an inhibition names rule '{min(both)}' on both sides; no rule keeps itself still, so take it from one")
    _known(i, "an inhibition", made.receivers, known)
    i.done(["by", "rules", "same", "receivers"])
    return made


def _desk(d: Reader) -> Desk:
    made = Desk(host=d.take("host", text, "localhost"), link=(d.take("link", text, "")).rstrip("/"), grades=_grades(d.inner("grades")))
    d.done(["host", "link", "grades"])
    return made


def _grades(g: Reader) -> dict[str, str]:
    return {owner: letter for owner in g.names() if (letter := g.take(owner, word(tuple("ABCDEF"))))}
