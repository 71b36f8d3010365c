"""Why a detector makes of one article what it makes of it: every trigger, place, sign and cue, as lines for people."""

from collections.abc import Iterator
from datetime import datetime

from streams.detection import mentions, sense, status, tellings, whereabouts
from streams.detection.detector import MOST_TRIGGERS, Detector, Followed, Step
from streams.detection.gate import why_not
from streams.detection.language import foreign
from streams.detection.scene import Draft, NamedPlace, Scene
from streams.detection.tellings import Read, Telling
from streams.detection.triggers import Trigger
from streams.records import CURRENT, Article, Mention, Occurred, Place

MOST = 4
"""Candidates shown for each name."""


def explain(detector: Detector, article: Article) -> Iterator[str]:
    """The lines: the words that may tell of an event, the sentences that were parsed, the places, what came of it."""
    read = detector.follow(article)
    when, corrected = mentions.published(article)
    yield f"article {article.id}: {(article.title or article.body)[:100]!r}"
    dated = f"{when:%Y-%m-%d %H:%M} UTC" if when else "unknown, so that nothing relative to it has a date"
    yield f"published: {dated}{', as it was fetched: the feed dates it later' if corrected else ''}"
    yield from _scanned(detector, article, read)
    for step in read.steps:
        yield from _sentence(detector, step, when)
    yield from _places(detector, article.body)
    yield "mentions"
    yield from (f"  {_mention(m)}" for m in read.mentions)
    if not read.mentions:
        yield "  none"


def _places(detector: Detector, body: str) -> Iterator[str]:
    """Every place name where it first stands, with what it may mean."""
    yield "places"
    seen = set[str]()
    for toponym, ranked in detector.placer.candidates(body, MOST):
        words = body[toponym.start : toponym.end]
        if words in seen:
            continue
        seen.add(words)
        how = ", dateline" if toponym.dateline else ", a people or an adjective" if toponym.demonym else ""
        yield f"  {words!r} at {toponym.start}{how}"
        for candidate, score in ranked:
            yield f"    {score:6.1f}  {candidate.name} ({candidate.kind}, {candidate.lat:.2f} {candidate.lon:.2f}, {candidate.country})"
        if not ranked:
            yield "    unresolved: no place of that name is known"


def _scanned(detector: Detector, article: Article, read: Followed) -> Iterator[str]:
    """Every trigger of the scan; those of no parsed sentence with the reason."""
    body = article.body
    parsed = {s.scene.start + t.start for s in read.steps for t in s.scene.triggers}
    drawn = {d.start + t.start: (d, t) for d in read.drafts for t in d.triggers}
    other = foreign(body)
    yield "triggers"
    for t in read.hits:
        line = f"  {body[t.start : t.end]!r} at {t.start}: frame {t.frame}, weight {t.weight}, by {t.pattern!r}"
        if t.frame == "none":
            line += "; a figure of speech"
        elif t.start not in parsed:
            line += f"; left out: {f'the article is not in English ({other})' if other else _left_out(detector, drawn.get(t.start))}"
        yield line
    if not read.hits:
        yield "  none; nothing more was looked at"


def _left_out(detector: Detector, drawn: tuple[Draft, Trigger] | None) -> str:
    """Why a trigger's sentence was not parsed."""
    if drawn is None:
        return f"nothing in the article speaks of arms, or its sentence has more than {MOST_TRIGGERS} such words"
    draft, trigger = drawn
    return why_not(draft, trigger, place=True) or why_not(draft, trigger, place=False) or "its sentence names no place, and no other tells"


