"""From what sentences tell to an article's mentions: one for each event, place, day and source, with its best evidence."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from streams.detection import attribution
from streams.detection.geodesy import distance_km
from streams.detection.lexicon import Lexicon, Outlet, fold
from streams.detection.scene import NamedPlace
from streams.detection.tellings import Telling, join
from streams.records import Article, Mention, Place, Signature, Span, digest, plausible

AHEAD = timedelta(minutes=5)
"""A feed may be this much ahead of our clock; a later date is a mistake and our own is taken."""

NEARBY_KM = 100.0
"""Within which a headline's "west of the town" may lie."""


class Found(NamedTuple):
    """What a reader found in one article.

    Attributes:
        parsed: How many of its sentences were worth a parse.
    """

    mentions: tuple[Mention, ...]
    parsed: int


def published(article: Article) -> tuple[datetime | None, bool]:
    """When the article came out, and whether the feed's word had to be corrected. None where the feed gives no time: never "now"."""
    said = plausible(article.published)
    if said is None or article.fetched is None:
        return said, False
    if said > article.fetched + AHEAD:
        return article.fetched, True
    return said, False


def merge(told: Sequence[Telling]) -> list[Telling]:
    """Tell each event of one part once, in order of first telling.

    A telling without a day of its own is of the day of an earlier telling of the same deed at the same place; a general one
    ("the attack") is taken in by what it refers to.
    """
    kept: list[Telling] = []
    alike: dict[tuple[str, str], list[int]] = {}
    for one in (_meant(t, told) for t in told if not _is_empty_headline(t, told)):
        same = alike.setdefault((one.type, _place_id(one)), [])
        dated = _dated(one, [kept[i] for i in same])
        twin = next((i for i in same if _same(kept[i], dated)), None)
        if twin is None:
            same.append(len(kept))
            kept.append(dated)
        else:
            kept[twin] = _joined(kept[twin], dated)
    return kept


def _joined(kept: Telling, one: Telling) -> Telling:
    """Both in one, quoting the sentence that says most by itself; of equals the first.

    A headline seldom says when, by whom and who said so.
    """
    if one.informs > kept.informs and (kept.headline or kept.standing.source == one.standing.source):
        return join(one, kept)
    return join(kept, one)


def _dated(one: Telling, kept: Sequence[Telling]) -> Telling:
    """Give *one* the day of the same deed at the same place, told before.

    Args:
        kept: Earlier tellings of that deed at that place.
    """
    if one.occurred or not one.current:
        return one
    for other in reversed(kept):
        if other.current and other.occurred:
            return replace(one, occurred=other.occurred)
    return one


def _is_empty_headline(one: Telling, told: Sequence[Telling]) -> bool:
    """ "Second report of fighting at the base", "Blast in Pakistan kills 20": the text says better what it was, and where."""
    if not (one.headline and one.current and one.kinetic) or one.names_place:
        return False
    placed = [t for t in told if t.kinetic and t.current and not t.headline and t.names_place]
    if any(_place_id(t) == _place_id(one) for t in placed):
        return True
    same = any(t.type == one.type for t in placed)
    return one.type in _VAGUE and not same and any(_is_within(t, one) for t in placed)


_VAGUE = frozenset({"remote_explosive_ied", "attack", "armed_clash"})
"""What a headline calls a blast, an attack or a clash may be anything once the text says what it was."""


def _is_within(one: Telling, wide: Telling) -> bool:
    """Whether *one* happened in the country that is all that *wide* says."""
    within, at = _place(wide), _place(one)
    return within is not None and at is not None and within.precision == "country" and within.country == at.country


def _meant(one: Telling, told: Sequence[Telling]) -> Telling:
    """ "Attacks west of the town", "air strike hits Yemen" in a headline are what the text begins with, and where it was."""
    if not (one.headline and one.current and one.kinetic and _precision(one) in {"near", "country"}):
        return one
    placed = (t for t in told if t.current and t.kinetic and not t.headline and t.names_place)
    if _precision(one) == "country":
        first = next((t for t in placed if t.type == one.type and _is_within(t, one)), None)
        return replace(one, place=first.place, names_place=False) if first else one
    first = next(placed, None)
    if first is None or first.type != one.type or _precision(first) != "exact" or not _is_nearby(one, first):
        return one
    return replace(one, place=first.place, names_place=False)


