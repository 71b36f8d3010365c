"""Tests that stand in a rule file: what is reported, when, and which alerts that must raise. Files in, cases out."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any, get_args

import msgspec
import yaml

from alerts.records import Alert, Change, Rule, Severity
from alerts.rules.load import PLACE_KINDS, Reader, RulesError, compose, country, name, number, several, share, span, text, whole, word
from streams.records import (
    FAMILIES,
    KINETIC,
    STRATEGIC,
    Actor,
    Article,
    Event,
    Evidence,
    Occurred,
    Part,
    Place,
    PlacePrecision,
    digest,
)
from streams.settings import span as parse_span

START = datetime(2020, 1, 6, 12, 0, tzinfo=UTC)
"""What times in a case count from: a Monday noon; the date never matters."""
STAGES = ("preliminary", "confirmed")


class Given(Part, frozen=True, kw_only=True):
    """One thing that is reported."""

    at: timedelta
    record: Event | Article


class Expected(Part, frozen=True, kw_only=True):
    """One alert revision that must be raised; what is None is not looked at."""

    at: timedelta | None = None
    rule: str | None = None
    change: str | None = None
    stage: str | None = None
    severity: str | None = None
    line: int = 0

    def fits(self, alert: Alert) -> bool:
        """Whether *alert* is this one."""
        return all(wanted is None or wanted == got for _, wanted, got in self.compared(alert))

    def compared(self, alert: Alert) -> Iterator[tuple[str, Any, Any]]:
        """Each thing looked at: its name, what it must be, and what it is."""
        yield "at", self.at, alert.at - START
        yield "rule", self.rule, alert.rule
        yield "change", self.change, alert.change
        yield "stage", self.stage, alert.stage
        yield "severity", self.severity, alert.severity


class Case(Part, frozen=True, kw_only=True):
    """One test: its rules alone are in force."""

    name: str
    rules: tuple[str, ...]
    given: tuple[Given, ...]
    expect: tuple[Expected, ...]
    until: timedelta | None = None
    """How long it goes on, from its start; None: two days after the last that is given."""
    file: str
    line: int

    @property
    def reads(self) -> bool:
        """Whether it gives articles, which must be read first."""
        return any(isinstance(g.record, Article) for g in self.given)


def load_cases(folder: Path, rules: Sequence[Rule]) -> tuple[Case, ...]:
    """Read the tests of every rule file in *folder*.

    Args:
        rules: Those of the folder; a test that names none is of the rules of its file.

    Raises:
        RulesError: With all mistakes of all tests.
    """
    mistakes: list[str] = []
    files = sorted(path for path in folder.glob("*") if path.suffix in (".yaml", ".yml"))
    cases = tuple(case for path in files for case in _cases_of(path, rules, mistakes))
    if mistakes:
        raise RulesError(mistakes)
    return cases


def verdict(case: Case, alerts: Sequence[Alert]) -> list[str]:
    """What is wrong with the *alerts* that were raised: a line for each difference; none if all is as expected."""
    found = []
    for i, (wanted, got) in enumerate(zip_longest(case.expect, alerts), start=1):
        if wanted is None:
            found.append(f"alert {i} was not expected: {_shown(got)}")
        elif got is None:
            found.append(f"line {wanted.line}: alert {i} was not raised")
        elif not wanted.fits(got):
            wrong = (
                f"{what} {_said(value)}, expected {_said(want)}" for what, want, value in wanted.compared(got) if want not in (None, value)
            )
            found.append(f"line {wanted.line}: alert {i}: {'; '.join(wrong)}")
    return found


def _shown(alert: Alert) -> str:
    stage = f", {alert.stage}" if alert.stage else ""
    return f"{alert.rule} at {_said(alert.at - START)}, {alert.change}{stage} ({alert.reason.text})"


def _said(value: Any) -> str:
    if not isinstance(value, timedelta):
        return str(value)
    minutes, sign = abs(value) // timedelta(minutes=1), "-" if value < timedelta(0) else ""
    hours, rest = divmod(minutes, 60)
    return f"{sign}{hours}h{rest:02}" if rest else f"{sign}{hours // 24}d" if hours and hours % 24 == 0 else f"{sign}{hours}h"


def _cases_of(path: Path, rules: Sequence[Rule], mistakes: list[str]) -> Iterator[Case]:
    root = compose(path, mistakes, begin="rules:")
    if root is None:
        return
    top = Reader(path, root, [], "the file")
    listed = top.take("tests", lambda _, node, __: node)
    own = tuple(r.id for r in rules if r.file == str(path))
    if isinstance(listed, yaml.SequenceNode):
        for node in listed.value:
            case = _case(Reader(path, node, mistakes, "a test"), own, {r.id for r in rules})
            if case is not None:
                yield case
    elif listed is not None:
        mistakes.append(f"{path}:{listed.start_mark.line + 1}: tests must be a list; put a dash before each test")


def _case(r: Reader, own: tuple[str, ...], known: set[str]) -> Case | None:
    before = len(r.mistakes)
    title = r.take("name", text, needed="say in a few words what it shows")
    r.what = f"test '{title}'" if title else r.what
    line = r.line_of("rules")
    chosen = r.take("rules", several(name), own)
    for unknown in (rule for rule in chosen if rule not in known):
        r.wrong(line, f"{r.what}: there is no rule '{unknown}'; mend the name")
    given = _listed(r, "given", "say what is reported, and when")
    expect = _listed(r, "expect", "say which alerts are raised; [] if none")
    events: dict[str, Event] = {}
    reported = [one for node in given or [] if (one := _given(Reader(r.path, node, r.mistakes, r.what), events)) is not None]
    alerts = [_expected(Reader(r.path, node, r.mistakes, r.what)) for node in expect or []]
    ordered = tuple(sorted(reported, key=lambda g: g.at))
    line = r.line_of("until")
    until = r.take("until", span)
    if until is not None and ordered and until < ordered[-1].at:
        r.wrong(line, f"{r.what}: until is {_said(until)}, before the last that is given; make it later")
    r.done(["name", "rules", "given", "expect", "until"])
    if len(r.mistakes) > before:
        return None
    return Case(name=title, rules=chosen, given=ordered, expect=tuple(alerts), until=until, file=str(r.path), line=r.line)


def _listed(r: Reader, key: str, advice: str) -> list[yaml.Node] | None:
    def read(reader: Reader, node: yaml.Node, key: str) -> list[yaml.Node] | None:
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} must be a list; put a dash before each entry, or write []")
        return None

    return r.take(key, read, needed=advice)  # type: ignore[no-any-return]


def moment(reader: Reader, node: yaml.Node, key: str) -> timedelta | None:
    """A span before or after the start of the case: ``2h``, ``-40d``."""
    said = str(node.value).strip()
    try:
        found = parse_span(said.removeprefix("-"))
    except ValueError:
        reader.wrong(node.start_mark.line + 1, f"{reader.what}: {key} is {said!r}, but must be a span such as 2h, 45min or -40d")
        return None
    return -found if said.startswith("-") else found


def _given(g: Reader, events: dict[str, Event]) -> Given | None:
    before = len(g.mistakes)
    at = g.take("at", moment, needed="say when it is reported, such as 0h")
    if at is None:
        return None
    record = _article(g, at) if g.has("article") or g.has("title") else _event(g, at, events)
    return None if len(g.mistakes) > before else Given(at=at, record=record)


def _article(g: Reader, at: timedelta) -> Article:
    said, title, outlet = g.take("article", text, ""), g.take("title", text), g.take("outlet", text, "An outlet")
    g.done(["at", "article", "title", "outlet"])
    return Article(id=digest(outlet, title or "", said), title=title, text=said, outlet=outlet, published=START + at, fetched=START + at)


_TOWN: dict[str, Any] = {"id": "a-place", "name": "A place", "kind": "town", "lat": 0.0, "lon": 0.0, "radius_km": 3.0, "country": "SY"}
EVENT_WORDS = (
    "at", "event", "type", "place", "place_kind", "country", "country_name", "lat", "lon", "radius_km", "precision", "happened", "lasted",
    "killed", "injured", "attacker", "target", "weapon", "owners", "articles", "confidence", "withdrawn",
)  # fmt: skip


def _event(g: Reader, at: timedelta, events: dict[str, Event]) -> Event:
    """The event that *g* names as it is told at *at*: as it was told before, but for what is said anew."""
    label = g.take("event", text, "an event")
    last = events.get(label)
    place = _place(g, last.place if last else Place(**_TOWN))
    kind = g.take("type", word(sorted(KINETIC | STRATEGIC)), last.type if last else "armed_clash")
    happened = g.take("happened", moment)
    began = START + (at if happened is None else happened) if last is None or happened is not None else _began(last)
    lasted = g.take("lasted", span, timedelta(hours=1))
    fields: dict[str, Any] = {}
    for toll in ("killed", "injured"):
        count = g.take(toll, whole(0))
        fields[toll] = (count, count) if count is not None else getattr(last, toll) if last else None
    cast = [
        Actor(id=one, name=one.replace("_", " ").title(), role=role, type="state" if role == "attacker" else "unknown")
        for role in ("attacker", "target")
        for one in g.take(role, several(text), ())
    ]
    owners = g.take("owners", whole(0), last.owners if last else 1)
    gone = g.take("withdrawn", word(("true",))) == "true"
    said = Evidence(article=label, outlet="An outlet", published=START + at, quote="It was reported.", owner="an outlet")
    event = Event(
        id=digest("case", label), revision=last.revision + 1 if last else 1, at=START + at, key=place.country, type=kind,
        category="kinetic" if kind in KINETIC else "strategic", family=FAMILIES[kind], place=place,
        occurred=Occurred(start=began, end=began + lasted, precision="hour"),
        first_reported=last.first_reported if last else START + at, last_reported=START + at,
        actors=tuple(cast) or (last.actors if last else ()), weapons=g.take("weapon", several(text), last.weapons if last else ()),
        owners=0 if gone else owners, articles=g.take("articles", whole(0), 0 if gone else max(owners, last.articles if last else 0)),
        evidence=() if gone else (said,), confidence=g.take("confidence", share, last.confidence if last else 0.9), **fields,
    )  # fmt: skip
    g.done(EVENT_WORDS)
    events[label] = event
    return event


def _began(event: Event) -> datetime:
    return event.occurred.start if event.occurred else event.first_reported


def _place(g: Reader, before: Place) -> Place:
    named = g.take("place", text)
    fields: dict[str, Any] = {
        "kind": g.take("place_kind", word(sorted(PLACE_KINDS))),
        "country": g.take("country", country),
        "country_name": g.take("country_name", text),
        "lat": g.take("lat", number(-90, 90)),
        "lon": g.take("lon", number(-180, 180)),
        "radius_km": g.take("radius_km", number(0, 20_000)),
        "precision": g.take("precision", word(get_args(PlacePrecision))),
    }
    if named is not None:
        fields |= {"id": named, "name": named}
    return msgspec.structs.replace(before, **{k: v for k, v in fields.items() if v is not None})


def _expected(e: Reader) -> Expected:
    line = e.line
    made = Expected(
        at=e.take("at", moment), rule=e.take("rule", name), change=e.take("change", word(get_args(Change))),
        stage=e.take("stage", word(STAGES)), severity=e.take("severity", word(get_args(Severity))), line=line,
    )  # fmt: skip
    e.done(["at", "rule", "change", "stage", "severity"])
    return made
