"""The cascade put together: articles in, mentions out, batch by batch; a pure function of its resources."""

import gc
import itertools
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from streams.detection import lexicon as lexicons
from streams.detection import mentions, nlp, parts, sentences, signature, speech, status, tellings, triggers, whereabouts
from streams.detection.gate import Gate, may_tell
from streams.detection.gazetteer import Candidate
from streams.detection.grammar import Parse, Parser
from streams.detection.language import foreign
from streams.detection.lexicon import Hit, Lexicon, Outlet, fold
from streams.detection.mentions import Found
from streams.detection.parts import Part
from streams.detection.provenance import made_by
from streams.detection.scene import (
    ARMED,
    WEAPONS,
    Draft,
    NamedActor,
    NamedPlace,
    Scene,
    classes_of,
    compose,
    is_charge,
    outlet_of,
    place,
    sketch,
)
from streams.detection.tellings import Memory, Telling
from streams.detection.toponyms import Toponym
from streams.records import Article, Mention, Occurred, Place

REMEMBERED = 60
"""Names: how far back "the city" and "the group" are looked for."""
MOST_TRIGGERS = 16
"""Of one sentence; a sentence with more is a list or a blog that lost its full stops, and what each has to do with each costs its cube."""
MOST_PLACES = 60
"""Place names of one sentence that are looked at: more are a list, and no telling."""
BEFORE, AFTER = 3, 1
"""How many sentences back and ahead the place of a telling without one is looked for; then the headline."""


class Names(Protocol):
    """The place names of one part of a text; offsets count into the whole text."""

    def within(self, start: int, end: int) -> Sequence[NamedPlace]:
        """What may be a place's name in one sentence, ``text[start:end]``, in order, none resolved: no less than `places` has there."""

    def places(self) -> list[NamedPlace]:
        """All names, resolved jointly, in order."""


class Placer(Protocol):
    """What knows places."""

    def names(self, text: str, start: int, end: int) -> Names:
        """The place names in ``text[start:end]``."""

    def site(self, words: str, context: str) -> Place | None:
        """What a name that the text only implies means: "Palmyra airport" for "its airport"."""

    def candidates(self, text: str, most: int) -> list[tuple[Toponym, list[tuple[Candidate, float]]]]:
        """What each place name may mean, for people who ask why."""


@dataclass(frozen=True)
class _Work:
    """One part of one article that may tell of something, before anybody looks at places."""

    article: int
    part: Part
    drafts: list[Draft]
    """Its trigger sentences."""
    worth: list[Draft]
    """Those of them that are worth a parse, each with what in it may be a place's name."""
    names: Names
    sentences: list[sentences.Sentence]
    """All of the part's."""
    cited: Outlet | None
    when: datetime | None
    """When the article came out."""
    about: frozenset[str] = frozenset()
    """The word classes of its headline."""


class _Promising(NamedTuple):
    """The sentences of a part that may tell of something."""

    sentences: list[sentences.Sentence]
    """All of the part's."""
    drafts: list[Draft]
    """Those with a trigger."""
    able: list[Draft]
    """Those of them that could tell of something if they named a place."""
    known: list[Hit]
    """Its terms, offsets into the part."""


class _Settled(NamedTuple):
    """A part whose places are known."""

    work: _Work
    places: list[NamedPlace]
    """All of the part's, offsets into the body."""
    scenes: Iterator[Scene | Draft]
    """Its trigger sentences in order, each made when it is asked for; one that cannot tell of anything is a draft, and there only if it
    names somebody under arms."""


class Step(NamedTuple):
    """One sentence as it was read: with what was known before it, and what it tells."""

    scene: Scene
    memory: Memory
    told: list[Telling]


class Followed(NamedTuple):
    """One article as it was read, for people who ask why.

    Attributes:
        hits: Every trigger of the scan, offsets into the body.
        drafts: The sentences with a trigger, as far as the article speaks of arms at all.
        steps: The sentences that were parsed.
        mentions: What came of them, the same as `Detector.read` gives.
    """

    hits: Sequence[triggers.Trigger]
    drafts: Sequence[Draft]
    steps: Sequence[Step]
    mentions: tuple[Mention, ...]


