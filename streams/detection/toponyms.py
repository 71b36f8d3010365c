"""Finds place names in running text: text goes in, spans with everything each may mean come out; which one it is, `resolve` says."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from streams.detection import facilities
from streams.detection.artefact import CANONICAL, DEMONYM, site_only
from streams.detection.names import ARTICLES, normalise

if TYPE_CHECKING:
    from streams.detection.gazetteer import Gazetteer, Reading

Modifier = Literal["near", "countryside"]
LARGE_TOWN = 20_000
"""People from which a town may be meant by a word that looks like an acronym: ADEN, HOMS."""
LONGEST_NAME = 7
"""Words; longer names of the gazetteer are formal titles that news does not print."""
_TOKEN = re.compile(r"[^\W_]+(?:['’ʼ‘`ʿʾ](?!s\b)[^\W_]+)*")
_WORDS = Path(__file__).parent / "data" / "words.tsv"

TYPES: dict[str, str] = {
    **dict.fromkeys(
        [
            "province",
            "provinces",
            "state",
            "governorate",
            "governate",
            "oblast",
            "region",
            "krai",
            "republic",
            "prefecture",
            "emirate",
            "canton",
            "vilayet",
            "muhafazah",
        ],
        "admin1",
    ),
    **dict.fromkeys(["county", "district", "raion", "rayon", "municipality", "department", "parish"], "admin2"),
    **dict.fromkeys(["city", "town", "village", "township", "capital"], "settlement"),
}
"""Type words and the level that each states."""
DIRECTIONS = frozenset({
    "north", "south", "east", "west", "northern", "southern", "eastern", "western", "northeast", "northwest", "southeast", "southwest",
    "northeastern", "northwestern", "southeastern", "southwestern", "central", "upper", "lower", "downtown", "greater", "mainland",
    "rural", "inner", "outer", "mid",
})  # fmt: skip
_LOCATIVE = frozenset({
    "in", "near", "at", "from", "to", "into", "around", "outside", "inside", "towards", "toward", "via", "across", "over", "against",
    "between", "for", "on", "leaving", "entering", "reached",
})  # fmt: skip
_TITLES = frozenset({
    "mr", "mrs", "ms", "dr", "sir", "gen", "general", "col", "colonel", "maj", "major", "lt", "lieutenant", "capt", "captain", "sgt",
    "sergeant", "adm", "admiral", "president", "minister", "premier", "sen", "senator", "rep", "king", "queen", "prince", "princess",
    "sheikh", "sheik", "shaykh", "imam", "ayatollah", "judge", "justice", "chancellor", "secretary", "spokesman", "spokeswoman",
    "commander", "chief", "chairman", "director", "coach", "pope", "father", "rabbi", "professor", "prof", "journalist", "activist",
    "analyst", "mayor", "governor", "mullah", "maulana", "brigadier", "ambassador",
})  # fmt: skip
_NEAR = re.compile(
    r"(?:\b(?:near|around|outside|nearby|close to|not far from|adjacent to|"
    r"(?:on |at |in |from |to )?(?:the )?(?:\w+ )?(?:outskirts?|edges?|vicinity|suburbs?|environs|surroundings|periphery) of|"
    r"(?:km|kilomet(?:er|re)s?|miles) (?:\w+(?:-\w+)? )?(?:of|from)|(?:north|south|east|west)(?:[- ]?(?:east|west))? of|"
    r"(?:areas?|villages?|towns?) (?:around|near)) (?:the )?(?:\w+ )?(?:(?:town|city|village) of )?)$",
    re.IGNORECASE,
)
_LOOSENING = (
    "near", "around", "outside", "close to", "far from", "adjacent", "outskirt", "edge", "vicinity", "suburb", "environs", "surroundings",
    "periphery", "km ", "kilomet", "miles", "north", "south", "east", "west", "countryside", "rural", "rif ",
)  # fmt: skip
"""Parts of words without one of which nothing before a name loosens it: looked for first, as patterns are slow."""
_RURAL = re.compile(
    r"\b(?:countryside|rural (?:areas?|parts?)) (?:of|around|in) (?:the )?(?:(?:province|governorate) of )?$|\brural $|\bRif $",
    re.IGNORECASE,
)
_RURAL_AFTER = re.compile(r"(?:['’]s?)? (?:\w+ )?(?:countryside|rural areas?)\b", re.IGNORECASE)
_NEAR_AFTER = re.compile(r"(?:['’]s?)? (?:outskirts|vicinity|environs|surroundings)\b", re.IGNORECASE)
_TYPE_AFTER = re.compile(rf" ({'|'.join(sorted({*TYPES} - {'capital', 'republic'}))})\b", re.IGNORECASE)
_TYPE_BEFORE = re.compile(rf"\b({'|'.join(sorted(TYPES))}) of (?:the )?$", re.IGNORECASE)
_COMMA_NAME = re.compile(r", (?:in |the |central |(?:north|south|east|west)\w* )*([A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){0,2})")
_DATELINE = re.compile(
    r"^[ \t]*(?:\[[^\]\n]{1,40}\][ \t]*)?(?P<head>[^\W\d_a-z][^\n:–—]{1,70}?)[ \t]*"
    r"(?:(?P<dash>–|—|--| -|(?<=\))-)|(?P<colon>:))[ \t]+(?=\S)",
    re.MULTILINE,
)
_DATELINE_REST = re.compile(
    r"\([^)]{2,40}\)|\b\d{1,2}\b|\b(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\b|"
    r"\b(?:Reuters|AP|AFP|UPI|CNN|ANI|IANS|PTI|Xinhua|SANA|TASS|dpa|EFE|and)\b|[\s,./;]"
)


class Toponym(msgspec.Struct, frozen=True, kw_only=True):
    """A place name in a text: ``text[start:end]``, facility noun included."""

    start: int
    end: int
    reading: "Reading"
    dateline: bool = False
    """It says where the article was written, not where anything happened."""
    modifier: Modifier | None = None
    """``near`` the place, or in the ``countryside`` of it."""

    @property
    def demonym(self) -> bool:
        """It is a people or an adjective (``Syrian``), which stands for the country at most."""
        return self.reading.demonym


class _Token(msgspec.Struct):
    """A word of the text and its normalised form."""

    start: int
    end: int
    key: str
    capital: bool


class _Tokens:
    """The words of a text. A whole token is made when it is first asked for: most words are in small letters and near no name."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text = text
        self._spans = [m.span() for m in _TOKEN.finditer(text, start, end)]
        self._keys = [_key(text[low:high]) for low, high in self._spans]
        self._known: dict[int, _Token] = {}

    def __len__(self) -> int:
        return len(self._spans)

    def __getitem__(self, at: int) -> _Token:
        if token := self._known.get(at):
            return token
        start, end = self._spans[at]
        token = self._known[at] = _Token(start, end, self._keys[at], self._text[start].isupper())
        return token

    def beginnings(self) -> Iterator[int]:
        """Where a name may begin: at a capital or an article."""
        return (at for at, (start, _) in enumerate(self._spans) if self._text[start].isupper() or self._keys[at] in ARTICLES)

    def run(self, at: int) -> list[str]:
        """The keys of the tokens from *at* that can belong to one name."""
        last = min(at + LONGEST_NAME, len(self._spans)) - 1
        end = at
        while end < last and self._joined(end):
            end += 1
        return self._keys[at : end + 1]

    def _joined(self, at: int) -> bool:
        """Whether a token can belong to one name with the next: a space or hyphen between them, or the dot of an abbreviation."""
        start, end = self._spans[at]
        gap = self._text[end : self._spans[at + 1][0]]
        if gap in (" ", "-", "\u00a0", "‑", "–"):
            return True
        return gap in (".", ". ") and (end - start == 1 or self._keys[at] in ("st", "ft", "mt"))


