"""Why a detector makes of one article what it makes of it: every trigger, place, sign and cue, as lines for people."""

from collections.abc import Iterator

from streams.detection import mentions, sense, status, tellings, triggers, whereabouts
from streams.detection.detector import Detector, Step
from streams.detection.lexicon import fold
from streams.detection.scene import NamedPlace, Scene
from streams.detection.tellings import Read
from streams.records import CURRENT, Article, Mention, Place

MOST = 4
"""Candidates shown for each name."""


def explain(detector: Detector, article: Article) -> Iterator[str]:
    """The lines: the words that may tell of an event, the sentences that were parsed, the places, what came of it."""
    body = article.body
    steps = list(detector.follow(article))
    yield f"article {article.id}: {(article.title or body)[:100]!r}"
    yield from _scanned(detector, article, steps)
    for step in steps:
        yield from _sentence(detector, step, article)
    yield from _places(detector, body)
    yield "mentions"
    found = detector.read([article])[0]
    yield from (f"  {_mention(m)}" for m in found)
    if not found:
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


def _scanned(detector: Detector, article: Article, steps: list[Step]) -> Iterator[str]:
    """Every trigger of the scan; those of no parsed sentence with the reason."""
    body = article.body
    parsed = {(s.scene.start + t.start, s.scene.start + t.end) for s in steps for t in s.scene.triggers}
    yield "triggers"
    hits = triggers.scan(body, fold(body), detector.lexicon)
    for t in hits:
        line = f"  {body[t.start : t.end]!r} at {t.start}: frame {t.frame}, weight {t.weight}, by {t.pattern!r}"
        if t.frame == "none":
            line += "; a figure of speech"
        elif (t.start, t.end) not in parsed:
            line += "; left out: neither its article nor its sentence has what such a deed needs"
        yield line
    if not hits:
        yield "  none; nothing more was looked at"


def _sentence(detector: Detector, step: Step, article: Article) -> Iterator[str]:
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
            yield from _read(detector, step, one.read, others, article)


def _read(detector: Detector, step: Step, read: Read, others: frozenset[int], article: Article) -> Iterator[str]:
    """Who, whom, with what, when, by whose word, and where."""
    scene, args, lexicon = step.scene, read.arguments, detector.lexicon
    for name, tokens in (("who", args.who), ("whom", args.whom), ("with", args.means)):
        if tokens:
            yield f"    {name}: {_words(scene, tokens)!r}"
    when, _ = mentions.published(article)
    date = tellings.date_of(scene, args, others, step.memory, lexicon)
    if date is not None:
        dated = f" = {date.when.start:%Y-%m-%d %H:%M} to {date.when.end:%Y-%m-%d %H:%M}" if date.when else ""
        yield f"    when: {scene.text[date.start : date.end]!r}{dated}"
    standing = status.judge(scene, args, date, when, lexicon, step.memory.about)
    holding = status.holds(scene, args, date, when, lexicon, step.memory.about)
    also = sorted(holding - {standing.status, "asserted"})
    whose = f", by the word of {standing.source!r}" if standing.source else ""
    yield f"    status: {standing.status}{whose}{_cues(scene, standing.status, detector)}" + (f"; also {', '.join(also)}" if also else "")
    for place in whereabouts.attached(scene, args, others, lexicon):
        yield f"    place {place.place.words!r}: {place.score:+.1f}{_where(place.place)}"


def _cues(scene: Scene, chosen: str, detector: Detector) -> str:
    """The words of the sentence that can make the status."""
    words = set(scene.parse.words)
    named = {chosen, chosen.replace("_", "")}
    found = sorted({w for (name, _), cues in detector.lexicon.cues.items() if name in named for w in words & cues})
    return f", cued by {', '.join(map(repr, found))}" if found else ""


def _words(scene: Scene, tokens: frozenset[int]) -> str:
    first, last = min(tokens), max(tokens)
    return " ".join(scene.text[scene.parse.starts[first] : scene.parse.ends[last]].split())


def _where(named: NamedPlace) -> str:
    return f" -> {_place(named.place)}" if named.place else f" -> unresolved: {named.reason}"


def _place(place: Place) -> str:
    return f"{place.name} ({place.kind}, {place.country}, {place.precision}, within {place.radius_km:g} km)"


def _mention(mention: Mention) -> str:
    where = _place(mention.place) if mention.place else f"unresolved: {mention.unresolved}"
    may = "may alert" if mention.current and mention.category == "kinetic" else why_not(mention)
    return f"{mention.type} at {where}; {mention.status}, confidence {mention.confidence:.2f}: {may}"


def why_not(mention: Mention) -> str:
    """Why a mention raises no alert by itself."""
    if mention.status not in CURRENT:
        return f"kept as evidence, as what is {mention.status.replace('_', ' ')} never alerts"
    return f"kept as context, as no force is used in what is {mention.category}"