def _sentence(detector: Detector, step: Step, when: datetime | None) -> Iterator[str]:
    scene = step.scene
    yield f"sentence at {scene.start}{', headline' if scene.headline else ''}: {' '.join(scene.text.split())!r}"
    heads = tellings.heads(scene)
    examined = tellings.examined(scene)
    for trigger, one in examined.items():
        yield f"  {scene.text[trigger.start : trigger.end]!r}"
        if one.signs:
            yield "    signs: " + ", ".join(f"{sign} {sense.weights()[sign]:+.1f}" for sign in ("bias", *one.signs))
        if one.read is not None:
            yield f"    read as {one.read.kind.type}, log-odds {one.read.score:.1f}"
        if one.refused is not None:
            yield f"    no event: {one.refused}"
        elif one.read is not None:
            others = frozenset(heads[t] for t, e in examined.items() if e.refused is None and t is not trigger) - {heads[trigger]}
            yield from _read(detector, step, one.read, others, when)
    yield from (f"  tells: {_telling(t, scene)}" for t in step.told)
    if not step.told:
        yield "  tells: nothing"


def _read(detector: Detector, step: Step, read: Read, others: frozenset[int], when: datetime | None) -> Iterator[str]:
    """Who, whom, with what, when, what makes which status hold, and where."""
    scene, args, lexicon = step.scene, read.arguments, detector.lexicon
    for name, tokens in (("who", args.who), ("whom", args.whom), ("with", args.means)):
        if tokens:
            yield f"    {name}: {_words(scene, tokens)!r}"
    date = tellings.date_of(scene, args, others, step.memory, lexicon)
    if date is not None:
        dated = f" = {_span(date.when)}" if date.when else ""
        yield f"    when: {scene.text[date.start : date.end]!r}{dated}"
    holding = status.holds(scene, args, date, when, lexicon, step.memory.about)
    whose = status.judge(scene, args, date, when, lexicon, step.memory.about).source
    holding |= {"claimed": f"the word of {whose!r}"} if whose else {}
    by_rank = (s for s in status.PRECEDENCE if s in holding)
    yield "    status, the first that holds: " + "; ".join(f"{s} by {holding[s]}" for s in by_rank)
    for place in whereabouts.attached(scene, args, others, lexicon):
        yield f"    place {place.place.words!r}: {place.score:+.1f}{_where(place.place)}"


def _telling(told: Telling, scene: Scene) -> str:
    """What the sentence was found to tell, once quotations, other sentences and what else it says were looked at."""
    place = told.place
    where = "nowhere that is named" if place is None else _place(place.place) if place.place else f"unresolved: {place.reason}"
    from_elsewhere = "" if place is None or place in scene.places else ", named elsewhere"
    whose = f" by {told.standing.source!r}" if told.standing.source else ""
    how = f", {told.outcome}" if told.outcome else ""
    when = f", {_span(told.occurred)}" if told.occurred else ""
    return f"{told.type}, {told.standing.status}{whose}{how}, at {where}{from_elsewhere}{when}"


def _span(when: Occurred) -> str:
    return f"{when.start:%Y-%m-%d %H:%M} to {when.end:%Y-%m-%d %H:%M}"


def _words(scene: Scene, tokens: frozenset[int]) -> str:
    first, last = min(tokens), max(tokens)
    return " ".join(scene.text[scene.parse.starts[first] : scene.parse.ends[last]].split())


def _where(named: NamedPlace) -> str:
    return f" -> {_place(named.place)}" if named.place else f" -> unresolved: {named.reason}"


def _place(place: Place) -> str:
    return f"{place.name} ({place.kind}, {place.country}, {place.precision}, within {place.radius_km:g} km)"


def _mention(mention: Mention) -> str:
    where = _place(mention.place) if mention.place else f"unresolved: {mention.unresolved}"
    whose = f" by {mention.source!r}" if mention.source else ""
    may = "may alert" if mention.current and mention.category == "kinetic" and mention.place else kept_as(mention)
    return f"{mention.type} at {where}; {mention.status}{whose}, confidence {mention.confidence:.2f}: {may}"


def kept_as(mention: Mention) -> str:
    """Why a mention raises no alert by itself."""
    if mention.status not in CURRENT:
        return f"kept as evidence, as what is {mention.status.replace('_', ' ')} never alerts"
    if mention.place is None:
        return "kept and counted, as no rule can look for a place that is not known"
    return f"kept as context, as no force is used in what is {mention.category}"