def without_type(key: str) -> tuple[str, str | None]:
    """Strip a type word: ``homs province`` is ``homs`` and ``admin1``. The level is None if there is none."""
    words = key.split()
    if len(words) > 1 and words[-1] in TYPES:
        return " ".join(words[:-1]), TYPES[words[-1]]
    if len(words) > 2 and words[0] in TYPES and words[1] == "of":
        return " ".join(words[2:]), TYPES[words[0]]
    return key, None


def without_direction(key: str) -> str:
    """Strip direction words: ``northern syria`` is ``syria``. The key itself if nothing else is left."""
    words = key.split()
    while len(words) > 1 and words[0] in DIRECTIONS:
        words = words[1:]
    return " ".join(words)


def modifier(text: str, start: int, end: int) -> Modifier | None:
    """Say how the words around ``text[start:end]`` loosen the place; None if they name the place itself."""
    before, after = text[max(0, start - 60) : start], text[end : end + 30]
    looser = any(word in before.lower() for word in _LOOSENING)
    if (looser and _RURAL.search(before)) or _RURAL_AFTER.match(after):
        return "countryside"
    if (looser and _NEAR.search(before)) or _NEAR_AFTER.match(after):
        return "near"
    return None


def cue(text: str, start: int, end: int) -> str | None:
    """Say which level the words beside ``text[start:end]`` give it: ``the city of Homs``, ``Homs province``; None if they give none."""
    if after := _TYPE_AFTER.match(text, end):
        return TYPES.get(after[1].lower())
    before = _TYPE_BEFORE.search(text[max(0, start - 30) : start])
    return TYPES.get(before[1].lower()) if before else None


