"""The cascade put together: articles in, mentions out, batch by batch; a pure function of its resources."""

import itertools
import re
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast

from streams.detection import kinds, mentions, nlp, parts, sentences, signature, tellings, triggers
from streams.detection import lexicon as lexicons
from streams.detection.grammar import Parser
from streams.detection.lexicon import Lexicon, Outlet, fold
from streams.detection.parts import Part
from streams.detection.provenance import made_by
from streams.detection.scene import ARMED, WEAPONS, Draft, NamedActor, NamedPlace, Scene, compose, outlet_of
from streams.detection.tellings import Memory, Telling
from streams.records import Article, Mention, Occurred, Place

REMEMBERED = 60
"""Names: how far back "the city" and "the group" are looked for."""
BEFORE, AFTER = 3, 1
"""How many sentences back and ahead the place of a telling without one is looked for; then the headline."""


class Placer(Protocol):
    """What knows places."""

    def places(self, text: str, start: int, end: int) -> list[NamedPlace]:
        """The place names in ``text[start:end]``, resolved jointly; offsets count into *text*."""

    def site(self, words: str, context: str) -> Place | None:
        """What a name that the text only implies means: "Palmyra airport" for "its airport"."""


@dataclass(frozen=True)
class _Work:
    """One part of one article on its way through the cascade."""

    article: int
    part: Part
    drafts: list[Draft]
    """Its trigger sentences."""
    places: list[NamedPlace]
    """All of the part's, offsets into the body."""
    sentences: list[sentences.Sentence]
    cited: Outlet | None


@dataclass(frozen=True)
class Detector:
    """Finds mentions. Safe to keep for the life of a process.

    Attributes:
        made_by: What its mentions say of who read them; see `provenance.made_by`.
    """

    placer: Placer
    parser: Parser
    lexicon: Lexicon = field(default_factory=lexicons.load)
    made_by: str = ""

    def read(self, articles: Sequence[Article]) -> list[tuple[Mention, ...]]:
        """The mentions of each article, in order: what each is about first."""
        work = [w for i, article in enumerate(articles) for w in self._prepare(i, article)]
        drafts = [draft for w in work for draft in w.drafts]
        parses = iter(self.parser.parse([d.text for d in drafts]))
        found: list[list[Mention]] = [[] for _ in articles]
        seen: list[Counter[tuple[str, str]]] = [Counter() for _ in articles]
        for w in work:
            article = articles[w.article]
            when, _ = mentions.published(article)
            scenes = [compose(draft, next(parses), self.lexicon, when) for draft in w.drafts]
            told = mentions.merge(self._tell(scenes, w, when))
            signed = signature.sign(article.body[w.part.text : w.part.end], _title(article, w.part))
            found[w.article] += mentions.build(
                article, told, w.part.outlet or article.outlet, w.cited, signed, self.lexicon, seen[w.article], self.made_by
            )
        return [tuple(_first_things_first(ms)) for ms in found]

    def credited(self, article: Article) -> list[str]:
        """The outlets that the article credits: those its parts are tagged with, else its own."""
        found = [p.outlet or article.outlet for p in parts.split(article.body, article.title, self.lexicon.outlets)]
        return list(dict.fromkeys(o for o in found if o))

    def _prepare(self, index: int, article: Article) -> list[_Work]:
        """Scan, take apart and split; an article without a trigger costs one scan."""
        body = article.body
        folded = fold(body)
        hits = triggers.scan(folded, self.lexicon)
        if not hits:
            return []
        found = []
        for part in parts.split(body, article.title, self.lexicon.outlets):
            inside = [t for t in hits if part.start <= t.start < part.end]
            if inside:
                found.append(self._part(index, article, part, inside, folded))
        return [w for w in found if w.drafts]

    def _part(self, index: int, article: Article, part: Part, hits: list[triggers.Trigger], folded: str) -> _Work:
        body = article.body
        headline, text = _sentences(body, part)
        known = [(part.start + h.start, cast("frozenset[str]", h.value)) for h in self.lexicon.words.find(folded[part.start : part.end])]
        known.sort(key=lambda k: k[0])
        context: Counter[str] = Counter(name for _, names in known for name in names)
        hits = [t for t in hits if t.frame != "none" and (t.weight > 1 or t.frame in _PLAIN or self._speaks_of_arms(context, folded, part))]
        if not hits:
            return _Work(index, part, [], [], [], None)
        spans = [part.headline or (part.start, part.start), (part.text, part.end)]
        places = [p for p in self.placer.places(body, part.start, part.end) if any(a <= p.start < b for a, b in spans)]
        drafts = _drafts(body, headline, hits, places, context, headline=True) + _drafts(body, text, hits, places, context)
        drafts = [d for d in drafts if self._may_tell(d, known)]
        return _Work(index, part, drafts, places, headline + text, self._cited(body, part))

    def _may_tell(self, draft: Draft, known: Sequence[tuple[int, frozenset[str]]]) -> bool:
        """Whether a sentence is worth a parse: most of what "takes", "fires" and "boards" takes no town and boards no ship.

        Args:
            known: The word classes of the part's words with their offsets into the body, in order.
        """
        first = bisect_left(known, draft.start, key=lambda k: k[0])
        last = bisect_left(known, draft.start + len(draft.text), key=lambda k: k[0])
        near = {name for _, names in known[first:last] for name in names}
        folded = fold(draft.text)
        if self.lexicon.actors.find(folded):
            return True
        words = set(_WORD.findall(folded))
        return any(kinds.possible(t, near, words, place=bool(draft.places)) for t in draft.triggers)

    def _speaks_of_arms(self, context: Counter[str], folded: str, part: Part) -> bool:
        """Whether the part has any word without which "attack" or "take" is never believed: see `sense.grounded`."""
        if context.keys() & _ARMS:
            return True
        text = folded[part.start : part.end]
        return bool(self.lexicon.actors.find(text) or self.lexicon.states.find(text))

    def _cited(self, body: str, part: Part) -> Outlet | None:
        """The agency in the dateline: "(Reuters)", "AP -"."""
        begin = part.headline[1] if part.headline else part.start
        credit = body[begin : part.text]
        hits = self.lexicon.agencies.find(fold(credit)) if not part.outlet else []
        return outlet_of(hits[0]) if hits else None

    def _tell(self, scenes: Sequence[Scene], work: _Work, when: datetime | None) -> list[Telling]:
        """Read a part's scenes in order; each knows what was told before it."""
        found: list[Telling] = []
        named: deque[NamedActor] = deque(maxlen=REMEMBERED)
        last: Telling | None = None
        dated: Occurred | None = None
        for scene in scenes:
            told = tellings.read(scene, Memory(_places_before(work, scene), list(named), dated, when), self.lexicon)
            placed = [_placed(t, scene, work, last) for t in told]
            found += [*placed, *self._sites(told, scene)]
            named.extendleft(a for a in scene.actors if a.armed)
            last = next((t for t in reversed(placed) if t.current and t.place is not None), last)
            dated = next((t.occurred for t in reversed(placed) if t.current and t.occurred), dated)
        return found

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


