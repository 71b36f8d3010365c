"""The receivers file in, who hears of what out; or every mistake in it at once, each with file and line."""

from pathlib import Path
from typing import get_args

import yaml

from alerts.records import Channel, Desk, Receiver, Route, Severity
from alerts.rules.load import Reader, RulesError, compose, text, words

NEEDED = {"webhook": "url", "email": "address"}


def load_receivers(path: Path) -> tuple[tuple[Receiver, ...], tuple[Route, ...], Desk]:
    """Read the receivers, the routes to them, and the desk's own settings.

    Raises:
        RulesError: With all mistakes of the file.
    """
    mistakes: list[str] = []
    root = compose(path, mistakes)
    if root is None:
        raise RulesError(mistakes or [f"{path}:1: the file is empty; begin it with 'receivers:'"])
    top = Reader(path, root, mistakes, "the file")
    receivers = tuple(r for node in _listed(top, "receivers") if (r := _receiver(Reader(path, node, mistakes, "a receiver"))))
    routes = tuple(_route(Reader(path, node, mistakes, "a route"), {r.id for r in receivers}) for node in _listed(top, "routes"))
    desk = _desk(top.inner("desk"))
    top.done(["receivers", "routes", "desk"])
    if mistakes:
        raise RulesError(mistakes)
    return receivers, routes, desk


def _listed(top: Reader, key: str) -> list[yaml.Node]:
    def read(reader: Reader, node: yaml.Node, key: str) -> list[yaml.Node] | None:
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        reader.wrong(node.start_mark.line + 1, f"{key} must be a list; put a dash before each")
        return None

    return top.take(key, read, [], needed="even if the list is empty") or []


def _receiver(r: Reader) -> Receiver | None:
    before = len(r.mistakes)
    name = r.take("id", text, needed="give it a short name")
    r.what = f"receiver '{name}'" if name else r.what
    channel = r.take("channel", words(get_args(Channel)), needed=f"set it to one of {', '.join(get_args(Channel))}")
    made = {key: r.take(key, text) for key in ("url", "address", "secret_env")}
    if channel and (key := NEEDED.get(channel[0])) and not made[key]:
        r.wrong(r.line, f"{r.what}: a receiver by {channel[0]} needs '{key}'; add it")
    r.done(["id", "channel", "url", "address", "secret_env"])
    return Receiver(id=name, channel=channel[0], **made) if len(r.mistakes) == before else None


def _route(r: Reader, known: set[str]) -> Route:
    made = Route(
        receivers=r.take("receivers", words(), (), needed="name the receivers"),
        rules=r.take("rules", words(), ("*",)),
        severity=r.take("severity", words(get_args(Severity)), ()),
    )
    for name in made.receivers:
        if name not in known:
            r.wrong(r.line, f"a route names receiver '{name}', which is not in the list; add it or mend the name")
    r.done(["receivers", "rules", "severity"])
    return made


def _desk(d: Reader) -> Desk:
    made = Desk(host=d.take("host", text, "localhost"), link=(d.take("link", text, "")).rstrip("/"), grades=_grades(d.inner("grades")))
    d.done(["host", "link", "grades"])
    return made


def _grades(g: Reader) -> dict[str, str]:
    return {owner: letter[0] for owner in g.names() if (letter := g.take(owner, words(tuple("ABCDEF"))))}