def division_after(text: str, end: int) -> str | None:
    """Give the normalised name that follows after a comma, as ``Texas`` in ``Paris, Texas``; None if no capitalised name does."""
    match = _COMMA_NAME.match(text, end)
    return normalise(match[1]) if match else None


def find(gazetteer: "Gazetteer", text: str, *, start: int, end: int) -> list[Toponym]:
    """Find the place names of ``text[start:end]``, longest first, capitalised, at word boundaries.

    A word that is also a common word or a name of persons counts only with evidence beside it: a preposition of place, a facility
    noun or a type word. A site's short name (``T4``) counts beside its noun, or once the site is named in full anywhere in the given text.
    """
    tokens = _Tokens(text, start, end)
    found: list[Toponym] = []
    doubtful: list[Toponym] = []
    free = 0
    for at in tokens.beginnings():
        if at >= free and (match := _longest(gazetteer, text, tokens, at)):
            toponym, size, sure = match
            (found if sure else doubtful).append(toponym)
            free = at + size
    settled = {int(p) for t in found for p in t.reading.places}
    found += [t for t in doubtful if _established(t, settled)]
    return _datelines(gazetteer, text, start, end, sorted(found, key=lambda t: t.start))


def _established(toponym: Toponym, settled: set[int]) -> bool:
    """A short site name is good where its site is already named."""
    return bool(site_only(toponym.reading.flags).any()) and any(int(p) in settled for p in toponym.reading.places)


@lru_cache(maxsize=1 << 16)
def _key(word: str) -> str:
    """A word without case, accents and gaps; most words of a text were in the one before."""
    return normalise(word).replace(" ", "")


def _longest(gazetteer: "Gazetteer", text: str, tokens: _Tokens, at: int) -> tuple[Toponym, int, bool] | None:
    """Match the longest name that starts at token *at*; also say how many tokens it takes and whether it is sure."""
    first = tokens[at]
    article = first.key in ARTICLES and at + 1 < len(tokens) and text[first.end : tokens[at + 1].start] == "-" and tokens[at + 1].capital
    if not (first.capital or article):
        return None
    run = tokens.run(at)
    romanised = len(run) > 2 and first.capital and run[1] in ARTICLES and tokens[at + 2].capital
    if romanised and (match := _accept(gazetteer, text, tokens, at, 3)):
        return match
    for name in reversed(gazetteer.prefixes(" ".join(run))):
        size = name.count(" ") + 1
        if name == " ".join(run[:size]) and (size == 1 or tokens[at + size - 1].capital or run[size - 1].isdigit()):
            match = _accept(gazetteer, text, tokens, at, size)
            if match:
                return match
    if article:
        deeper = _longest(gazetteer, text, tokens, at + 1)
        return (msgspec.structs.replace(deeper[0], start=first.start), deeper[1] + 1, deeper[2]) if deeper else None
    return None