@dataclass(frozen=True)
class Detector:
    """Finds mentions. Safe to keep for the life of a process.

    Attributes:
        made_by: What its mentions say of who read them; see `provenance.made_by`.
        gate: Which sentences are worth a parse.
    """

    placer: Placer
    parser: Parser
    lexicon: Lexicon = field(default_factory=lexicons.load)
    made_by: str = ""
    gate: Gate = may_tell

    def read(self, articles: Sequence[Article]) -> list[tuple[Mention, ...]]:
        """The mentions of each article, in order: what each is about first."""
        return [found.mentions for found in self.find(articles)]

    def find(self, articles: Sequence[Article]) -> list[Found]:
        """What each article tells, in order."""
        work = [w for i, article in enumerate(articles) for w in self._prepare(i, article)]
        parses = iter(self.parser.parse([d.text for w in work for d in w.worth]))
        found: list[list[Mention]] = [[] for _ in articles]
        seen: list[Counter[tuple[str, str]]] = [Counter() for _ in articles]
        for w in work:
            article, own = articles[w.article], list(itertools.islice(parses, len(w.worth)))
            if not any(map(tellings.tells, self._composed(w, own))):
                continue
            steps = self._steps(self._settle(w, own, article.body), article.body)
            found[w.article] += self._mentions(article, w, steps, seen[w.article])
        parsed = Counter(w.article for w in work for _ in w.worth)
        return [Found(tuple(_first_things_first(ms)), parsed[i]) for i, ms in enumerate(found)]

    def _mentions(self, article: Article, work: _Work, steps: Iterable[Step], seen: Counter[tuple[str, str]]) -> list[Mention]:
        """What a part tells, each event once."""
        told = mentions.merge([t for step in steps for t in step.told])
        if not told:
            return []
        signed = signature.sign(article.body[work.part.text : work.part.end], _title(article, work.part))
        outlet = work.part.outlet or article.outlet
        return mentions.build(article, told, outlet, work.cited, signed, self.lexicon, seen, self.made_by)

    def credited(self, article: Article) -> list[str]:
        """The outlets that the article credits: those its parts are tagged with, else its own."""
        found = [p.outlet or article.outlet for p in parts.split(article.body, article.title, self.lexicon.outlets)]
        return list(dict.fromkeys(o for o in found if o))

    def _prepare(self, index: int, article: Article) -> list[_Work]:
        """Scan, take apart and split; an article without a trigger costs one scan, one without a telling no look at its language."""
        body = article.body
        folded = fold(body)
        hits = triggers.scan(body, folded, self.lexicon)
        if not hits:
            return []
        starts = [t.start for t in hits]
        found = []
        for part in parts.split(body, article.title, self.lexicon.outlets):
            inside = hits[bisect_left(starts, part.start) : bisect_left(starts, part.end)]
            if promising := self._promising(article, part, inside, folded):
                found.append((part, promising))
        if not found or foreign(body):
            return []
        return [self._work(index, article, part, promising) for part, promising in found]

    def _promising(self, article: Article, part: Part, hits: Sequence[triggers.Trigger], folded: str) -> _Promising | None:
        """The trigger sentences of a part; None if no place could make one of them tell of anything."""
        drawn = self._drawn(article, part, hits, folded)
        able = [d for d in drawn.drafts if self.gate(d, place=True)]
        return drawn._replace(able=able) if able else None

    def _drawn(self, article: Article, part: Part, hits: Sequence[triggers.Trigger], folded: str) -> _Promising:
        """The trigger sentences of a part, before anybody asks what they may tell of."""
        own = folded[part.start : part.end]
        known = self.lexicon.words.find(own)
        context: Counter[str] = Counter(name for hit in known for name in classes_of(hit))
        hits = [t for t in hits if t.frame != "none"]
        plain = [t for t in hits if t.weight > 1 or t.frame in _PLAIN]
        if len(plain) < len(hits) and not self._speaks_of_arms(context, own, article.body[part.start : part.end]):
            hits = plain
        if not hits:
            return _Promising([], [], [], known)
        body, when = article.body, mentions.published(article)[0]
        headline, text = _sentences(body, part)
        drafts = [
            sketch(s.start, body[s.start : s.end], folded[s.start : s.end], own, context, self.lexicon, when, headline=titled)
            for among, titled in ((headline, True), (text, False))
            for s, own in _with_triggers(among, hits)
        ]
        return _Promising(headline + text, drafts, [], known)

    def _work(self, index: int, article: Article, part: Part, found: _Promising) -> _Work:
        """A part made ready for the parser: a sentence that could tell only of a place, and names none, is left out."""
        names = self.placer.names(article.body, part.start, part.end)
        named = [_with_places(d, names.within(d.start, d.start + len(d.text))) for d in found.able]
        worth = [d for d in named if _names_place(d) or self.gate(d, place=False)]
        when, about = mentions.published(article)[0], _about(article.body, part, found.known)
        return _Work(index, part, found.drafts, worth, names, found.sentences, self._cited(article.body, part), when, about)

    def _composed(self, work: _Work, parses: Sequence[Parse]) -> Iterator[Scene]:
        """The sentences of a part that were parsed, one at a time: a blog of two megabytes has fifty thousand."""
        return (compose(draft, parse, self.lexicon, work.when) for draft, parse in zip(work.worth, parses, strict=True))

    def _settle(self, work: _Work, parses: Sequence[Parse], body: str) -> _Settled:
        """Resolve the places of a part, all at once."""
        part = work.part
        spans = [part.headline or (part.start, part.start), (part.text, part.end)]
        places = [p for p in work.names.places() if any(a <= p.start < b for a, b in spans)]
        return _Settled(work, places, self._settled(work, parses, places))

    def _settled(self, work: _Work, parses: Sequence[Parse], places: Sequence[NamedPlace]) -> Iterator[Scene | Draft]:
        """Judge by the places of a part again what its sentences may tell of."""
        composed = self._composed(work, parses)
        scene = next(composed, None)
        for draft in (_with_places(d, places) for d in work.drafts):
            mine, scene = (scene, next(composed, None)) if scene is not None and scene.start == draft.start else (None, scene)
            if mine is not None and (_names_place(draft) or self.gate(draft, place=False)):
                yield place(mine, draft.places)
            elif any(a.armed for a in draft.actors):
                yield draft

    def _speaks_of_arms(self, context: Counter[str], folded: str, text: str) -> bool:
        """Whether a text has any word without which "attack" or "take" is never believed: see `sense.grounded`."""
        return bool(
            context.keys() & _ARMS
            or any(word in folded for word in _OF_WAR)
            or self.lexicon.actors.find(folded)
            or self.lexicon.states.find(folded)
            or self.lexicon.theatres.find(folded)
            or self.lexicon.acronyms.find(text)
        )

    def _cited(self, body: str, part: Part) -> Outlet | None:
        """The agency in the dateline: "(Reuters)", "AP -"."""
        begin = part.headline[1] if part.headline else part.start
        credit = body[begin : part.text]
        hits = self.lexicon.agencies.find(fold(credit)) if not part.outlet else []
        return outlet_of(hits[0]) if hits else None

    def follow(self, article: Article) -> Followed:
        """Read one article as `read` does, and keep what was seen on the way."""
        body, folded = article.body, fold(article.body)
        hits = triggers.scan(body, folded, self.lexicon)
        drafts = [
            draft
            for part in parts.split(body, article.title, self.lexicon.outlets)
            for draft in self._drawn(article, part, [t for t in hits if part.start <= t.start < part.end], folded).drafts
        ]
        steps, found, seen = list[Step](), list[Mention](), Counter[tuple[str, str]]()
        for work in self._prepare(0, article):
            parses = self.parser.parse([d.text for d in work.worth])
            own = list(self._steps(self._settle(work, parses, body), body))
            steps += own
            found += self._mentions(article, work, own, seen)
        return Followed(hits, drafts, steps, tuple(_first_things_first(found)))

    def _steps(self, settled: _Settled, body: str) -> Iterator[Step]:
        """Read a part's scenes in order; each knows what was told before it."""
        work = settled.work
        named: deque[NamedActor] = deque(maxlen=REMEMBERED)
        last: Telling | None = None
        dated: Occurred | None = None
        about = work.about
        quoted = speech.quotations(body, work.part.text, work.part.end)
        speaker: str | None = None
        for scene in settled.scenes:
            if isinstance(scene, Draft):
                named.extendleft(a for a in scene.actors if a.armed)
                continue
            memory = Memory(_places_before(settled.places, scene), list(named), dated, work.when, about)
            told = tellings.read(scene, memory, self.lexicon)
            if scene.headline and any(t.kinetic and t.current for t in told):
                about = frozenset()
            placed = [speech.attribute(_placed(t, scene, settled, last), body, quoted, speaker) for t in told]
            named_by = (t.standing.source for t in placed if t.standing.source)
            speaker = next((s for s in named_by if s.lower() not in speech.PRONOUNS), speaker)
            yield Step(scene, memory, [*placed, *self._sites(told, scene)])
            named.extendleft(a for a in scene.actors if a.armed)
            last = next((t for t in reversed(placed) if t.current and t.place is not None), last)
            dated = next((t.occurred for t in reversed(placed) if t.current and t.occurred), dated)

    def _sites(self, told: Sequence[Telling], scene: Scene) -> list[Telling]:
        """ "Took the city, its airport ...": the implied site of a place that changed hands."""
        found = []
        for one in told:
            town = one.place
            if one.type not in _TERRITORY or town is None or town.place is None:
                continue
            for token, word in enumerate(scene.parse.words):
                owned = any(scene.parse.words[c] == "its" for c in scene.parse.children[token])
                if word in _SITES and owned and (place := self.placer.site(f"{town.words} {word}", scene.text)):
                    found.append(replace(one, place=NamedPlace(town.start, town.end, f"{town.words} {word}", place)))
        return found


