"""The verbs that check: feeds, rules, receivers, and the whole with `tocsin doctor`. Each says what to do about what is wrong."""

import asyncio
import importlib.metadata
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from alerts.commands.lines import put
from alerts.commands.up import mail_settings
from alerts.commands.vocabulary import unknown_names
from alerts.delivery.messages import render
from alerts.delivery.send import Sender
from alerts.delivery.signing import read_secrets
from alerts.delivery.webhook import open_session
from alerts.records import Alert, Delivery, Outcome, Reason, Receiver
from alerts.rules.cases import load_cases
from alerts.rules.load import RulesError, load_rules
from alerts.rules.receivers import load_receivers, strangers, unrouted
from streams.addresses import read_allowed
from streams.errors import ExplainedError
from streams.feeds.check import check
from streams.feeds.config import load_feeds
from streams.feeds.worker import parse_guarded
from streams.records import Event, Evidence, Occurred, Place, digest
from streams.runtime.store import contents
from streams.settings import Settings

LEAST_FREE = 500_000_000
"""Bytes of the disk of the state file: a day of news, and what SQLite writes beside it."""


class UnknownReceiverError(ExplainedError):
    """No receiver of that name."""


def parse_feeds(files: Sequence[Path]) -> None:
    """Answer each document with its articles, as docs/contract.md has it."""
    for path in files:
        parsed = parse_guarded(path.read_bytes(), feed=path.stem)
        shown = ("id", "url", "title", "text", "published", "updated", "author", "guid")
        articles = [{name: getattr(a, name) for name in shown} for a in parsed.articles]
        put({"file": str(path), "entries": parsed.entries, "error": parsed.error, "articles": articles})


def check_feeds(settings: Settings, out: TextIO) -> int:
    """Ask every feed once; 1 if any has nothing to read."""
    feeds = load_feeds(settings.feeds)
    print(f"{settings.feeds}: {len(feeds)} feeds, no mistakes; asking each ...", file=out, flush=True)
    answers = asyncio.run(check(feeds))
    for a in answers:
        newest = f", newest {a.newest:%Y-%m-%d %H:%MZ}" if a.newest else ""
        print(f"{'ok  ' if a.ok else 'BAD '} {a.feed}: {a.error or f'{a.entries} entries{newest}'}", file=out)
        for advice in a.advice:
            print(f"     {advice}", file=out)
    good = sum(a.ok for a in answers)
    print(f"{good} of {len(answers)} feeds can be read", file=out)
    return 0 if good == len(answers) else 1


def check_rules(settings: Settings, out: TextIO) -> int:
    """Read rules and receivers, and tell every mistake of both."""
    mistakes: list[str] = []
    for read, path in ((load_rules, settings.rules), (load_receivers, settings.receivers)):
        try:
            read(path)
        except RulesError as error:
            mistakes += error.mistakes
    if mistakes:
        raise RulesError(mistakes)
    rules, addressing = load_rules(settings.rules), load_receivers(settings.receivers)
    unknown = [f"{settings.receivers}: {line}" for line in strangers(addressing, rules)]
    if unknown := unknown + unknown_names(rules, gazetteer=settings.gazetteer, sites=settings.sites):
        raise RulesError(unknown)
    receivers = addressing.receivers
    cases = load_cases(settings.rules, rules)
    for rule in rules:
        print(f"ok   {rule.file}:{rule.line}: {rule.id} ({rule.severity})", file=out)
    for name in unrouted(addressing):
        print(f"note {settings.receivers}: no route leads to {name}: nobody is told by it", file=out)
    for silence in addressing.silences:
        state = "is over: take it out" if silence.end <= datetime.now(UTC) else f"until {silence.end:%Y-%m-%d %H:%MZ}, by {silence.by}"
        print(f"note {settings.receivers}: silence {silence.id} {state}", file=out)
    print(f"{len(rules)} rules, {len(cases)} tests of them for `tocsin rules test`, {len(receivers)} receivers, no mistakes", file=out)
    return 0


def send_test(settings: Settings, receiver: str, out: TextIO) -> int:
    """Send an exercise alert to one receiver, once."""
    known = {r.id: r for r in load_receivers(settings.receivers).receivers}
    if receiver not in known:
        raise UnknownReceiverError(f"{settings.receivers}: no receiver {receiver!r}; known are {', '.join(sorted(known))}")
    outcome = asyncio.run(_send(settings, known[receiver], datetime.now(UTC), out))
    print(f"{receiver}: {'delivered' if outcome.ok else 'NOT delivered'}: {outcome.detail}", file=out)
    return 0 if outcome.ok else 1


async def _send(settings: Settings, receiver: Receiver, at: datetime, out: TextIO) -> Outcome:
    desk = load_receivers(settings.receivers).desk
    notification = render(exercise(at), receiver, desk)
    delivery = Delivery(id=notification.id, receiver=receiver.id, state="pending", attempt=1, at=at, notification=notification)
    async with open_session(read_allowed(settings.webhook_allow)) as session:
        sender = Sender(
            session=session, clock=lambda: datetime.now(UTC), terminal=out, secrets=settings.secrets, mail=mail_settings(settings)
        )
        return await sender.attempt(delivery)