def _place(one: Telling) -> Place | None:
    return one.place.place if one.place else None


def _precision(one: Telling) -> str | None:
    place = _place(one)
    return place.precision if place else None


def _is_nearby(one: Telling, other: Telling) -> bool:
    a, b = _place(one), _place(other)
    return a is not None and b is not None and float(distance_km(a.lat, a.lon, b.lat, b.lon)) <= NEARBY_KM


def _place_id(one: Telling) -> str:
    if one.place is None:
        return "?"
    return one.place.place.id if one.place.place else one.place.words


def _same(kept: Telling, one: Telling) -> bool:
    if kept.current != one.current:
        return False
    if not kept.current:
        return kept.standing.status == one.standing.status and kept.occurred == one.occurred
    if kept.occurred and one.occurred and not (kept.occurred.start < one.occurred.end and one.occurred.start < kept.occurred.end):
        return False
    return kept.standing.source == one.standing.source or kept.headline


def owner_of(outlet: str | None, cited: Outlet | None, article: Article, lexicon: Lexicon) -> str:
    """Who counts as the one source: the cited agency, else the owner of the outlet, else whatever the article came from."""
    if cited is not None:
        return attribution.owner_named(cited.owner)
    if article.owner and outlet == article.outlet:
        return attribution.owner_named(article.owner)
    known = lexicon.outlets.get(" ".join(fold(outlet).split())) if outlet else None
    return attribution.owner_named(known.owner if known else outlet or article.feed or _host(article.url) or "unknown")


def _host(url: str | None) -> str | None:
    return url.split("/")[2].removeprefix("www.") if url and url.count("/") > 1 else None


def build(
    article: Article,
    told: Sequence[Telling],
    outlet: str | None,
    cited: Outlet | None,
    signature: Signature,
    lexicon: Lexicon,
    seen: Counter[tuple[str, str]],
    made_by: str,
) -> list[Mention]:
    """The mentions of one part.

    Args:
        cited: The agency that the part's dateline credits; None if none.
        seen: How many mentions of each type and place the article has had so far; counted up here, for stable ids.
        made_by: Who reads, in words.
    """
    found = []
    when, corrected = published(article)
    for one in told:
        key = (one.type, _place_id(one))
        quote = article.body[one.start : one.end]
        credit = attribution.of(quote, lexicon)
        info = lexicon.types[one.type]
        found.append(
            Mention(
                id=digest(article.id, *key, str(seen[key])),
                article=article.id,
                feed=article.feed,
                fetched=article.at,
                published=when or article.at,
                dated=when is not None,
                type=one.type,
                category=info.category,  # type: ignore[arg-type]
                family=info.family,  # type: ignore[arg-type]
                status=one.standing.status,
                outcome=one.outcome,
                confidence=round(one.confidence, 3),
                place=one.place.place if one.place else None,
                unresolved=_unresolved(one.place),
                actors=one.actors,
                weapons=one.weapons,
                killed=one.killed,
                injured=one.injured,
                parties=one.parties,
                losses=one.losses,
                occurred=one.occurred,
                source=credit.name if credit and one.standing.outlet else one.standing.source,
                outlet=outlet,
                owner=credit.owner if credit else owner_of(outlet, one.standing.outlet or cited, article, lexicon),
                evidence=Span(start=one.start, end=one.end, quote=quote),
                url=article.url,
                signature=signature,
                clock_corrected=corrected,
                sample=article.sample,
                made_by=made_by,
            )
        )
        seen[key] += 1
    return found


def _unresolved(place: NamedPlace | None) -> str | None:
    if place is None:
        return "the text names no place"
    return None if place.place else place.reason or f"no place of the name {place.words!r} is known"