def _accept(gazetteer: "Gazetteer", text: str, tokens: _Tokens, at: int, size: int) -> tuple[Toponym, int, bool] | None:
    last = tokens[at + size - 1]
    start, end = tokens[at].start, last.end
    noun = _noun_after(text, tokens, at + size)
    if noun:
        whole = text[start : tokens[at + size + noun - 1].end]
        reading = gazetteer.read(whole)
        if len(reading.places) and reading.noun and (reading.sited or _settles(gazetteer, text, tokens, at, size)):
            return _toponym(text, start, start + len(whole), reading), size + noun, True
    reading = gazetteer.read(text[start:end])
    if not len(reading.places):
        return None
    if reading.site_only:
        return _toponym(text, start, end, reading), size, False
    if reading.key == "us" and text[start:end] != "US":
        return None
    behind_comma = text[max(0, start - 2) : start] == ", "
    if reading.called_after or (reading.short == "all" and not behind_comma):
        return None
    abbreviated = behind_comma and reading.short != "none"
    if not abbreviated and not _plausible(gazetteer, text, tokens, at, size, reading):
        return None
    return _toponym(text, start, end, reading), size, True


def _toponym(text: str, start: int, end: int, reading: "Reading") -> Toponym:
    if text[end : end + 1] == "." and "." in text[start:end]:
        end += 1  # the last dot of U.S.
    return Toponym(start=start, end=end, reading=reading, modifier=modifier(text, start, end))


def _noun_after(text: str, tokens: _Tokens, at: int) -> int:
    """How many tokens from *at* are a facility noun that follows directly; 0 if none."""
    if at >= len(tokens) or text[tokens[at - 1].end : tokens[at].start] not in (" ", "-", "\u00a0"):
        return 0
    words = [tokens[i].key for i in range(at, min(at + facilities.LONGEST, len(tokens)))]
    found = facilities.noun_at(words, 0)
    return found[1] if found else 0


def _settles(gazetteer: "Gazetteer", text: str, tokens: _Tokens, at: int, size: int) -> bool:
    """Whether a town's name with a facility noun, of which no site is known, may still stand for that site."""
    return _plausible(gazetteer, text, tokens, at, size, gazetteer.read(text[tokens[at].start : tokens[at + size - 1].end]))


def _plausible(gazetteer: "Gazetteer", text: str, tokens: _Tokens, at: int, size: int, reading: "Reading") -> bool:
    """Judge from the words beside a name whether it is a place here and not a person, a team or a plain word."""
    if reading.demonym:
        return True
    before = tokens[at - 1] if at else None
    after = tokens[at + size] if at + size < len(tokens) else None
    gap_before = text[before.end : tokens[at].start] if before else "\n"
    gap_after = text[tokens[at + size - 1].end : after.start] if after else "\n"
    located = before is not None and gap_before == " " and (before.key in _LOCATIVE or before.key in DIRECTIONS or before.key == "the")
    typed = (after is not None and gap_after == " " and after.key in TYPES) or (
        before is not None and before.key == "of" and at > 1 and tokens[at - 2].key in TYPES
    )
    if size == 1 and reading.key in _MONTHS:
        return False  # "in May" is no place, "in May, Texas" hardly ever
    if size == 1 and _letters_only(text, tokens[at]) and not _well_known(gazetteer, reading):
        return False
    followed = after is not None and gap_after == " " and after.capital and not _neutral(gazetteer, tokens, at + size, text)
    if reading.key in _weak_words() and followed:
        return False  # to George Washington
    if located or typed:
        return True
    if before is not None and gap_before in (" ", ". ") and before.key in _TITLES:
        return False
    if after is not None and gap_after == " " and after.key.isdigit() and size == 1:
        return False  # Terminal 4, Phoenix 2
    own_words = sum(tokens[i].key not in ARTICLES for i in range(at, at + size))
    strong = own_words > 1 or _national(gazetteer, reading)
    if reading.key in _weak_words():
        return bool(gap_after == ", " and after is not None and after.capital and _is_division(gazetteer, after.key))
    if strong:
        return True
    if before is not None and gap_before in (" ", "-") and before.capital and not _neutral(gazetteer, tokens, at - 1, text):
        return False
    return not (after is not None and gap_after in (" ", "-") and after.capital and not _neutral(gazetteer, tokens, at + size, text))