_ARMS = ARMED | WEAPONS | {"force", "war_word", "mil_site", "site", "hardware"}
_OF_WAR = ("civilian", "massacre")
"""Words of nobody under arms without whom there is no use for them."""
_PLAIN = frozenset({"arrest", "disrupt", "claim", "bomb", "loot", "none"})
"""Frames whose own words may be enough."""
_TERRITORY = frozenset({"government_regains_territory", "non_state_actor_overtakes_territory", "non_violent_transfer_of_territory"})
_SITES = frozenset({"airport", "airbase", "port", "dam", "refinery"})


def _title(article: Article, part: Part) -> str | None:
    return article.body[slice(*part.headline)] if part.headline else article.title


def _sentences(body: str, part: Part) -> tuple[list[sentences.Sentence], list[sentences.Sentence]]:
    """The part's headline and its running text; an aggregator's comment between them is neither."""
    headline = [_shift(s, part.headline[0]) for s in sentences.split(body[slice(*part.headline)])] if part.headline else []
    return headline, [_shift(s, part.text) for s in sentences.split(body[part.text : part.end])]


def _about(body: str, part: Part, known: Sequence[Hit]) -> frozenset[str]:
    """The word classes of a part's headline, and whether it is a question.

    Args:
        known: The terms of the part, offsets into the part.
    """
    if part.headline is None:
        return frozenset()
    start, end = part.headline[0] - part.start, part.headline[1] - part.start
    found = frozenset(name for hit in known if start <= hit.start < end for name in classes_of(hit))
    return found | {status.ASKED} if body[: part.headline[1]].endswith("?") else found