_WORD = re.compile(r"\w+")
_ARMS = ARMED | WEAPONS | {"force", "war_word", "mil_site", "site", "hardware"}
_PLAIN = frozenset({"arrest", "disrupt", "claim", "bomb", "none"})
"""Frames whose own words may be enough."""
_TERRITORY = frozenset({"government_regains_territory", "non_state_actor_overtakes_territory", "non_violent_transfer_of_territory"})
_SITES = frozenset({"airport", "airbase", "port", "dam", "refinery"})


def _title(article: Article, part: Part) -> str | None:
    return article.body[slice(*part.headline)] if part.headline else article.title


def _sentences(body: str, part: Part) -> tuple[list[sentences.Sentence], list[sentences.Sentence]]:
    """The part's headline and its running text; an aggregator's comment between them is neither."""
    headline = [_shift(s, part.headline[0]) for s in sentences.split(body[slice(*part.headline)])] if part.headline else []
    return headline, [_shift(s, part.text) for s in sentences.split(body[part.text : part.end])]


def _shift(sentence: sentences.Sentence, by: int) -> sentences.Sentence:
    return sentences.Sentence(sentence.start + by, sentence.end + by)


def _drafts(
    body: str,
    among: Sequence[sentences.Sentence],
    hits: Sequence[triggers.Trigger],
    places: Sequence[NamedPlace],
    context: Counter[str],
    *,
    headline: bool = False,
) -> list[Draft]:
    """The sentences with a trigger, each with its own triggers and places, offsets into the sentence. Linear in all three."""
    found = []
    hit = place = 0
    for s in among:
        while hit < len(hits) and hits[hit].start < s.start:
            hit += 1
        while place < len(places) and places[place].start < s.start:
            place += 1
        own = []
        while hit < len(hits) and hits[hit].start < s.end:
            t = hits[hit]
            own.append(triggers.Trigger(t.start - s.start, t.end - s.start, t.frame, t.weight, t.pattern))
            hit += 1
        if own:
            inside = [p for p in places[place : place + 60] if s.start <= p.start and p.end <= s.end]
            moved = tuple(NamedPlace(p.start - s.start, p.end - s.start, p.words, p.place, p.reason, p.demonym, p.dateline) for p in inside)
            found.append(Draft(s.start, body[s.start : s.end], tuple(own), moved, context, headline))
    return found


def _places_before(work: _Work, scene: Scene) -> list[NamedPlace]:
    """The last places that the part named before the scene, nearest first."""
    index = bisect_left(work.places, scene.start, key=lambda p: p.start)
    near = work.places[max(0, index - REMEMBERED) : index]
    return [p for p in reversed(near) if not p.dateline and not p.demonym]


def _placed(told: Telling, scene: Scene, work: _Work, last: Telling | None) -> Telling:
    """Give a telling without a place that of the telling before it, else the nearest one of its neighbours, then of the headline."""
    if told.place is not None:
        return told
    index = _index(scene, work)
    if last is not None and (last.headline or work.sentences[max(0, index - BEFORE)].start <= last.start):
        return replace(told, place=last.place)
    return replace(told, place=_neighbour(scene, work, index))


def _index(scene: Scene, work: _Work) -> int:
    return bisect_left(work.sentences, scene.start, key=lambda s: s.start)


def _neighbour(scene: Scene, work: _Work, index: int) -> NamedPlace | None:
    """The nearest place of the sentences before, then after, then of the headline; a settlement or site before a country."""
    order = [*range(index - 1, max(-1, index - BEFORE - 1), -1), *range(index + 1, min(len(work.sentences), index + AFTER + 1)), 0]
    country: NamedPlace | None = None
    for inside in (list(scene.places), *(_inside(work, at) for at in order)):
        known = [p for p in inside if p.place is not None and not p.dateline and not p.demonym]
        if exact := [p for p in known if p.place is not None and p.place.precision != "country"]:
            return exact[0]
        country = country or next(iter(known), None)
    return country


def _inside(work: _Work, at: int) -> list[NamedPlace]:
    span = work.sentences[at]
    first = bisect_left(work.places, span.start, key=lambda p: p.start)
    return list(itertools.takewhile(lambda p: p.start < span.end, work.places[first : first + 60]))


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

    atlas, parser = Atlas.load(gazetteer, places), nlp.load(model)
    return Detector(atlas, parser, made_by=made_by(parser.name, atlas.gazetteer.version, places))