def _well_known(gazetteer: "Gazetteer", reading: "Reading") -> bool:
    """Whether a country or a large town bears the name as its own."""
    own = reading.places[(reading.flags & CANONICAL) > 0]
    return _national(gazetteer, reading) or bool((gazetteer.places["population"][own] >= LARGE_TOWN).any())


def _letters_only(text: str, token: _Token) -> bool:
    """Whether a word looks like an acronym or a fragment: one or two letters, or up to four capitals amid small letters."""
    around = text[max(0, token.start - 40) : token.start] + text[token.end : token.end + 40]
    return len(token.key) <= 2 or (len(token.key) <= 4 and text[token.start : token.end].isupper() and not around.isupper())


def _national(gazetteer: "Gazetteer", reading: "Reading") -> bool:
    return bool((gazetteer.kind_numbers[reading.places] == 0).any())


def _is_division(gazetteer: "Gazetteer", key: str) -> bool:
    places, flags = gazetteer.lookup(key)
    return bool(((gazetteer.kind_numbers[places] <= 2) & (flags & DEMONYM == 0)).any())


def _neutral(gazetteer: "Gazetteer", tokens: _Tokens, at: int, text: str) -> bool:
    """Whether a capitalised neighbour leaves a name alone: a sentence's first word, a country, a direction, a type or facility word."""
    token = tokens[at]
    if token.key in DIRECTIONS or token.key in TYPES or (token.key,) in facilities.NOUNS or token.key in _NEUTRAL:
        return True
    if at == 0 or re.search(r"[.!?\n:;\"“”]\s*$", text[max(0, token.start - 3) : token.start]):
        return token.key in _weak_words() or token.key in _LOCATIVE
    places, flags = gazetteer.lookup(token.key)
    return bool((gazetteer.kind_numbers[places] == 0).any()) and len(flags) > 0


_MONTHS = frozenset({
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
    "jan", "feb", "sept", "sep", "oct", "nov", "dec", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
})  # fmt: skip
_NEUTRAL = frozenset({
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december", "the", "in", "on", "at", "of", "near", "from", "and", "to", "after",
    "as", "isis", "isil", "islamic", "army", "forces", "government", "police", "rebels", "militants", "is", "are", "was",
})  # fmt: skip


@lru_cache(maxsize=1)
def _weak_words() -> frozenset[str]:
    """Words of one token that are more often something else than a place."""
    if not _WORDS.exists():
        return frozenset()
    return frozenset(word for line in _WORDS.read_text("utf-8").splitlines() if not line.startswith("#") for word in line.split())


def _datelines(gazetteer: "Gazetteer", text: str, start: int, end: int, found: list[Toponym]) -> list[Toponym]:
    """Flag the names that stand in a dateline: ``HOMS, Syria (Reuters) –``, ``Beirut:``, ``[ARANews] Homs –``."""
    starts = [t.start for t in found]
    flagged: set[int] = set()
    for match in _DATELINE.finditer(text, start, end):
        low, high = match.span("head")
        within = range(bisect_left(starts, low), bisect_left(starts, high))
        if _is_dateline(gazetteer, text, match, [found[i] for i in within]):
            flagged.update(within)
    return [msgspec.structs.replace(t, dateline=True) if i in flagged else t for i, t in enumerate(found)]


def _is_dateline(gazetteer: "Gazetteer", text: str, match: re.Match[str], found: list[Toponym]) -> bool:
    """A head that names places, dates and agencies and nothing else."""
    low, high = match.span("head")
    inside = [t for t in found if t.end <= high and not t.demonym]
    if not inside or inside[0].start - low > 1:
        return False
    if match["colon"] and _national(gazetteer, inside[0].reading):
        return False  # "Syria: rebels shell base" is a headline's topic
    rest = text[low:high]
    for toponym in reversed(inside):
        rest = rest[: toponym.start - low] + rest[toponym.end - low :]
    return not _DATELINE_REST.sub("", rest)