def _shift(sentence: sentences.Sentence, by: int) -> sentences.Sentence:
    return sentences.Sentence(sentence.start + by, sentence.end + by)


def _with_triggers(
    among: Sequence[sentences.Sentence], hits: Sequence[triggers.Trigger]
) -> Iterator[tuple[sentences.Sentence, tuple[triggers.Trigger, ...]]]:
    """The sentences with a trigger, each with its own, offsets into the sentence."""
    starts = [t.start for t in hits]
    for s in among:
        if own := hits[bisect_left(starts, s.start) : bisect_left(starts, s.end)]:
            yield s, tuple(t.counted_from(s.start) for t in own[:MOST_TRIGGERS])


def _with_places(draft: Draft, places: Sequence[NamedPlace]) -> Draft:
    """*draft* with the places that its sentence names, offsets into the sentence."""
    first = bisect_left(places, draft.start, key=lambda p: p.start)
    end = draft.start + len(draft.text)
    inside = (p for p in places[first : first + MOST_PLACES] if p.end <= end)
    return draft.naming(tuple(p.counted_from(draft.start) for p in inside))


def _names_place(draft: Draft) -> bool:
    """Whether it names any place; a people or an adjective is none."""
    return any(not p.demonym for p in draft.places)


def _places_before(places: Sequence[NamedPlace], scene: Scene) -> list[NamedPlace]:
    """The last places that the part named before the scene, nearest first."""
    index = bisect_left(places, scene.start, key=lambda p: p.start)
    near = places[max(0, index - REMEMBERED) : index]
    return [p for p in reversed(near) if not p.dateline and not p.demonym]