def exercise(at: datetime) -> Alert:
    """An alert that is unmistakably a test of the line."""
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    place = Place(
        id="exercise", name="Exercise Field", kind="air_base", lat=0.0, lon=0.0, radius_km=1.0, country="ZZ", country_name="nowhere",
        mgrs="31NAA66", precision="exact",
    )  # fmt: skip
    said = Evidence(
        article="exercise", outlet="Exercise", published=at, quote="This is a test of the line; nothing happened.", owner="exercise"
    )
    event = Event(
        id=digest("exercise", at.isoformat()), revision=1, at=at, key="exercise", type="armed_clash", category="kinetic", family="ground",
        place=place, occurred=Occurred(start=today, end=today + timedelta(days=1), precision="day"), first_reported=at, last_reported=at,
        articles=1, owners=1, evidence=(said,), confidence=0.5, sample=True,
    )  # fmt: skip
    return Alert(
        id=digest("send-test", event.id), revision=1, change="new", number=event.number, rule="send-test", title="Test of the line",
        severity="routine", at=at, reason=Reason(code="test", text="somebody ran tocsin send-test"), event=event,
    )  # fmt: skip


def doctor(settings: Settings, out: TextIO) -> int:
    """Look at everything that `tocsin up` needs; 1 if something would stop it."""
    bad = 0
    for name, look in checks(settings):
        try:
            first, *more = look().splitlines()
            print(f"ok   {name}: {first}", file=out, flush=True)
        except (ExplainedError, OSError, ImportError, ValueError) as error:
            bad += 1
            first, *more = str(error).splitlines() or [type(error).__name__]
            print(f"BAD  {name}: {first}", file=out, flush=True)
        for line in more:
            print(f"     {line}", file=out)
    print("everything is in order" if not bad else f"{bad} to mend; each line above says how", file=out)
    return 1 if bad else 0


def checks(settings: Settings) -> Iterator[tuple[str, Callable[[], str]]]:
    """What is looked at, in the order in which `up` needs it."""
    yield "version", lambda: f"tocsin {importlib.metadata.version('tocsin')}"
    yield "rules", lambda: f"{len(load_rules(settings.rules))} in {settings.rules}"
    yield "receivers", lambda: _receivers(settings)
    yield "feeds", lambda: f"{len(load_feeds(settings.feeds))} in {settings.feeds}; `tocsin feeds check` asks them"
    yield "gazetteer", lambda: _gazetteer(settings)
    yield "language model", lambda: _model(settings)
    yield "state", lambda: _state(settings.state)
    yield "disk", lambda: _disk(settings.state)
    if settings.kafka_named:
        from alerts.commands import topics

        yield from topics.checks(settings)


def _receivers(settings: Settings) -> str:
    receivers, routes, *_ = load_receivers(settings.receivers)
    for receiver in receivers:
        if receiver.channel == "webhook":
            read_secrets(settings.secrets.get(receiver.secret_env or "", ""), name=receiver.secret_env or f"secret_env of {receiver.id}")
    if any(r.channel == "email" for r in receivers) and not settings.mail.host:
        raise UnknownReceiverError(
            f"{settings.receivers}: a receiver by email, but no mail server; set TOCSIN_SMTP_HOST and TOCSIN_MAIL_FROM"
        )
    return f"{len(receivers)} with {len(routes)} routes in {settings.receivers}; `tocsin send-test NAME` proves one"


def _gazetteer(settings: Settings) -> str:
    from streams.detection.gazetteer import FOLDER, Gazetteer

    folder = settings.gazetteer or FOLDER
    Gazetteer.load(folder, extra=settings.sites)
    return f"in {folder}" + (f", with {settings.sites}" if settings.sites else "")


def _model(settings: Settings) -> str:
    from streams.detection import nlp

    name = settings.model or nlp.default_model()
    nlp.load(name)
    return name


def _disk(path: Path) -> str:
    """Room for the state file; a full disk stops the river before anything else does."""
    folder = next(f for f in (path.parent, *path.parent.parents) if f.exists())
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        raise OSError(f"only {free // 1_000_000} MB are free in {folder}; make room, or name another place by TOCSIN_STATE")
    return f"{free / 1e9:.1f} GB free in {folder}"


def _state(path: Path) -> str:
    """Look without opening for writing: `tocsin up` may be running on it."""
    if not path.exists():
        folder = next(f for f in (path.parent, *path.parent.parents) if f.exists())
        probe = folder / f".{path.name}.probe"
        try:
            probe.touch()
        except OSError as error:
            raise OSError(
                f"{path}: cannot be made ({error.strerror}); make {folder} writable, or name another with TOCSIN_STATE"
            ) from error
        probe.unlink()
        return f"{path} will be made"
    rows = contents(path)
    return f"{path}: " + (", ".join(f"{n} {topic}" for topic, n in rows.items()) or "empty")