def _placed(told: Telling, scene: Scene, settled: _Settled, last: Telling | None) -> Telling:
    """Give a telling without a place that of the telling before it, else the nearest one of its neighbours, then of the headline."""
    if told.place is not None:
        return told
    among = settled.work.sentences
    index = bisect_left(among, scene.start, key=lambda s: s.start)
    if last is not None and (last.headline or among[max(0, index - BEFORE)].start <= last.start):
        return replace(told, place=last.place)
    return replace(told, place=_neighbour(scene, settled, index))


def _neighbour(scene: Scene, settled: _Settled, index: int) -> NamedPlace | None:
    """The nearest place of the sentences before, then after, then of the headline; a settlement or site before a country."""
    among = settled.work.sentences
    order = [*range(index - 1, max(-1, index - BEFORE - 1), -1), *range(index + 1, min(len(among), index + AFTER + 1)), 0]
    country: NamedPlace | None = None
    own = [p for p in scene.places if not whereabouts.is_doer(scene, p)]
    others = (_inside(settled.places, among[at]) for at in order if at != index or not scene.places)
    for inside in (own, *others):
        known = [p for p in inside if p.place is not None and not p.dateline and not p.demonym and not is_charge(scene, p)]
        if exact := [p for p in known if p.place is not None and p.place.precision != "country"]:
            return exact[0]
        country = country or next(iter(known), None)
    return country


def _inside(places: Sequence[NamedPlace], span: sentences.Sentence) -> list[NamedPlace]:
    first = bisect_left(places, span.start, key=lambda p: p.start)
    return list(itertools.takewhile(lambda p: p.start < span.end, places[first : first + MOST_PLACES]))


def _first_things_first(found: list[Mention]) -> list[Mention]:
    """In order of telling; what is current stands before what only gives its background."""
    return [m for m in found if m.current] + [m for m in found if not m.current]


def load_detector(*, model: str | None = None, gazetteer: Path | None = None, places: Path | None = None) -> Detector:
    """Load the model and the gazetteer.

    Args:
        model: A spaCy pipeline's name; None takes an installed official one, else the re-packed small one.
        gazetteer: The folder of the built gazetteer; None for the one in the package.
        places: The operator's own places; None for none.

    Raises:
        OSError: The model is not installed.
        GazetteerError: The gazetteer is not built.
    """
    from streams.detection.atlas import Atlas

    atlas, parser, lexicon = Atlas.load(gazetteer, places), nlp.load(model), lexicons.load()
    gc.freeze()  # what is loaded stays: searching it for garbage again and again would cost a thirtieth of all work
    return Detector(atlas, parser, lexicon, made_by=made_by(parser.name, atlas.gazetteer.version, places))
